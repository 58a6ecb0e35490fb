"use strict";
// A card that a click pins: what the trial is, how it did, what it costs, and how to train or open it.
const MOST_CARDS = 6;

function tag(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return tag("dl", {}, ...shown.flatMap(([name, value]) => [tag("dt", {}, name), tag("dd", {}, value)]));
}

function folded(title, ...children) {
  return tag("details", {}, tag("summary", {}, title), ...children);
}

function curveOf(trial) {
  if (!trial.curve || trial.curve.length < 2) return null;
  const label = `${study.score.name} after each of ${trial.curve.length} epochs: ${scoreText(trial.curve[0])} to ` +
    scoreText(trial.curve.at(-1));
  return tag("figure", {}, sparkline(trial.curve, label), tag("figcaption", {}, label));
}

function seedsOf(trial) {
  const scores = (trial.again ?? []).map(number => trials.get(number)).filter(again => again?.score !== undefined);
  return scores.length ? scores.map(again => `${scoreText(again.score)} (trial ${again.n})`).join(", ") : undefined;
}

function networkOf(trial) {
  const rows = rowsOf(trial);
  if (!rows.length) return null;
  const lines = rows.map(row => tag("li", {}, tag("b", {}, row.name), ` ${row.words}`));
  const caption = "Boxes: width in channels across, map side in pixels up, cuts for repeats. Bars: MACs of each row.";
  return tag("div", {}, tag("figure", {}, networkDrawing(rows), tag("figcaption", {}, caption)), tag("ul", {}, ...lines));
}

function commandOf(trial) {
  if (!study.command) return null;
  const values = { trial: trial.n, seed: trial.seed ?? 0, size: sizeOf(trial), further: trial.further ?? "" };
  const text = study.command.replace(/\{(trial|seed|size|further)\}/g, (_, name) => values[name]);
  return tag("div", {}, tag("pre", { class: "command", tabindex: "0" }, text),
    tag("p", { class: "soft" }, text.includes("nas train") ? "The same training, but for the order of its images." : ""));
}

function cardOf(trial) {
  const [head, short] = shortForm(trial);
  const close = tag("button", { type: "button", "aria-label": `close trial ${trial.n}` }, "×");
  const where = `at ${sizeOf(trial)} px`, costs = `at ${trial.size ?? study.sizes.deployment} px`;
  const card = tag("article", { class: "pin", "data-trial": trial.n, tabindex: "-1" },
    tag("header", {}, tag("h3", {}, head), close),
    short ? tag("p", {}, short === "the base" ? "This is the base." : `Beside the base: ${short}.`) : null,
    trial.reason ? tag("p", { class: "note" }, trial.reason) : null,
    curveOf(trial),
    facts([
      [`${study.score.name} ${where}`, trial.score === undefined ? undefined : scoreText(trial.score)],
      ["with further seeds", seedsOf(trial)],
      [`MACs ${costs}`, trial.macs?.toLocaleString("en")],
      ["parameters", trial.params?.toLocaleString("en")],
      ["peak memory", trial.peak ? `${rounded(trial.peak)}B` : undefined],
      ["latency", trial.latency === undefined ? "not measured" : `${trial.latency} ms`],
      ["trained", trial.seconds ? `${trial.curve?.length ?? 0} epochs in ${secondsText(trial.seconds)}` : undefined],
      ["random seed", trial.seed],
      ["proposed by", trial.origin],
      ["network", trial.digest],
    ]),
    networkOf(trial),
    decisionsOf(trial).length ? folded("All decisions", facts(decisionsOf(trial))) : null,
    commandOf(trial));
  close.addEventListener("click", () => unpin(trial.n));
  card.addEventListener("keydown", event => { if (event.key === "Escape") unpin(trial.n); });
  return card;
}

const pinned = () => document.getElementById("pinned");
let openedFrom = null;

function pin(number) {
  const trial = trials.get(number), place = pinned();
  if (!trial || !place) return;
  openedFrom = document.activeElement;
  place.querySelector(`[data-trial="${number}"]`)?.remove();
  const card = cardOf(trial);
  place.prepend(card);
  while (place.children.length > MOST_CARDS) place.lastElementChild.remove();
  place.hidden = false;
  document.body.classList.add("with-pins");
  card.focus({ preventScroll: true });
  place.scrollTop = 0;
}

function unpin(number) {
  pinned().querySelector(`[data-trial="${number}"]`)?.remove();
  if (pinned().children.length) pinned().firstElementChild.focus();
  else {
    pinned().hidden = true;
    document.body.classList.remove("with-pins");
    openedFrom?.focus?.({ preventScroll: true });
  }
}
