// The page itself: list, detail, controls and keys.
const at = (id) => document.getElementById(id);
const percent = (value) => (100 * value).toFixed(1) + "\u2009%";
const kText = 76, kGap = 12;  // pixels below a card's pictures; between cards
const cards = new Map();      // place in `order` -> element
let columns = 1, cardWidth = 260, cardHeight = 206, lastFocus = null;

function element(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

function verdictText(i) {
  if (data.label[i] < 0) return ["", "predicted " + className(data.predicted[i])];
  return isRight(i) ? ["\u2713", "right"] : ["\u2717", "taken for " + className(data.predicted[i])];
}

// ---- list: only rows near the screen are in the page ----
function measure() {
  const width = at("rows").clientWidth;
  columns = Math.max(1, Math.floor((width + kGap) / (250 + kGap)));
  cardWidth = Math.floor((width - kGap * (columns - 1)) / columns);
  cardHeight = Math.round((cardWidth - 3) / 2) + kText;
  at("rows").style.height = Math.ceil(order.length / columns) * (cardHeight + kGap) + "px";
}

function makeCard(place) {
  const i = order[place], card = element("button", "card");
  card.type = "button";
  card.dataset.place = place;
  if (data.label[i] >= 0) card.classList.add(isRight(i) ? "right" : "wrong");
  const pair = element("span", "pair");
  pair.append(element("canvas"), element("canvas"));
  const [mark, verdict] = verdictText(i), text = element("span", "text");
  const name = element("div", "name");
  if (mark) name.append(element("span", "mark", mark));
  name.append(className(data.label[i] < 0 ? data.predicted[i] : data.label[i]));
  text.append(name, element("div", "verdict", verdict),
              element("div", "small", `#${data.id[i]}   p ${percent(data.p[i])}   margin ${data.margin[i].toFixed(2)}`));
  card.append(pair, text);
  card.setAttribute("aria-label", `Sample ${data.id[i]}: ${className(data.label[i])}, ${verdict}, ${percent(data.p[i])}`);
  card.onclick = () => openDetail(place);
  return card;
}

function paintCard(place) {
  const card = cards.get(place), i = order[place];
  if (!card) return;
  const row = sampleOf(i), pair = card.firstChild;
  pair.querySelector(".note")?.remove();
  if (row.reason !== undefined) {
    if (row.reason) pair.append(element("span", "note", row.reason));
    return;
  }
  row.ready.then((fine) => {
    if (cards.get(place) !== card) return;
    if (!fine) return pair.append(element("span", "note", "This picture cannot be shown."));
    const side = Math.round(cardWidth / 2 * Math.min(devicePixelRatio || 1, 2));
    const [photo, heat] = pair.querySelectorAll("canvas");
    paint(photo, i, row, null, look(), side, true);
    paint(heat, i, row, wantedMap(i, row, headOf(state.map), state.query), look(), side, true);
  });
}

function showRows() {
  const top = at("rows").getBoundingClientRect().top, step = cardHeight + kGap;
  const first = Math.max(0, Math.floor((-top - innerHeight / 2) / step)) * columns;
  const last = Math.min(order.length, Math.ceil((-top + innerHeight * 1.5) / step) * columns);
  for (const [place, card] of cards) if (place < first || place >= last) { card.remove(); cards.delete(place); }
  for (let place = first; place < last; ++place) {
    let card = cards.get(place);
    const fresh = !card;
    if (fresh) { card = makeCard(place); cards.set(place, card); at("rows").append(card); }
    card.style.cssText = `left:${(place % columns) * (cardWidth + kGap)}px;top:${Math.floor(place / columns) * step}px;` +
                         `width:${cardWidth}px;height:${cardHeight}px`;
    card.classList.toggle("chosen", place === chosen && lastFocus === "list");
    if (fresh) paintCard(place);
  }
}

function repaint() {
  for (const place of cards.keys()) paintCard(place);
  paintLegend(at("legend"), [look()]);
  if (!at("detail").hidden) showDetail();
}

function relist() {
  applyFilters();
  for (const card of cards.values()) card.remove();
  cards.clear();
  const { right, labeled } = accuracyOf(order);
  at("count").textContent = `${order.length} of ${total} samples` +
      (labeled ? `, ${right} right (${percent(right / labeled)})` : "");
  at("empty").hidden = order.length > 0;
  at("reset").hidden = ["search", "verdict", "label", "predicted"].every((name) => state[name] === defaults[name]);
  measure();
  showRows();
}

// ---- detail ----
// While a sheet is open nothing behind it takes the focus.
function coverPage() {
  const covered = !at("detail").hidden || !at("help-sheet").hidden;
  for (const part of document.querySelectorAll("header, .bar, .confusions, main")) part.inert = covered;
  at("detail").inert = !at("help-sheet").hidden;
  document.body.style.overflow = covered ? "hidden" : "";
}

function showHelp(open) {
  at("help-sheet").hidden = !open;
  coverPage();
  if (open) at("help-close").focus();
}

function openDetail(place) {
  chosen = place;
  lastFocus = "list";
  at("detail").hidden = false;
  coverPage();
  state.open = String(data.id[order[place]]);
  writeAddress();
  showDetail();
  at("close").focus();
}

function closeDetail() {
  at("detail").hidden = true;
  coverPage();
  state.open = "";
  writeAddress();
  showChosen();
}

function step(by) {
  const next = Math.min(Math.max(chosen + by, 0), order.length - 1);
  if (next === chosen) return;
  if (at("detail").hidden) { chosen = next; lastFocus = "list"; showChosen(); }
  else openDetail(next);
}

function showChosen() {
  const top = at("rows").offsetTop + Math.floor(chosen / columns) * (cardHeight + kGap);
  const bar = document.querySelector(".bar").offsetHeight;
  if (top < scrollY + bar || top + cardHeight > scrollY + innerHeight) scrollTo(0, top - bar - kGap);
  showRows();
  cards.get(chosen)?.focus({ preventScroll: true });
}

function factRows(i) {
  const size = (pair) => `${pair[2 * i + 1]} × ${pair[2 * i]}`;
  const facts = [["Number", data.id[i]], ["Path", data.path[i]], ["True class", className(data.label[i])],
    ["Predicted", className(data.predicted[i])], ["Probability", percent(data.p[i])],
    ["Margin", data.margin[i].toFixed(3) + " (best minus second best logit)"],
    ["Picture", size(data.source) + " pixels"], ["Network saw", size(data.resized) + " pixels, " + size(data.grid) + " cells"]];
  if (isWrong(i)) facts.splice(4, 0, ["Rank of true class", data.rank[i] + 1]);
  return facts;
}

function showFacts(i, row) {
  at("facts").replaceChildren(...factRows(i).flatMap(([name, value]) => [element("dt", "", name), element("dd", "", String(value))]));
  at("classes").tBodies[0].replaceChildren(...(row.top || []).map(([c, p]) => {
    const line = element("tr"), meter = element("td", "meter"), fill = element("i");
    fill.style.width = 100 * p / Math.max(row.top[0][1], 1e-9) + "%";
    meter.append(fill);
    const name = element("td", "", className(c) + (c === data.label[i] ? " (true)" : ""));
    line.append(name, meter, element("td", "", percent(p)));
    return line;
  }));
}

function detailMaps() {
  const single = data.heads.map((head, place) => [place, head]).filter(([, head]) => head >= 0);
  return [["photo", null], ["mean", -1], ...single.map(([place, head]) => ["head" + head, place])];
}

function showDetail() {
  const i = order[chosen], row = sampleOf(i), [mark, verdict] = verdictText(i);
  at("detail-title").textContent = className(data.label[i] < 0 ? data.predicted[i] : data.label[i]);
  const line = at("detail-line");
  line.className = isRight(i) ? "right" : isWrong(i) ? "wrong" : "";
  line.replaceChildren(element("span", "mark", mark), element("span", "verdict", verdict), ` · ${percent(data.p[i])}`);
  at("position").textContent = `${chosen + 1} of ${order.length}`;
  at("previous").disabled = chosen === 0;
  at("next").disabled = chosen + 1 >= order.length;
  press("detail-query", state.query);
  const single = data.heads.findIndex((head) => head >= 0);
  paintLegend(at("detail-legend"), single < 0 ? [look(-1)] : [look(single), look(-1)]);
  showFacts(i, row);
  if (row.reason !== undefined) return at("maps").replaceChildren(element("p", "empty", row.reason));
  row.ready.then((fine) => {
    if (order[chosen] !== i || at("detail").hidden) return;
    if (!fine) return at("maps").replaceChildren(element("p", "empty", "This picture cannot be shown."));
    at("maps").replaceChildren(...detailMaps().map(([name, head]) => detailFigure(i, row, name, head)));
  });
}

function detailFigure(i, row, name, head) {
  const figure = element("figure", name === state.map ? "chosen" : ""), canvas = element("canvas");
  const map = head === null ? null : wantedMap(i, row, head, state.query);
  const side = Math.round(320 * Math.min(devicePixelRatio || 1, 2));
  paint(canvas, i, row, map, look(head ?? -1), side, false);
  const caption = element("figcaption", "", name.replace("head", "head "));
  if (map) caption.append(element("span", "", "peak " + map.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0).toFixed(1) + " ×"));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", name === "photo" ? "photo" : `attention of ${caption.firstChild.textContent}`);
  figure.append(canvas, caption);
  return figure;
}

