"use strict";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const narrow = window.matchMedia("(max-width: 40rem)");

function look() {
  const style = getComputedStyle(document.documentElement);
  const text = style.getPropertyValue("--text").trim(), line = style.getPropertyValue("--line").trim();
  const axis = { gridcolor: line, linecolor: line, automargin: true };
  return { font: { color: text, size: narrow.matches ? 11 : 13, family: "system-ui, sans-serif" }, axis };
}

function layoutOf(figure) {
  const { font, axis } = look(), layout = structuredClone(figure.layout);
  layout.font = font;
  for (const name of Object.keys(layout)) {
    if (/^[xy]axis\d*$/.test(name)) Object.assign(layout[name], axis);  // a figure may have none
  }
  if (narrow.matches) {
    layout.margin = { ...layout.margin, l: 44, r: 8 };
    layout.height = Math.round(layout.height * 0.95);
  }
  return layout;
}

function draw() {
  for (const element of document.querySelectorAll(".figure")) {
    try {
      const figure = JSON.parse(document.getElementById(element.dataset.figure).textContent);
      Plotly.react(element, figure.data, layoutOf(figure), { responsive: true, displayModeBar: false });
    } catch (error) {  // one figure that cannot be drawn stops neither the others nor the table
      element.textContent = `This figure could not be drawn: ${error.message}`;
    }
  }
}

function sortBy(table, column, header) {
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const key = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const rows = [...table.tBodies[0].rows].sort((a, b) => {
    const left = key(a), right = key(b);
    if (left === "" || right === "") return (left === "") - (right === "");
    const order = isNaN(left) || isNaN(right) ? left.localeCompare(right) : left - right;
    return ascending ? order : -order;
  });
  table.tBodies[0].append(...rows);
}

function filter(table, words, state, shown) {
  let count = 0;
  for (const row of table.tBodies[0].rows) {
    const hit = row.textContent.toLowerCase().includes(words.toLowerCase()) && (!state || row.dataset.state === state);
    row.hidden = !hit;
    count += hit;
  }
  shown.textContent = `${count} of ${table.tBodies[0].rows.length}`;
}

function wireTable() {
  const table = document.getElementById("trials");
  [...table.tHead.rows[0].cells].forEach((header, column) =>
    header.firstElementChild.addEventListener("click", () => sortBy(table, column, header)));
  const words = document.getElementById("words"), state = document.getElementById("state");
  const update = () => filter(table, words.value, state.value, document.getElementById("shown"));
  words.addEventListener("input", update);
  state.addEventListener("change", update);
  update();
}

wireTable();
draw();
dark.addEventListener("change", draw);
narrow.addEventListener("change", draw);
