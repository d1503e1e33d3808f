// Drawing: maps are enlarged first (Catmull-Rom between the points where cells look), colored last.
const palettes = Object.fromEntries(Object.entries(data.palettes).map(([name, text]) => [name, bytesOf(text)]));

// For each pixel of an axis: four cells and their weights.
function tapsOf(cells, length, pixels) {
  const cell = new Int32Array(4 * pixels), weight = new Float32Array(4 * pixels);
  for (let x = 0; x < pixels; ++x) {
    const position = ((x + 0.5) * length / pixels - 0.5) / data.stride;
    const at = Math.min(Math.max(position, 0), cells - 1), base = Math.floor(at), t = at - base;
    const w = [0.5 * t * (-1 + t * (2 - t)), 0.5 * (2 + t * t * (-5 + 3 * t)),
               0.5 * t * (1 + t * (4 - 3 * t)), 0.5 * t * t * (t - 1)];
    for (let k = 0; k < 4; ++k) {
      cell[4 * x + k] = Math.min(Math.max(base - 1 + k, 0), cells - 1);
      weight[4 * x + k] = w[k];
    }
  }
  return { cell, weight };
}

function enlarge(map, index, width, height) {
  const { h, w } = gridOf(index);
  const columns = tapsOf(w, data.resized[2 * index + 1], width), rows = tapsOf(h, data.resized[2 * index], height);
  let least = Infinity, largest = -Infinity;
  for (const v of map) { least = Math.min(least, v); largest = Math.max(largest, v); }
  const wide = new Float32Array(h * width);
  for (let r = 0; r < h; ++r)
    for (let x = 0; x < width; ++x) {
      let sum = 0;
      for (let k = 0; k < 4; ++k) sum += columns.weight[4 * x + k] * map[r * w + columns.cell[4 * x + k]];
      wide[r * width + x] = sum;
    }
  const field = new Float32Array(height * width);
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < width; ++x) {
      let sum = 0;
      for (let k = 0; k < 4; ++k) sum += rows.weight[4 * y + k] * wide[rows.cell[4 * y + k] * width + x];
      field[y * width + x] = Math.min(Math.max(sum, least), largest);
    }
  return field;
}

// The heat as a picture with transparency: invisible at 0. look.mean tells means of heads from single heads.
function heatPicture(map, index, width, height, look) {
  const field = enlarge(map, index, width, height);
  const palette = look.query === "difference" ? palettes.diverging : palettes[look.palette];
  const scale = scaleOf(map, look), opacity = 255 * look.opacity / 100;
  const picture = new ImageData(width, height), out = picture.data;
  for (let i = 0; i < field.length; ++i) {
    let level, strength;
    if (look.query === "difference") {
      const t = Math.min(Math.max(field[i] / scale, -1), 1);
      level = Math.round((t + 1) * 127.5);
      strength = Math.abs(t);
    } else {
      strength = Math.min(Math.max(field[i] / scale, 0), 1);
      level = Math.round(strength * 255);
    }
    out[4 * i] = palette[3 * level];
    out[4 * i + 1] = palette[3 * level + 1];
    out[4 * i + 2] = palette[3 * level + 2];
    out[4 * i + 3] = Math.round(opacity * strength);
  }
  return picture;
}

// Own scales end here at least, else a map that is nearly uniform would look like one with a clear peak.
const kLeastPeak = 3;

const sharedScale = (look) => (look.query === "value" ? data.scales.value :
    data.scales[(look.mean ? "mean" : "head") + (look.query === "difference" ? "Contrast" : "")]) || 1;

// The least end of an own scale. Lengths have no unit of their own, so theirs may end anywhere above 0.
const leastEnd = (look) => (look.query === "value" ? Number.MIN_VALUE : look.query === "difference" ? 1 : kLeastPeak);

// Value of the last color.
function scaleOf(map, look) {
  if (look.scale === "shared") return sharedScale(look);
  let largest = leastEnd(look);
  for (const v of map) largest = Math.max(largest, Math.abs(v));
  return largest;
}

// A value of a map as text.
const shown = (value, query) => (query === "value" ? value.toPrecision(3) : value.toFixed(1) + "\u2009\u00d7");

// How the EXIF tag wants the picture turned: canvas transforms for width w and height h of the unturned picture.
const turns = {
  2: (w) => [-1, 0, 0, 1, w, 0], 3: (w, h) => [-1, 0, 0, -1, w, h], 4: (w, h) => [1, 0, 0, -1, 0, h],
  5: () => [0, 1, 1, 0, 0, 0], 6: (w, h) => [0, 1, -1, 0, h, 0], 7: (w, h) => [0, -1, -1, 0, h, w],
  8: (w) => [0, -1, 1, 0, 0, w],
};
const swapsSides = (tag) => tag >= 5 && tag <= 8;

// Draws a sample's photo and, if there is one, a map over it. The canvas gets the photo's shape, or with `square`
// a square around it. @param side pixels of the long side
function paint(canvas, index, row, map, look, side, square) {
  const source = { w: data.source[2 * index + 1], h: data.source[2 * index] };
  const tag = data.turn[index] || 1, swap = swapsSides(tag);
  const factor = side / Math.max(source.w, source.h);
  const w = Math.max(1, Math.round(source.w * factor)), h = Math.max(1, Math.round(source.h * factor));
  const shownW = swap ? h : w, shownH = swap ? w : h;
  canvas.width = square ? side : shownW;
  canvas.height = square ? side : shownH;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, Math.floor((canvas.width - shownW) / 2), Math.floor((canvas.height - shownH) / 2));
  if (turns[tag]) context.transform(...turns[tag](w, h));
  context.imageSmoothingEnabled = w < row.image.naturalWidth * 2;  // small photos keep crisp pixels
  context.imageSmoothingQuality = "high";
  context.drawImage(row.image, 0, 0, w, h);
  if (!map) return;
  const layer = document.createElement("canvas");
  layer.width = w;
  layer.height = h;
  layer.getContext("2d").putImageData(heatPicture(map, index, w, h, look), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(layer, 0, 0);
}

// @param looks those whose scales the legend names
function paintLegend(figure, looks) {
  const canvas = figure.querySelector("canvas"), context = canvas.getContext("2d");
  const palette = looks[0].query === "difference" ? palettes.diverging : palettes[looks[0].palette];
  for (let x = 0; x < 256; ++x) {
    context.fillStyle = `rgb(${palette[3 * x]} ${palette[3 * x + 1]} ${palette[3 * x + 2]})`;
    context.fillRect(x, 0, 1, canvas.height);
  }
  figure.querySelector("figcaption").textContent = legendText(looks);
}

function legendText(looks) {
  const { query, scale } = looks[0], contrast = query === "difference", shared = scale === "shared";
  const what = query === "value" ? ", length of value vectors"
                                 : " \u00d7 uniform attention" + (contrast ? "; red speaks for the true class" : "");
  if (!shared) {
    const end = query === "value" ? "own peak" : "own peak, at least " + leastEnd(looks[0]);
    return (contrast ? "\u00b1 " : "0 to ") + end + what;
  }
  const ends = looks.map((look) => {
    const end = query === "value" ? sharedScale(look).toPrecision(3) : sharedScale(look).toFixed(1);
    const range = contrast ? `\u2212${end} to +${end}` : `0 to ${end}`;
    return looks.length > 1 && query !== "value" ? `${look.mean ? "mean" : "heads"} ${range}` : range;
  });
  return (query === "value" ? ends[0] : ends.join(", ")) + what;
}