// ---- controls ----
function press(id, value) {
  for (const button of at(id).querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === value));
}

function addChoice(id, name, choices) {
  for (const [value, text] of choices) {
    const button = element("button", "", text);
    button.type = "button";
    button.value = value;
    button.onclick = () => change(name, value);
    at(id).append(button);
  }
}

function fill(id, choices) {
  at(id).replaceChildren(...choices.map(([value, text]) => {
    const option = element("option", "", text);
    option.value = value;
    return option;
  }));
}

function syncControls() {
  for (const name of ["search", "label", "predicted", "sort", "map", "query", "scale", "palette", "opacity"]) at(name).value = state[name];
  press("verdict", state.verdict);
}

const kLooks = ["map", "query", "scale", "palette", "opacity"];
function change(name, value) {
  state[name] = value;
  syncControls();
  writeAddress();
  if (kLooks.includes(name)) repaint();
  else { chosen = 0; relist(); }
}

function fillControls() {
  const counts = data.classes.map(() => [0, 0]);
  for (let i = 0; i < total; ++i) if (data.label[i] >= 0) { ++counts[data.label[i]][0]; if (isRight(i)) ++counts[data.label[i]][1]; }
  fill("label", [["", "all"], ...data.classes.map((name, c) => [name, `${name} (${counts[c][1]} of ${counts[c][0]})`])]);
  fill("predicted", [["", "all"], ...data.classes.map((name) => [name, name])]);
  fill("map", detailMaps().slice(1).map(([name]) => [name, name === "mean" ? "mean of heads" : name.replace("head", "head ")]));
  fill("palette", Object.keys(palettes).filter((name) => name !== "diverging").map((name) => [name, name]));
  addChoice("verdict", "verdict", [["all", "all"], ["right", "right"], ["wrong", "wrong"]]);
  addChoice("detail-query", "query", [["true", "true class"], ["other", "runner-up"], ["difference", "difference"]]);
  for (const name of ["label", "predicted", "sort", ...kLooks]) at(name).onchange = (event) => change(name, event.target.value);
  at("opacity").oninput = (event) => change("opacity", event.target.value);
  at("search").oninput = (event) => change("search", event.target.value);
  at("reset").onclick = () => { for (const name of ["search", "verdict", "label", "predicted"]) state[name] = defaults[name]; change("search", ""); };
  at("more").onclick = () => at("more").setAttribute("aria-expanded", String(at("controls").classList.toggle("open")));
  at("previous").onclick = () => step(-1);
  at("next").onclick = () => step(1);
  at("close").onclick = closeDetail;
  at("help").onclick = () => showHelp(true);
  at("help-close").onclick = () => showHelp(false);
  at("theme").onclick = () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  };
}

