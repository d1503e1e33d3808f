// Filters, settings and the heading.

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
  else {
    chosen = 0;
    relist();
    if (!at("detail").hidden) closeDetail();  // its sample may be gone from the list
  }
}

function fillControls() {
  const counts = data.classes.map(() => [0, 0]);
  for (let i = 0; i < total; ++i) if (data.label[i] >= 0) { ++counts[data.label[i]][0]; if (isRight(i)) ++counts[data.label[i]][1]; }
  fill("label", [["", "all"], ...data.classes.map((name, c) => [name, `${name} (${counts[c][1]} of ${counts[c][0]})`])]);
  fill("predicted", [["", "all"], ...data.classes.map((name) => [name, name])]);
  fill("map", detailMaps().slice(1).map(([name]) => [name, name === "mean" ? "mean of heads" : name.replace("head", "head ")]));
  fill("query", allQueries);
  fill("sort", orders);
  fill("palette", Object.keys(palettes).filter((name) => name !== "diverging").map((name) => [name, name]));
  addChoice("verdict", "verdict", [["all", "all"], ["right", "right"], ["wrong", "wrong"]]);
  addChoice("detail-query", "query", allQueries.filter((choice) => !furtherQueries.includes(choice)));
  at("further").onchange = (event) => change("query", event.target.value || defaults.query);
  at("value-key").hidden = !hasValues;
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
