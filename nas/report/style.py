"""Style sheet of the page: readable on a phone, light and dark."""

from __future__ import annotations

CSS = """
:root { color-scheme: light dark; --text: #1d2127; --soft: #5c6470; --back: #ffffff; --card: #f4f6f8;
  --line: #dde1e6; --accent: #b3363a; --warn: #fdf3dc; --warn-text: #6b4e00; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e7eb; --soft: #9aa3ae; --back: #15181c;
  --card: #1e2329;
  --line: #343b44; --accent: #ef7b7b; --warn: #332a12; --warn-text: #f0d48a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 72rem; color: var(--text);
  background: var(--back);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p { margin: .4rem 0; max-width: 60rem; }
.soft { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.note { background: var(--warn); color: var(--warn-text); border-radius: .5rem; padding: .6rem .9rem;
  margin: 1rem 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0; }
.card { background: var(--card); border-radius: .6rem; padding: .75rem .9rem; }
.card b { display: block; font-size: 1.45rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card .name { color: var(--soft); font-size: .82rem; }
.card .more { color: var(--soft); font-size: .82rem; }
.card.base b { color: var(--accent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0;
  font-size: .92rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.figure { width: 100%; min-height: 300px; }
.controls { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0; }
input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; padding: .3rem .55rem; min-width: 0; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: left; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
td.reason { white-space: normal; min-width: 14rem; }
th { background: var(--card); padding: 0; }
th button { all: unset; cursor: pointer; padding: .4rem .6rem; display: block;
  width: 100%; box-sizing: border-box; font-weight: 600; }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
th[aria-sort=ascending] button::after { content: " ▲"; font-size: .7em; }
th[aria-sort=descending] button::after { content: " ▼"; font-size: .7em; }
.r, th.r button { text-align: right; }
tr.base td { font-weight: 600; color: var(--accent); }
tbody tr:last-child td { border-bottom: 0; }
code, pre { font: .85rem/1.45 ui-monospace, SFMono-Regular, Menlo, monospace; }
pre { background: var(--card); border-radius: .5rem; padding: .8rem; overflow-x: auto; }
summary { cursor: pointer; margin: 1rem 0 .4rem; }
"""
