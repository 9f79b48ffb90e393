// One place in the trace, and everything that moves with it.

const view = { shown: [], place: -1, only: "all", playing: 0 };

function drawPlace() {
  const at = view.shown[view.place], focused = document.activeElement;
  drawList();
  drawCursor();
  if (at === undefined) {
    for (const id of ["packet", "why", "credit", "rings"]) $(id).replaceChildren();
    return;
  }
  drawPacket(at);
  drawWhy(at);
  drawCredit(at);
  drawRings(at);
  // What was drawn anew had the focus: who goes by keys goes on in the list.
  if (focused && !focused.isConnected) list.focus({ preventScroll: true });
  if (!view.playing) $("said").textContent = `${entries[at][NUMBER]}: ${textOf(at)}`;
}

// Go to a place among those that are shown.
function goPlace(place) {
  view.place = Math.min(Math.max(place, 0), view.shown.length - 1);
  reveal();
  drawPlace();
}

// Go to an entry; one that the filter hides is shown by taking the filter away.
function go(at) {
  const place = () => lastUpTo(view.shown.length, at, (i) => view.shown[i]);
  if (view.shown[place()] !== at) {
    $("filter").value = "";
    choose("all");
  }
  goPlace(place());
}

// ---- filter ----

function refill() {
  const at = view.shown[view.place];
  view.shown = chosen(view.only, $("filter").value);
  forgetList();
  goPlace(at === undefined ? 0 : lastUpTo(view.shown.length, at, (i) => view.shown[i]));
  drawTimeline();
}

function choose(only) {
  view.only = only;
  for (const button of document.querySelectorAll("[data-only]"))
    button.setAttribute("aria-pressed", String(button.dataset.only === only));
  refill();
}

function setFilter(text) {
  $("filter").value = text;
  refill();
}

// ---- playing ----

function tick() {
  if (view.place + 1 >= view.shown.length) stop();
  else goPlace(view.place + 1);
}

function showPlaying() {
  $("play").textContent = view.playing ? "\u275a\u275a Pause" : "\u25b6\ufe0e Play";
  $("play").setAttribute("aria-pressed", String(Boolean(view.playing)));
  $("play").setAttribute("aria-label", view.playing ? "Pause" : "Play");
}

function stop() {
  clearInterval(view.playing);
  view.playing = 0;
  showPlaying();
}

function play() {
  if (view.playing) {
    stop();
    return;
  }
  if (view.place + 1 >= view.shown.length) goPlace(0);
  view.playing = setInterval(tick, 1000 / Number($("speed").value));
  showPlaying();
}

// ---- dark and light ----

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  drawTimeline();
}

// ---- keys and buttons ----

const KEYS = {
  ArrowRight: () => goPlace(view.place + 1),
  ArrowDown: () => goPlace(view.place + 1),
  j: () => goPlace(view.place + 1),
  ArrowLeft: () => goPlace(view.place - 1),
  ArrowUp: () => goPlace(view.place - 1),
  k: () => goPlace(view.place - 1),
  PageDown: () => goPlace(view.place + 20),
  PageUp: () => goPlace(view.place - 20),
  Home: () => goPlace(0),
  End: () => goPlace(view.shown.length - 1),
  " ": play,
  "/": () => $("filter").focus(),
  "?": () => $("keys").showModal(),
  t: switchTheme,
};

// Keys that a box of bytes which does not show all of them needs itself.
const SCROLL = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"];

function canScroll(box) {
  return box !== null && box.scrollHeight > box.clientHeight;
}

addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey || $("keys").open) return;
  if (target === $("filter")) {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.preventDefault(); // Escape would empty it, and tell nobody
    list.focus();
    return;
  }
  // A button has a space of its own, and what can be chosen from has its arrows.
  if (target.tagName === "SELECT" || (event.key === " " && target.tagName === "BUTTON")) return;
  if (SCROLL.includes(event.key) && canScroll(target.closest(".bytes"))) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

for (const [id, act] of Object.entries({
  first: KEYS.Home, back: KEYS.k, next: KEYS.j, last: KEYS.End, play,
  theme: switchTheme, help: KEYS["?"],
})) $(id).addEventListener("click", act);

$("filter").addEventListener("input", refill);
$("speed").addEventListener("change", () => {
  if (view.playing) {
    stop();
    play();
  }
});
for (const button of document.querySelectorAll("[data-only]"))
  button.addEventListener("click", () => choose(button.dataset.only));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTimeline);
new ResizeObserver(() => requestAnimationFrame(drawPlace)).observe(list);

// ---- begin ----

function summary() {
  const packets = entries.filter((row) => row[PACKET]).length;
  const count = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
  const words = [count(packets, "packet"), count(conns.length, "connection")];
  if (!scene.captured) words.unshift(`${entries.length.toLocaleString("en")} entries`);
  if (scene.start !== null)
    words.push(`from ${new Date(scene.start / 1e6).toISOString().replace(/\.\d+Z/, "Z")}`);
  const bad = entries.filter((row) => row[TROUBLE]).length;
  if (bad) words.push(`${bad.toLocaleString("en")} in trouble`);
  return words.join(" \u00b7 ");
}

$("summary").textContent = summary();
$("ladder").classList.toggle("several", several);
$("guest").textContent = several ? "guests" : entries.length ? `guest ${entries[0][GUEST]}` : "guest";
refill();
