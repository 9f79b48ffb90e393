// The rings of a guest at a moment: whose each cell is, by how far both ends have come.

// Columns of what an entry knows of its queue. A number that nobody here knows is null.
const SIZE_OF = 0, PACKED = 1, OFFERED = 2, REAPED = 3, POPPED = 4, GIVEN = 5;
const CELLS = 15; // that are shown at most

const WRAP = 0x8000;

// How far it is from one number to another: chains that run freely, or places in a packed ring.
function distance(size, packed, from, to) {
  if (!packed) return ((to - from + 0x8000) & 0xffff) - 0x8000;
  const lap = ((from ^ to) & WRAP) !== 0 ? size : 0;
  return (to & (WRAP - 1)) - (from & (WRAP - 1)) + lap;
}

// The history of a queue: numbers that do not wrap, at each entry about it, and its chains.
function follow() {
  const found = new Map();
  entries.forEach((row, at) => {
    const ring = row[RING];
    if (!ring) return;
    const key = `${row[GUEST]} ${queueOf(at)}`;
    if (!found.has(key)) found.set(key, { records: [], chains: new Map(), life: 0 });
    record(found.get(key), at, ring);
  });
  return found;
}

function record(queue, at, ring) {
  const last = queue.records[queue.records.length - 1];
  const again = !last || last.size !== ring[SIZE_OF] || kindOf(at) === "RENEWED";
  const now = { at, size: ring[SIZE_OF], packed: ring[PACKED], raw: ring, life: queue.life, ends: [] };
  for (const end of [OFFERED, REAPED, POPPED, GIVEN]) {
    const start = again ? (ring[PACKED] ? WRAP : 0) : last.raw[end];
    const before = again ? 0 : last.ends[end];
    now.ends[end] = ring[end] === null ? null
      : before + distance(now.size, now.packed, start, ring[end]);
  }
  // Somebody began anew, or went back to a snapshot.
  if (again || [OFFERED, POPPED].some((e) => now.ends[e] !== null && now.ends[e] < last.ends[e]))
    now.life = ++queue.life;
  if (entries[at][HEAD] !== null && kindOf(at) !== "USED") name(queue, at, now, again ? null : last);
  queue.records.push(now);
}

// The chain that an entry is about stands where the end that took it has just passed.
function name(queue, at, now, last) {
  const end = now.ends[POPPED] === null ? OFFERED : POPPED;
  const to = now.ends[end], from = last === null || last.life !== now.life ? 0 : last.ends[end];
  if (to === null || to <= from) return;
  for (let place = now.packed ? from : to - 1; place < to; place++) {
    const key = `${now.life} ${place}`;
    if (!queue.chains.has(key)) queue.chains.set(key, at);
  }
}

const queues = follow();

function ownerOf(place, ends) {
  const up = (end, other) => ends[end] !== null && place < ends[end] ? other : null;
  return up(REAPED, "F") || up(GIVEN, "U") || up(POPPED, "D") || up(OFFERED, "A") || "F";
}

const OWNERS = { F: "free", A: "available", D: "taken by the device", U: "used" };

function cell(queue, now, place, at) {
  const owner = ownerOf(place, now.ends), chain = queue.chains.get(`${now.life} ${place}`);
  const slot = ((place % now.size) + now.size) % now.size;
  const head = chain === undefined ? "\u00b7" : String(entries[chain][HEAD]);
  const known = chain !== undefined;
  const box = make(known ? "button" : "span", `cell ${owner}`, make("b", "", `${owner} ${head}`), String(slot));
  const words = known ? `, chain ${head}: #${entries[chain][NUMBER]} ${textOf(chain)}` : "";
  box.title = `slot ${slot}, ${OWNERS[owner]}${words}`;
  if (known) {
    box.addEventListener("click", () => go(chain));
    box.setAttribute("aria-label", box.title);
    if (entries[at][INSIDE] === chain || at === chain) box.classList.add("now");
  }
  return box;
}

// As the view of a queue names them: of a split ring, of a packed one.
const NAMES = [
  [OFFERED, "avail.idx", "driver's next"], [POPPED, "device's next", "device's next"],
  [GIVEN, "used.idx", "device's used"], [REAPED, "driver's next", "driver's used"],
];

function numbersOf(now) {
  const found = [];
  for (const [end, split, packed] of NAMES) {
    const raw = now.raw[end];
    if (raw === null) continue;
    const value = now.packed ? `${raw & (WRAP - 1)} wrap ${raw >> 15}` : String(raw);
    found.push(` \u00b7 ${now.packed ? packed : split} `, make("b", "", value));
  }
  return found;
}

function cellsOf(queue, now, at) {
  const known = now.ends.filter((n) => n !== null && n !== undefined);
  const high = Math.max(...known);
  const low = Math.max(Math.min(...known) - 2, high - now.size, 0);
  const box = make("div", "cells");
  for (let place = low; place < Math.min(high, low + CELLS); place++)
    box.append(cell(queue, now, place, at));
  const left = high - low - CELLS;
  if (left > 0) box.append(make("span", "cell", make("b", "", `+${left}`), "more"));
  return box;
}

function ringBox(title, queue, at) {
  const found = lastUpTo(queue.records.length, at, (i) => queue.records[i].at);
  const head = make("h3", "", title);
  if (found < 0) {
    head.append(make("span", "", " \u00b7 nothing so far"));
    return make("div", "ring", head);
  }
  const now = queue.records[found];
  const since = now.at === at ? "" : `, as of #${entries[now.at][NUMBER]}`;
  const kind = ` ${now.packed ? "packed" : "split"}, ${now.size}${since}`;
  head.append(make("span", "", kind, ...numbersOf(now)));
  // Of a queue from which nothing was ever taken the numbers say it all.
  return make("div", "ring", head, ...(now.ends[POPPED] === 0 ? [] : [cellsOf(queue, now, at)]));
}

function drawRings(at) {
  const box = $("rings"), guest = entries[at][GUEST];
  const names = [...queues.keys()].filter((key) => key.startsWith(`${guest} `))
    .sort((a, b) => (a < b ? 1 : -1));
  if (scene.captured || !names.length) {
    const words = scene.captured
      ? "A capture has packets alone: it knows nothing of rings." : "Nothing is known of a ring here.";
    box.replaceChildren(make("h2", "", "Rings"), make("p", "dim", words));
    return;
  }
  const title = make("h2", "", "Rings",
    make("span", "more", "A available \u00b7 D the device has it \u00b7 U used \u00b7 F free"));
  title.title = "Owner and head of the chain, where its packet is in the trace; below it the slot.";
  box.replaceChildren(title, ...names.map((key) => ringBox(key.split(" ")[1], queues.get(key), at)));
}
