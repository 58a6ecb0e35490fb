"use strict";
// Filters of the table: words, and terms such as kernel=5, stage3.repeats>1, top-1>0.8, MACs<=20M, state=complete.
const COLUMNS = {
  trial: trial => trial.n,
  state: trial => trial.state,
  score: trial => trial.score,
  macs: trial => trial.macs,
  parameters: trial => trial.params,
  params: trial => trial.params,
  "peak bytes": trial => trial.peak,
  peak: trial => trial.peak,
  latency: trial => trial.latency,
  epochs: trial => trial.curve?.length ?? 0,
  time: trial => trial.seconds,
  seconds: trial => trial.seconds,
  seed: trial => trial.seed,
  origin: trial => trial.origin,
  network: trial => trial.digest,
  reason: trial => trial.reason,
  source: trial => trial.source,
};
const UNITS = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, "%": 0.01, "": 1 };
const COMPARE = {
  "=": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, ">": (a, b) => a > b,
  "<=": (a, b) => a <= b, ">=": (a, b) => a >= b,
};

function numberOf(text) {
  const match = /^([-+]?[\d.]+(?:e[-+]?\d+)?)\s*([kMGT%]?)$/.exec(text);
  return match && !isNaN(match[1]) ? Number(match[1]) * UNITS[match[2]] : null;
}

function holds(operator, actual, wanted, number) {
  if (actual === undefined || actual === null) return false;
  const value = typeof actual === "number" ? actual : numberOf(actual);
  if (number !== null && value !== null) return COMPARE[operator](value, number);
  return COMPARE[operator](String(actual).toLowerCase(), wanted.toLowerCase());
}

// Whether the words of a name stand in a path, in order, the last at its end: kernel, stage3.kernel, stages.2.kernel.
function names(key, path) {
  const words = key.replace(/^stage(\d+)/, (_, index) => `stages.${index - 1}`).split(".");
  const parts = path.toLowerCase().split(".");
  if (words.at(-1) !== parts.at(-1)) return false;
  let place = 0;
  for (const part of parts) if (part === words[place]) place += 1;
  return place === words.length;
}

function termOf(word) {
  const match = /^([^<>=!]+)(<=|>=|!=|=|<|>)(.+)$/.exec(word);
  if (!match) return { test: (trial, text) => text.includes(word.toLowerCase()) };
  const [, key, operator, wanted] = [match[0], match[1].toLowerCase(), match[2], match[3]];
  let number = numberOf(wanted);
  if (key === study.score.name.toLowerCase() || key === "score" || key === "top1") {
    if (number !== null && study.score.factor === 100 && number > 1.005) number /= 100;  // 80 is 80 %
    return { test: trial => holds(operator, trial.score, wanted, number) };
  }
  if (key in COLUMNS) return { test: trial => holds(operator, COLUMNS[key](trial), wanted, number) };
  const places = study.decisions.flatMap(([name], place) => (names(key, name) ? [place] : []));
  if (!places.length) return { error: `no column and no decision is called ${key}` };
  const passing = new Set(places.filter(place => holds(operator, study.decisions[place][1], wanted, number)));
  return { test: trial => (trial.d ?? []).some(place => passing.has(place)) };
}

// A function of a trial and the text of its row, and what is wrong with the filter.
function filterOf(text) {
  const words = (text.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map(word => word.replaceAll('"', ""));
  const terms = words.map(termOf);
  const errors = terms.filter(term => term.error).map(term => term.error);
  const tests = terms.filter(term => term.test).map(term => term.test);
  return { passes: (trial, line) => tests.every(test => test(trial, line)), error: errors.join("; ") };
}
