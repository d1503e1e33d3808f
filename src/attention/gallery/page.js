// Keys, and the start of the page.

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key;
  if (key === "Escape") {
    if (!at("help-sheet").hidden) showHelp(false);
    else if (!at("detail").hidden) closeDetail();
    else if (document.activeElement === at("search")) at("search").blur();
    return;
  }
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName || "")) return;
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const keys = {
    Enter: () => { if (at("detail").hidden && order.length && document.activeElement?.tagName !== "BUTTON") openDetail(chosen); else return false; },
    q: () => {
      const all = [...queries, ...furtherQueries].map(([query]) => query);
      change("query", all[(all.indexOf(state.query) + 1) % all.length]);
    },
    v: () => { if (hasValues) change("query", state.query === "value" ? defaults.query : "value"); },
    c: () => change("query", state.query === "difference" ? "true" : "difference"),
    s: () => change("scale", state.scale === "shared" ? "own" : "shared"),
    w: () => change("verdict", state.verdict === "wrong" ? "all" : "wrong"),
    "/": () => { if (at("detail").hidden) at("search").focus(); },
    "?": () => showHelp(true),
  };
  if (key in moves) { if (order.length) step(moves[key]); }
  else if (/^[0-9]$/.test(key)) { const choice = detailMaps()[Number(key) + 1]; if (choice) change("map", choice[0]); }
  else if (!(key in keys) || keys[key]() === false) return;
  event.preventDefault();
}

function restore() {
  readAddress();
  syncControls();
  relist();
  paintLegend(at("legend"), [look()]);
  const place = state.open === "" ? -1 : order.findIndex((i) => String(data.id[i]) === state.open);
  if (place >= 0) openDetail(place);
}

fillControls();
fillHeader();
waiting.add((number) => {
  for (const place of cards.keys()) if (Math.floor(order[place] / data.perChunk) === number) paintCard(place);
  if (!at("detail").hidden && Math.floor(order[chosen] / data.perChunk) === number) showDetail();
});
addEventListener("scroll", showRows, { passive: true });
addEventListener("resize", () => { measure(); showRows(); repaint(); });
addEventListener("keydown", onKey);
addEventListener("hashchange", restore);
restore();
