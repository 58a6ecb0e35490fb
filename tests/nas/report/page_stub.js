// Runs the page's script on a page of three figures (one without axes, one broken) and a table, without a browser.
"use strict";
const figures = {
  pie: { data: [{ type: "pie" }], layout: { height: 300 } },
  broken: null,
  scatter: { data: [], layout: { xaxis: {}, yaxis: {}, height: 300 } },
};
const elements = Object.keys(figures).map(name => ({ dataset: { figure: name } }));
let wired = false;
const control = { value: "", addEventListener() { wired = true; } };
const table = { tHead: { rows: [{ cells: [] }] }, tBodies: [{ rows: [], append() {} }] };
globalThis.window = { matchMedia: () => ({ matches: false, addEventListener() {} }) };
globalThis.getComputedStyle = () => ({ getPropertyValue: () => "#000" });
globalThis.document = {
  documentElement: {},
  querySelectorAll: () => elements,
  getElementById(id) {
    if (id in figures) return { textContent: figures[id] ? JSON.stringify(figures[id]) : "{" };
    return id === "trials" ? table : control;
  },
};
const drawn = [];
globalThis.Plotly = { react: element => drawn.push(element.dataset.figure) };
(0, eval)(require("fs").readFileSync(process.argv[2], "utf8"));
const texts = {};
for (const { dataset, textContent } of elements) if (textContent) texts[dataset.figure] = textContent.split(":")[0];
console.log(JSON.stringify({ drawn, texts, wired }));
