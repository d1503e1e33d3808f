// Filters and looks, kept in the address so that a view can be shared.
const defaults = {
  search: "", verdict: "all", label: "", predicted: "", sort: "id", map: "mean", query: "true", scale: "own",
  palette: "inferno", opacity: 65, open: "",
};
const state = { ...defaults };
let order = [];       // indices of the samples that fit, in order
let chosen = 0;       // place in `order`

// What there is to see: [value, text]. "query3" and so on are there if all stored queries are.
const hasValues = data.scales.value !== undefined;
const queries = [["true", "true class"], ["other", "runner-up"], ["difference", "true minus runner-up"]];
const furtherQueries = Array.from({ length: data.furtherQueries }, (_, k) => [`query${k + 3}`, `query ${k + 3}`]);
const allQueries = [...queries, ...furtherQueries, ...(hasValues ? [["value", "value map"]] : [])];

const orders = [
  ["id", "sample number"], ["p", "least certain first"], ["-p", "most certain first"],
  ["margin", "smallest margin first"], ["-margin", "largest margin first"],
  ...data.scores.flatMap(({ name }) => [["score:" + name, name + ", lowest first"], ["-score:" + name, name + ", highest first"]]),
];

// The score that the samples are in order of, if they are.
const sortScore = () => data.scores.find(({ name }) => state.sort.replace(/^-/, "") === "score:" + name);

function readAddress() {
  Object.assign(state, defaults);
  for (const [name, value] of new URLSearchParams(location.hash.slice(1)))
    if (name in defaults) state[name] = value;
  state.opacity = Math.min(Math.max(Number(state.opacity) || 0, 0), 100);
  const known = { verdict: ["all", "right", "wrong"], query: allQueries.map(([value]) => value), scale: ["shared", "own"],
                  palette: Object.keys(palettes), sort: orders.map(([value]) => value) };
  for (const [name, values] of Object.entries(known)) if (!values.includes(state[name])) state[name] = defaults[name];
  for (const name of ["label", "predicted"])
    if (state[name] !== "" && !data.classes.includes(state[name])) state[name] = "";
  if (headOf(state.map) === null) state.map = defaults.map;
}

function writeAddress() {
  const changed = new URLSearchParams();
  for (const name in defaults) if (String(state[name]) !== String(defaults[name])) changed.set(name, state[name]);
  const text = changed.toString();
  history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
}

// "mean" -> -1, "head3" -> its place among the stored heads; null if it is not stored.
function headOf(name) {
  if (name === "mean") return -1;
  const place = data.heads.findIndex((head) => head >= 0 && name === "head" + head);
  return place < 0 ? null : place;
}

const look = (head = headOf(state.map)) => ({
  query: state.query, scale: state.scale, palette: state.palette, opacity: state.opacity,
  mean: head === -1 && !data.heads.includes(-1),
});

const texts = data.path.map((path, i) => (data.id[i] + " " + path + " " + className(data.label[i]) + " " +
                                          className(data.predicted[i])).toLowerCase());

function applyFilters() {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const label = data.classes.indexOf(state.label), predicted = data.classes.indexOf(state.predicted);
  order = [];
  for (let i = 0; i < total; ++i) {
    if (state.verdict === "right" && !isRight(i)) continue;
    if (state.verdict === "wrong" && !isWrong(i)) continue;
    if (state.label !== "" && data.label[i] !== label) continue;
    if (state.predicted !== "" && data.predicted[i] !== predicted) continue;
    if (!words.every((word) => texts[i].includes(word))) continue;
    order.push(i);
  }
  const values = state.sort === "id" ? null : sortScore()?.values ?? data[state.sort.replace(/^-/, "")];
  if (values) {
    const sign = state.sort[0] === "-" ? -1 : 1, blank = (i) => Number(values[i] === null);
    order.sort((a, b) => blank(a) - blank(b) || sign * (values[a] - values[b]) || a - b);
  }
  chosen = Math.min(chosen, Math.max(0, order.length - 1));
}

function accuracyOf(indices) {
  let right = 0, labeled = 0;
  for (const i of indices) {
    if (data.label[i] < 0) continue;
    ++labeled;
    if (isRight(i)) ++right;
  }
  return { right, labeled };
}
