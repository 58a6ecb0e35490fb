"use strict";
// A network as a drawing: each row a box of its width and side, to scale, with its share of the cost below.
const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function titled(node, text) {
  node.append(shape("title", {}, text));
  return node;
}

function networkDrawing(rows, cost = "macs") {
  const slot = 40, tall = 64, bars = 44, top = 6;
  const side = Math.max(1, ...rows.map(row => row.side)), width = Math.max(1, ...rows.slice(0, -1).map(row => row.width));
  const total = rows.reduce((sum, row) => sum + row[cost], 0) || 1, most = Math.max(1, ...rows.map(row => row[cost]));
  const text = rows.map(row => `${row.name}: ${row.words}, ${row.side} px, ${rounded(row[cost])}`).join("; ");
  const drawing = shape("svg", {
    viewBox: `0 0 ${slot * rows.length} ${top + tall + bars + 34}`, role: "img", "aria-label": text, class: "network",
  });
  rows.forEach((row, index) => {
    const x = slot * index, share = row[cost] / total;
    const high = Math.max(2, tall * row.side / side), wide = Math.max(3, Math.min(1, row.width / width) * (slot - 8));
    const group = titled(shape("g", {}), `${row.name}: ${row.words}; map ${row.side}×${row.side}; ` +
      `${rounded(row.macs)} MACs, ${rounded(row.params)} parameters`);
    const left = x + (slot - wide) / 2, upper = top + tall - high;
    group.append(shape("rect", { x: left, y: upper, width: wide, height: high, rx: 1.5, class: "map" }));
    for (let line = 1; line < Math.min(row.repeats, 12); line += 1) {
      const place = left + wide * line / Math.min(row.repeats, 12);
      group.append(shape("line", { x1: place, x2: place, y1: upper, y2: upper + high, class: "cut" }));
    }
    const bar = bars * row[cost] / most;
    group.append(shape("rect", { x: x + 6, y: top + tall + 8, width: slot - 12, height: Math.max(0.5, bar), class: "cost" }));
    group.append(shape("text", { x: x + slot / 2, y: top + tall + 18 + bar, class: "share" }, `${(100 * share).toFixed(0)} %`));
    drawing.append(group);
  });
  return drawing;
}

// A learning curve without axes: first and last value stand beside it.
function sparkline(values, label) {
  const low = Math.min(...values), span = Math.max(...values) - low || 1;
  const points = values.map((value, index) =>
    `${(4 + 192 * index / Math.max(1, values.length - 1)).toFixed(1)},${(44 - 40 * (value - low) / span).toFixed(1)}`);
  const drawing = shape("svg", { viewBox: "0 0 200 48", role: "img", "aria-label": label, class: "curve" });
  drawing.append(shape("polyline", { points: points.join(" ") }));
  const [x, y] = points.at(-1).split(",");
  drawing.append(shape("circle", { cx: x, cy: y, r: 3 }));
  return titled(drawing, label);
}
