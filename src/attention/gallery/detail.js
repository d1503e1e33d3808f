// One sample as large as the window, with all its maps; and the help.

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
  for (const score of data.scores) facts.push([score.name, scoreText(score, i)]);
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

// Whose map is shown, by name.
function queryText(row) {
  if (state.query === "value") return "What the maps look at: how long a cell's value vector is, the same for all queries.";
  const names = (state.query === "difference" ? ["true", "other"] : [state.query]).map((query) => slotOf(row, query));
  return names.includes(null) ? "The dump holds no such map of this sample." :
      "Query: " + names.map((slot) => className(row.slots[slot])).join(" minus ");
}

function showQuery(row) {
  press("detail-query", state.query);
  at("query-name").textContent = row.slots ? queryText(row) : "";
  const held = furtherQueries.map(([query]) => query).filter((query) => row.slots && slotOf(row, query) !== null);
  at("further").parentElement.hidden = held.length === 0;
  fill("further", [["", "other classes"], ...held.map((query) => [query, className(row.slots[slotOf(row, query)])])]);
  at("further").value = held.includes(state.query) ? state.query : "";
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
  showQuery(row);
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
  if (map) caption.append(element("span", "", "peak " + shown(map.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0), state.query)));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", name === "photo" ? "photo" : `${state.query === "value" ? "value map" : "attention"} of ${caption.firstChild.textContent}`);
  figure.append(canvas, caption);
  return figure;
}
