"use strict";
// Tables first: they need nothing but themselves. Then the figures, once Plotly is unpacked.
async function unpacked(id) {
  const text = atob(document.getElementById(id).textContent), bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
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
    const script = document.createElement("script");
    script.textContent = await unpacked("plotly");
    document.head.append(script);
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
