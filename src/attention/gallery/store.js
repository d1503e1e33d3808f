// The data of the page: columns of all samples, and the chunks that hold pictures and maps.
const data = JSON.parse(document.getElementById("data").textContent);
const total = data.id.length;
const kMaxChunks = 24;
const chunks = new Map();    // number -> { state: "loading" | "ready" | "failed", rows, used }
const waiting = new Set();   // called when a chunk has come or failed
let clock = 0;

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function settle(number, rows) {
  const chunk = chunks.get(number);
  if (!chunk) return;
  chunk.rows = rows;
  chunk.state = rows ? "ready" : "failed";
  for (const call of waiting) call(number);
}

// Chunk files call this; a page opened from a folder may run scripts of that folder, not read its files.
window.intrChunk = settle;

function loadFile(number) {
  const script = document.createElement("script");
  script.src = data.files[number];
  script.onload = () => script.remove();
  script.onerror = () => { script.remove(); settle(number, null); };
  document.head.append(script);
}

// A page in one file has its chunks behind this code: they may still be on their way.
function readFromPage(number) {
  const block = document.getElementById("chunk-" + number);
  if (document.readyState === "loading" && !block?.nextSibling) return setTimeout(readFromPage, 20, number);
  let rows = null;
  try { rows = JSON.parse(block.textContent); } catch { /* the file was cut off */ }
  settle(number, rows);
}

function dropOldChunks() {
  if (chunks.size <= kMaxChunks) return;
  const oldest = [...chunks].filter(([, c]) => c.state !== "loading").sort((a, b) => a[1].used - b[1].used);
  for (const [number] of oldest.slice(0, chunks.size - kMaxChunks)) chunks.delete(number);
}

function requestChunk(number) {
  const known = chunks.get(number);
  if (known) { known.used = ++clock; return known; }
  const chunk = { state: "loading", rows: null, used: ++clock };
  chunks.set(number, chunk);
  if (data.files.length) loadFile(number);
  else setTimeout(readFromPage, 0, number);
  dropOldChunks();
  return chunk;
}

const missing = (number) => (data.files.length ? "The file " + data.files[number] + " is missing beside this page."
                                               : "This page was cut off before the sample.");

// What is stored of a sample: { photo, slots, runnerUp, maxima, maps, valueMaxima, values, top } or the reason why it
// is not there.
function sampleOf(index) {
  const number = Math.floor(index / data.perChunk);
  const chunk = requestChunk(number);
  if (chunk.state === "loading") return { reason: "" };
  if (chunk.state === "failed") return { reason: missing(number) };
  const row = chunk.rows[index % data.perChunk];
  if (row === null) return { reason: "Its picture could not be read when this page was made." };
  if (!row.maps) row.maps = bytesOf(row.d);
  if (row.value && !row.values) row.values = bytesOf(row.value);
  if (!row.image) {
    row.image = new Image();
    row.image.src = row.photo;
    row.ready = row.image.decode().then(() => true, () => false);
  }
  return row;
}

const gridOf = (index) => ({ h: data.grid[2 * index], w: data.grid[2 * index + 1] });
const className = (c) => (c < 0 ? "unknown" : data.classes[c]);
const isRight = (index) => data.label[index] >= 0 && data.label[index] === data.predicted[index];
const isWrong = (index) => data.label[index] >= 0 && data.label[index] !== data.predicted[index];

// Place of a query's maps among those of a sample; null if they are not stored. "query3" is the first one beside
// "true" and "other", which is the runner-up's.
function slotOf(row, query) {
  const own = row.own ? 1 : 0, named = own + (row.runnerUp ? 1 : 0);
  const slot = query === "true" ? (row.own ? 0 : null) : query === "other" ? (row.runnerUp ? own : null)
                                                                         : Number(query.slice(5)) - 3 + named;
  return slot !== null && slot < row.slots.length ? slot : null;
}

// One head's map of the block [heads, h, w] that begins at map `first`; head -1 is the mean.
function headMap(index, maps, maxima, first, head, unit) {
  const { h, w } = gridOf(index), cells = h * w;
  const out = new Float32Array(cells);
  const mean = data.heads.indexOf(-1);
  const wanted = head >= 0 ? [head] : mean >= 0 ? [mean] : data.heads.map((_, i) => i);
  for (const one of wanted) {
    const start = (first + one) * cells, factor = maxima[first + one] / 255 / wanted.length * unit;
    for (let i = 0; i < cells; ++i) out[i] += maps[start + i] * factor;
  }
  return out;
}

// What is drawn: attention in multiples of uniform attention, a difference of two, or lengths of value vectors. Null
// if it is not stored.
function wantedMap(index, row, head, query) {
  if (query === "value") return headMap(index, row.values, row.valueMaxima, 0, head, 1);
  if (query === "difference") {
    const own = wantedMap(index, row, head, "true"), other = wantedMap(index, row, head, "other");
    return own && other ? own.map((v, i) => v - other[i]) : null;
  }
  const slot = slotOf(row, query), { h, w } = gridOf(index);
  return slot === null ? null : headMap(index, row.maps, row.maxima, slot * data.heads.length, head, h * w);
}
