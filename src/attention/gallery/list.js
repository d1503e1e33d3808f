// The list of samples: only rows near the screen are in the page.
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

const scoreText = (score, i) => (score.values[i] === null ? "\u2013" : String(Number(score.values[i].toPrecision(6))));

function verdictText(i) {
  if (data.label[i] < 0) return ["", "predicted " + className(data.predicted[i])];
  return isRight(i) ? ["\u2713", "right"] : ["\u2717", "taken for " + className(data.predicted[i])];
}

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
  const score = sortScore();
  const numbers = score ? `${scoreText(score, i)} ${score.name}` : `p ${percent(data.p[i])} · margin ${data.margin[i].toFixed(2)}`;
  text.append(name, element("div", "verdict", verdict), element("div", "small", `#${data.id[i]} · ${numbers}`));
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