function fillHeader() {
  const { right, labeled } = accuracyOf(data.id.keys());
  at("origin").textContent = `Split “${data.split}”, ${data.classes.length} classes, decoder layer ${data.layer + 1} of ` +
      `${data.layerTotal}, ${data.headTotal} heads` + (data.complete ? "" : " · the dump is not complete");
  if (labeled) at("score").append(element("b", "", percent(right / labeled)), element("span", "", `top-1, ${right} of ${labeled} right`));
  const pairs = new Map();
  for (let i = 0; i < total; ++i) if (isWrong(i)) {
    const key = data.label[i] * data.classes.length + data.predicted[i];
    pairs.set(key, (pairs.get(key) || 0) + 1);
  }
  at("confusions").hidden = pairs.size === 0;
  at("confusions").querySelector("ul").append(...[...pairs].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 15).map(([key, count]) => {
    const label = data.classes[Math.floor(key / data.classes.length)], predicted = data.classes[key % data.classes.length];
    const entry = element("li"), button = element("button", "", `${label} taken for ${predicted}: ${count}`);
    button.type = "button";
    button.onclick = () => { Object.assign(state, { label, predicted, verdict: "all", search: "" }); change("search", ""); };
    entry.append(button);
    return entry;
  }));
}

// ---- keys ----
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
    q: () => { const all = ["true", "other", "difference"]; change("query", all[(all.indexOf(state.query) + 1) % 3]); },
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
