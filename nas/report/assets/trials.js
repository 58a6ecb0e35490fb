"use strict";
// The trials of the page as values, and how their numbers are written. Nothing here touches the document.
const study = JSON.parse(document.getElementById("trials-data")?.textContent ?? "null");
const trials = new Map((study?.trials ?? []).map(trial => [trial.n, trial]));

const decisionsOf = trial => (trial.d ?? []).map(place => study.decisions[place]);
const rowsOf = trial =>
  (trial.r ?? []).map(place => study.rows[place]).map(([name, words, width, side, repeats, macs, params]) =>
    ({ name, words, width, side, repeats, macs, params }));

const sizeOf = trial => trial.size ?? study.sizes.search;  // pixels at which it was trained

function rounded(number) {
  for (const [size, unit] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]]) {
    if (Math.abs(number) >= size) return (number / size).toPrecision(4) + unit;
  }
  return String(number);
}

function scoreText(value) {
  if (value === undefined || value === null) return "–";
  const { factor, unit } = study.score;
  return factor === 1 ? String(value) : (factor * value).toFixed(1) + unit;
}

function secondsText(seconds) {
  const whole = Math.round(seconds), pad = number => String(number).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor(whole % 3600 / 60))} min`;
}

// One line that says what a trial is: for live regions, and with markup for the hover text of a figure.
function shortForm(trial) {
  const role = trial.n === study.base ? " (base)" : trial.source !== undefined ? ` (trial ${trial.source} again)` : "";
  const score = trial.score === undefined ? trial.state : `${study.score.name} ${scoreText(trial.score)}`;
  const head = `trial ${trial.n}${role}: ${score}, ${rounded(trial.macs ?? 0)} MACs`;
  return [trial.state === "complete" ? head : `${head}, ${trial.state}`, trial.short ?? ""];
}

const escaped = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function wrapped(text, width, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const piece = word.length > width ? word.slice(0, width - 1) + "…" : word;
    if (lines.at(-1) && lines.at(-1).length + piece.length >= width) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + piece;
  }
  return lines.length > most ? [...lines.slice(0, most - 1), lines[most - 1] + " …"] : lines;
}

function hoverText(number) {
  const trial = trials.get(number);
  if (!trial) return `trial ${number}`;
  const [head, short] = shortForm(trial);
  return [head, ...wrapped(short, 52, 5)].filter(Boolean).map(escaped).join("<br>");
}
