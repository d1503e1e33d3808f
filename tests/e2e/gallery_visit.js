// What a person does with the page, and what the page said to it.
const said = { errors: [] };
const at = (id) => document.getElementById(id), classes = JSON.parse(at("data").textContent).classes;
addEventListener("error", (event) => said.errors.push(String(event.message)));
addEventListener("unhandledrejection", (event) => said.errors.push(String(event.reason)));
const until = async (holds, what) => {
  for (let i = 0; i < 400; ++i) {
    if (holds()) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  said.errors.push("never: " + what);
};
const painted = (canvas) => canvas && canvas.width > 0 &&
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0);
// Milliseconds until the page has answered and knows where everything stands.
const timed = (act) => {
  const start = performance.now();
  act();
  at("rows").getBoundingClientRect();
  return performance.now() - start;
};
const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const enter = (id, value, event) => { at(id).value = value; at(id).dispatchEvent(new Event(event)); };
// Where two pictures differ most: shares of the width and of the height.
const hottest = (photo, heat) => {
  const [a, b] = [photo, heat].map((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data);
  let most = -1, place = 0;
  for (let i = 0; i < b.length; i += 4) {
    const change = Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1]) + Math.abs(a[i + 2] - b[i + 2]);
    if (change > most) { most = change; place = i / 4; }
  }
  return [place % heat.width / heat.width, Math.floor(place / heat.width) / heat.height];
};
const firstHeat = () => document.querySelectorAll("#rows .card canvas")[1];
const lastCard = () => [...document.querySelectorAll("#rows .card")].at(-1);
const firstNumbers = () => document.querySelector("#rows .small").textContent;
const count = () => at("count").textContent;
async function visit() {
  await until(() => painted(firstHeat()), "a first picture");
  said.ready_ms = performance.now();
  said.first = count();
  said.cards = document.querySelectorAll("#rows .card").length;
  said.search_ms = timed(() => enter("search", "picture 57", "input"));
  said.search = count();
  said.address = location.hash;
  enter("search", "", "input");
  enter("label", classes[7], "change");
  said.label = count();
  said.marked = document.querySelectorAll("#rows script, #rows b, #sort b").length;
  await until(() => painted(firstHeat()), "a picture of class 7");
  at("reset").click();
  said.filter_ms = timed(() => press("w"));
  said.wrong = count();
  press("w");
  said.sort_ms = timed(() => enter("sort", "-score:<b>lift</b>", "change"));
  said.highest = firstNumbers();
  enter("sort", "score:<b>lift</b>", "change");
  said.lowest = firstNumbers();
  scrollTo(0, document.body.scrollHeight);
  await until(() => lastCard()?.textContent.includes("\u2013"), "a sample without score at the end");
  scrollTo(0, 0);
  enter("sort", "id", "change");
  document.querySelector("#rows .card").click();
  await until(() => !at("detail").hidden && painted(document.querySelectorAll("#maps canvas")[1]), "the detail");
  said.detail = at("position").textContent;
  said.maps = document.querySelectorAll("#maps canvas").length;
  said.peak = hottest(...[0, 2].map((number) => document.querySelectorAll("#maps canvas")[number]));
  said.facts = at("facts").textContent;
  press("v");
  await until(() => at("maps").textContent.includes("peak") && !at("maps").textContent.includes("\u00d7"), "value maps");
  said.value = location.hash;
  said.value_peak = hottest(...[0, 2].map((number) => document.querySelectorAll("#maps canvas")[number]));
  said.value_caption = document.querySelectorAll("#maps figcaption")[2].textContent;
  said.value_legend = at("detail-legend").textContent;
  press("v");
  said.queries = [];
  for (let i = 0; i < 5; ++i) {
    said.queries.push(at("query-name").textContent);
    press("q");
  }
  enter("query", "true", "change");
  at("next").click();
  said.next = at("position").textContent;
  press("ArrowRight");
  said.right = at("position").textContent;
  press("c");
  said.contrast = location.hash;
  press("Escape");
  said.closed = at("detail").hidden;
  document.querySelector("#rows .card").click();
  enter("search", "nothing is called like this", "input");  // the sample that is open leaves the list
  said.emptied = at("detail").hidden && count();
  for (const key of ["q", "s", "s", "ArrowRight", "Enter"]) press(key);
  at("reset").click();
  press("c");
  scrollTo(0, document.body.scrollHeight);
  await until(() => lastCard()?.textContent.includes("#17389"), "the last card");
  await until(() => painted(lastCard().querySelectorAll("canvas")[1]), "its picture");
  said.requests = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("file:"));
}
visit().catch((error) => said.errors.push(String(error))).finally(() => finish(said));
