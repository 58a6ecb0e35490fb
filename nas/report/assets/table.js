"use strict";
// Tables that sort; that of the trials also filters, is walked through by keys, and opens cards.

// The rows beyond the first are text until they are needed: thousands would be most of the elements of the page.
function unfold(table) {
  const further = document.getElementById(`${table.id}-further`);
  if (!further) return;
  const holder = document.createElement("template");
  holder.innerHTML = further.textContent;
  table.tBodies[0].append(...holder.content.querySelectorAll("tbody tr"));
  further.remove();
}

function sortBy(table, column, header) {
  unfold(table);
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const key = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const rows = [...table.tBodies[0].rows].map(row => [key(row), row]).sort(([left], [right]) => {
    if (left === "" || right === "") return (left === "") - (right === "");
    const order = isNaN(left) || isNaN(right) ? left.localeCompare(right) : left - right;
    return ascending ? order : -order;
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function wireSorting(table) {
  [...table.tHead.rows[0].cells].forEach((header, column) =>
    header.querySelector("button")?.addEventListener("click", () => sortBy(table, column, header)));
}

// Says how much of a table lies beyond the edge of its frame, as long as some does.
function wireEdge(frame) {
  const sign = document.createElement("p");
  sign.className = "edge";
  frame.after(sign);
  const update = () => {
    const table = frame.firstElementChild, hidden = frame.scrollWidth - frame.clientWidth;
    frame.classList.toggle("cut", hidden > 1 && frame.scrollLeft < hidden - 1);
    const edge = frame.getBoundingClientRect().right;
    const beyond = [...table.rows[0].cells].filter(cell => cell.getBoundingClientRect().right > edge + 1);
    sign.textContent = hidden > 1 && beyond.length
      ? `→ scroll for ${beyond.map(cell => cell.textContent.trim()).join(", ")}` : "";
    sign.hidden = hidden <= 1;
  };
  frame.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(frame);
  update();
}

let limit = Number(document.getElementById("more")?.dataset.limit ?? Infinity);  // rows that are laid out at once

const numberOfRow = row => Number(row.dataset.trial);

function applyFilter(table) {
  const words = document.getElementById("words").value, state = document.getElementById("state").value;
  const only = document.getElementById("only").checked, { passes, error } = filterOf(words);
  const isPicky = Boolean(words || state || only);
  if (isPicky || limit === Infinity) unfold(table);
  let count = 0;
  for (const row of table.tBodies[0].rows) {
    const trial = trials.get(numberOfRow(row));
    const shown = (!state || row.dataset.state === state) && (!only || selection.has(trial.n)) &&
      (!words || passes(trial, row.textContent.toLowerCase()));
    count += shown;
    const hidden = !shown || count > limit;
    if (row.hidden !== hidden) row.hidden = hidden;
  }
  if (!isPicky) count = study.trials.length;  // some may be folded
  const more = document.getElementById("more");
  more.hidden = count <= limit;
  more.firstElementChild.textContent = `The first ${limit} of ${count}. `;
  const line = document.getElementById("shown");
  line.textContent = error || `${count} of ${study.trials.length}`;
  line.classList.toggle("wrong", Boolean(error));
}

function wireSorted(table, then) {
  for (const header of table.tHead.rows[0].cells) header.querySelector("button")?.addEventListener("click", then);
}

function walk(event) {
  const row = event.target.closest("tr");
  if (event.key === "Enter" || event.key === " ") pin(numberOfRow(row));
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = event.key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
    let other = row[next];
    while (other?.hidden) other = other[next];
    if (!other) return;
    row.tabIndex = -1;
    other.tabIndex = 0;
    other.focus();
  } else return;
  event.preventDefault();
}

function wireTrials() {
  const table = document.getElementById("trials");
  if (!table || !study) return;
  for (const id of ["words", "state", "only"]) {
    document.getElementById(id).addEventListener("input", () => applyFilter(table));
  }
  document.querySelector("#more button").addEventListener("click", () => {
    limit = Infinity;
    applyFilter(table);
  });
  wireSorted(table, () => applyFilter(table));
  table.tBodies[0].addEventListener("click", event => {
    const row = event.target.closest("tr");
    if (row && !getSelection().toString()) pin(numberOfRow(row));
  });
  table.tBodies[0].addEventListener("keydown", walk);
  if (table.tBodies[0].rows.length) table.tBodies[0].rows[0].tabIndex = 0;
  applyFilter(table);
}

function markRows() {
  const table = document.getElementById("trials");
  if (!table) return;
  if (selection.size) unfold(table);
  for (const row of table.tBodies[0].rows) row.classList.toggle("picked", selection.has(numberOfRow(row)));
  const line = document.getElementById("picked");
  line.hidden = selection.size === 0;
  line.querySelector("span").textContent = `${selection.size} selected`;
  if (!selection.size) document.getElementById("only").checked = false;
  applyFilter(table);
}
