"use strict";
// Figures: drawn from the data beside them; points carry the numbers of their trials.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const narrow = window.matchMedia("(max-width: 40rem)");
const printing = window.matchMedia("print");
const PAPER = 690;  // pixels of a figure's width that fit on a sheet
const selection = new Set();
const CONFIG = {
  responsive: true, displaylogo: false, displayModeBar: "hover",
  modeBarButtons: [["zoom2d", "select2d", "lasso2d", "resetScale2d", "toImage"]],
};

function look() {
  const style = getComputedStyle(document.documentElement);
  const text = style.getPropertyValue("--text").trim(), line = style.getPropertyValue("--line").trim();
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: text, automargin: true };
  const back = style.getPropertyValue("--back").trim();
  return { font: { color: text, size: narrow.matches ? 11 : 13, family: "system-ui, sans-serif" }, axis, back };
}

function layoutOf(view, element) {
  const { font, axis, back } = look(), layout = structuredClone(view.layout);
  layout.font = font;
  layout.hoverlabel = { align: "left", bgcolor: back, bordercolor: axis.linecolor, font: { color: font.color, size: 12 } };
  layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: axis.gridcolor, activecolor: font.color, orientation: "h" };
  for (const name of Object.keys(layout)) {
    if (/^[xy]axis\d*$/.test(name)) layout[name] = { ...axis, ...layout[name] };  // a figure may have none
  }
  const least = layout.meta?.minWidth ?? 0;
  if (printing.matches) layout.width = PAPER;
  else if (element.clientWidth < least) layout.width = least;
  if (narrow.matches && !printing.matches) {
    layout.margin = { ...layout.margin, l: 44, r: layout.margin?.r > 20 ? layout.margin.r : 8 };
    if (layout.height) layout.height = Math.round(layout.height * 0.95);
  }
  return layout;
}

function tracesOf(view) {
  return view.data.map(trace => {
    if (!trace.customdata || !study) return trace;
    const text = trace.text ?? trace.customdata.map(hoverText);
    return { ...trace, text };
  });
}

// The group around a figure has its label; Plotly's drawings, and the one it measures texts in, have none.
function hideFromReaders(element) {
  const drawings = [...element.querySelectorAll("svg"), ...document.querySelectorAll("#js-plotly-tester")];
  for (const drawing of drawings) drawing.setAttribute("aria-hidden", "true");
}

const figureOf = element => JSON.parse(document.getElementById(element.dataset.figure).textContent);

function drawOne(element) {
  try {
    const view = figureOf(element)[Number(element.dataset.view ?? 0)];
    const layout = layoutOf(view, element), wasFixed = element.dataset.fixed;
    Plotly.react(element, tracesOf(view), layout, CONFIG);
    if (wasFixed && !layout.width) Plotly.Plots.resize(element);  // react keeps a width that is not named any more
    element.dataset.fixed = layout.width ? "yes" : "";
    element.classList.toggle("beyond", !printing.matches && layout.width > element.clientWidth);
    wireFigure(element);
    hideFromReaders(element);
    if (selection.size) markPoints(element);
  } catch (error) {  // one figure that cannot be drawn stops neither the others nor the table
    element.textContent = `This figure could not be drawn: ${error.message}`;
  }
}

const drawAll = () => document.querySelectorAll(".figure").forEach(drawOne);
const idle = () => new Promise(done => (window.requestIdleCallback ?? setTimeout)(done, { timeout: 500 }));

// The first figure at once, the others one by one while nothing else is to be done.
async function drawInTurn(first) {
  const [head, ...others] = document.querySelectorAll(".figure");
  if (head) drawOne(head);
  first();
  for (const element of others) {
    await idle();
    if (!element.dataset.wired) drawOne(element);
  }
}

const trialOf = point => (point.customdata === undefined ? undefined : Number(point.customdata));

function select(numbers) {
  selection.clear();
  for (const number of numbers) if (trials.has(number)) selection.add(number);
  markRows();
  document.querySelectorAll(".figure").forEach(markPoints);
}

// Points keep their looks where they are selected, or nothing is; whole lines fade.
function markPoints(element) {
  const places = [], points = [], opacities = [];
  (element.data ?? []).forEach((trace, place) => {
    if (!trace.customdata) return;
    places.push(place);
    const picked = trace.customdata.flatMap((number, index) => (selection.has(number) ? [index] : []));
    const isLine = trace.mode === "lines";
    points.push(selection.size && !isLine ? picked : null);
    const own = trace.meta?.opacity ?? 1;
    opacities.push(isLine && selection.size && !picked.length ? 0.08 : own);
  });
  if (places.length) Plotly.restyle(element, { selectedpoints: points, opacity: opacities }, places);
}

function wireFigure(element) {
  if (element.dataset.wired || !element.on) return;
  element.dataset.wired = "yes";
  element.on("plotly_click", event => {
    const number = trialOf(event.points[0]);
    if (number !== undefined) pin(number);
  });
  element.on("plotly_selected", event => {
    if (event) select(event.points.map(trialOf).filter(number => number !== undefined));
  });
  element.on("plotly_deselect", () => select([]));
  element.addEventListener("keydown", event => step(element, event));
}

// The points of a figure from left to right, as the arrow keys reach them.
function pointsOf(element) {
  const points = element.data.flatMap((trace, curveNumber) =>
    !trace.customdata || trace.visible === "legendonly" ? [] :
      trace.customdata.map((number, pointNumber) => ({ curveNumber, pointNumber, number, x: trace.x[pointNumber] })));
  const known = new Set();
  return points.sort((a, b) => a.x - b.x || a.number - b.number)
    .filter(({ number }) => !known.has(number) && known.add(number));
}

function step(element, event) {
  const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const points = pointsOf(element);
  if (!points.length) return;
  const place = Number(element.dataset.point ?? -1);
  if (event.key in moves) {
    const next = (place + moves[event.key] + points.length) % points.length, point = points[Math.max(0, next)];
    element.dataset.point = Math.max(0, next);
    try { Plotly.Fx.hover(element, [point]); } catch { /* a point outside the zoomed range has no label */ }
    say(trials.has(point.number) ? shortForm(trials.get(point.number)).join(". ") : `trial ${point.number}`);
  } else if (event.key === "Enter" && points[place]) pin(points[place].number);
  else if (event.key === "Escape") select([]);
  else return;
  event.preventDefault();
}

function say(text) {
  document.getElementById("live").textContent = text;
}

function wireViews() {
  for (const group of document.querySelectorAll(".views")) {
    const element = document.getElementById(group.dataset.of);
    group.addEventListener("change", event => {
      element.dataset.view = event.target.value;
      drawOne(element);
    });
  }
}
