"use strict";
// Tables first: they need nothing but themselves. Then the figures, once Plotly is unpacked.
const COMPILE_WHILE_LOADING = "//# allFunctionsCalledOnLoad\n";  // Chrome then compiles off the page's own thread

async function unpacked(id) {
  const text = document.getElementById(id).textContent;
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).blob();
}

// As a file of its own, since a script that stands in the page is compiled while everything else waits.
async function run(code) {
  const script = document.createElement("script");
  const url = URL.createObjectURL(new Blob([COMPILE_WHILE_LOADING, code], { type: "text/javascript" }));
  await new Promise((onload, onerror) => document.head.append(Object.assign(script, { src: url, onload, onerror })));
  URL.revokeObjectURL(url);
}

// What is folded is printed, too.
function wirePrinting() {
  const folded = new Set();
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("main details:not([open])")) {
      folded.add(details);
      details.open = true;
    }
  });
  window.addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    folded.clear();
  });
}

async function start() {
  document.querySelectorAll("table").forEach(wireSorting);
  wireTrials();
  document.querySelectorAll(".scroll").forEach(wireEdge);
  document.getElementById("clear")?.addEventListener("click", () => select([]));
  try {
    await run(await unpacked("plotly"));
  } catch (error) {
    for (const element of document.querySelectorAll(".figure")) {
      element.textContent = "Figures need Chrome 80, Firefox 113, Safari 16.4 or newer; the tables are whole.";
    }
    return;
  }
  wireViews();
  for (const change of [dark, narrow, printing]) change.addEventListener("change", drawAll);
  wirePrinting();
  const state = document.documentElement.dataset;
  await drawInTurn(() => { state.ready = "yes"; });
  state.drawn = "yes";
}

start();
