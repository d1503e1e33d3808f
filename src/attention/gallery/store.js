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

// Chunk files call this; a page opened from a folder may run scripts of that folder, not read its files.
window.intrChunk = (number, rows) => {
  const chunk = chunks.get(number);
  if (!chunk) return;
  chunk.rows = rows;
  chunk.state = "ready";
  for (const call of waiting) call(number);
};

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
  const script = document.createElement("script");
  script.src = data.files[number];
  script.onload = () => script.remove();
  script.onerror = () => {
    script.remove();
    chunk.state = "failed";
    for (const call of waiting) call(number);
  };
  document.head.append(script);
  dropOldChunks();
  return chunk;
}

// What is stored of a sample: { photo, slots, maxima, maps, top } or the reason why it is not there.
function sampleOf(index) {
  const number = Math.floor(index / data.perChunk);
  const chunk = requestChunk(number);
  if (chunk.state === "loading") return { reason: "" };
  if (chunk.state === "failed") return { reason: "The file " + data.files[number] + " is missing beside this page." };
  const row = chunk.rows[index % data.perChunk];
  if (row === null) return { reason: "Its picture could not be read when this page was made." };
  if (!row.maps) row.maps = bytesOf(row.d);
  if (!row.image) {
    row.image = new Image();
    row.image.src = row.photo;
    row.ready = row.image.decode().then(() => true, () => false);
  }
  return row;
}

const slotTrue = 0, slotOther = 1;
const gridOf = (index) => ({ h: data.grid[2 * index], w: data.grid[2 * index + 1] });
const className = (c) => (c < 0 ? "unknown" : data.classes[c]);
const isRight = (index) => data.label[index] >= 0 && data.label[index] === data.predicted[index];
const isWrong = (index) => data.label[index] >= 0 && data.label[index] !== data.predicted[index];

// A head's map in multiples of uniform attention; head -1 is the mean. Null if the slot is not stored.
function mapOf(index, row, slot, head) {
  if (slot >= row.slots.length) return null;
  const { h, w } = gridOf(index), cells = h * w, heads = data.heads.length;
  const out = new Float32Array(cells);
  const mean = data.heads.indexOf(-1);
  const wanted = head >= 0 ? [head] : mean >= 0 ? [mean] : data.heads.map((_, i) => i);
  for (const one of wanted) {
    const number = slot * heads + one, start = number * cells;
    const factor = row.maxima[number] / 255 / wanted.length * cells;
    for (let i = 0; i < cells; ++i) out[i] += row.maps[start + i] * factor;
  }
  return out;
}

function wantedMap(index, row, head, query) {
  if (query !== "difference") return mapOf(index, row, query === "other" ? slotOther : slotTrue, head);
  const own = mapOf(index, row, slotTrue, head), other = mapOf(index, row, slotOther, head);
  return own && other ? own.map((v, i) => v - other[i]) : null;
}
