// The list of entries: only rows that can be seen are in the document.

const HEIGHT = 26;
const TALLEST = 8000000; // pixels that every browser can scroll
const list = $("list");

const STROKES = { USED: "given", EVENT: "given", KICK: "told", INTERRUPT: "told" };
const several = new Set(entries.map((row) => row[GUEST])).size > 1;

function lane(at) {
  const row = entries[at];
  const words = make("span", "what", textOf(at));
  if (row[WAY] === null) {
    const bad = row[TROUBLE] ? " bad" : "";
    return make("span", `lane note${bad}`, words);
  }
  const stroke = STROKES[kindOf(at)] || "";
  const way = row[WAY] ? "to" : "back";
  return make("span", `lane ${way} ${stroke}`, make("i"), words, make("i"));
}

function listRow(place, at) {
  const cid = several ? [make("span", "cid", entries[at][GUEST])] : [];
  const row = make("div", entries[at][TROUBLE] ? "row trouble" : "row",
    make("span", "number", String(entries[at][NUMBER])),
    make("span", "time", seconds(entries[at][TIME])), ...cid, lane(at));
  row.id = `row-${at}`;
  row.title = textOf(at);
  row.setAttribute("role", "option");
  row.setAttribute("aria-posinset", String(place + 1));
  row.setAttribute("aria-setsize", String(view.shown.length));
  return row;
}

// How far one row scrolls: less than its height where there are too many for a browser.
function scrolls() {
  const all = view.shown.length * HEIGHT, seen = list.clientHeight;
  return all <= TALLEST ? HEIGHT : HEIGHT * (TALLEST - seen) / (all - seen);
}

const drawn = new Map(); // place among those shown: its row

function drawList() {
  const count = view.shown.length, step = scrolls();
  $("height").style.height = `${Math.min(count * HEIGHT, TALLEST)}px`;
  $("nothing").hidden = count > 0;
  const top = list.scrollTop / step;
  const from = Math.max(Math.floor(top) - 4, 0);
  const to = Math.min(Math.ceil(top + list.clientHeight / HEIGHT) + 4, count);
  for (const [place, row] of drawn)
    if (place < from || place >= to) {
      row.remove();
      drawn.delete(place);
    }
  for (let place = from; place < to; place++) {
    if (!drawn.has(place)) {
      drawn.set(place, listRow(place, view.shown[place]));
      $("rows").append(drawn.get(place));
    }
    const row = drawn.get(place);
    row.style.transform = `translateY(${Math.round((place - top) * HEIGHT)}px)`;
    row.setAttribute("aria-selected", String(place === view.place));
  }
  const row = drawn.get(view.place);
  if (row) list.setAttribute("aria-activedescendant", row.id);
  else list.removeAttribute("aria-activedescendant");
}

function forgetList() {
  for (const row of drawn.values()) row.remove();
  drawn.clear();
}

// Scroll as little as it takes to see the row that was chosen.
function reveal() {
  const step = scrolls(), rows = list.clientHeight / HEIGHT, top = list.scrollTop / step;
  const edge = Math.min(2, Math.max((rows - 1) / 2, 0));
  if (view.place < top + edge) list.scrollTop = (view.place - edge) * step;
  else if (view.place + 1 + edge > top + rows)
    list.scrollTop = (view.place + 1 + edge - rows) * step;
}

list.addEventListener("scroll", () => requestAnimationFrame(drawList));
list.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (row) go(Number(row.id.slice(4)));
});
