// What the page knows: the scene, as scenes.py writes it, and questions about it.

const scene = JSON.parse(document.getElementById("scene").textContent);
const entries = scene.entries;
const conns = scene.conns;
const word = (number) => scene.words[number];

// Columns of an entry.
const NUMBER = 0, TIME = 1, KIND = 2, GUEST = 3, WAY = 4, WORDS = 5, QUEUE = 6, HEAD = 7,
  CONN = 8, ROW = 9, INSIDE = 10, PACKET = 11, WHY = 12, TROUBLE = 13, RING = 14, SPANS = 15;
// Columns of a packet.
const HEADER = 0, PAYLOAD = 1, SIZE = 2, MEANINGS = 3, COMMENT = 4, CUT = 5;

const kindOf = (at) => word(entries[at][KIND]);
const queueOf = (at) => word(entries[at][QUEUE]);
const textOf = (at) => word(entries[at][WORDS]);
const first = entries.length ? entries[0][NUMBER] : 0;

// The place of an entry by its number; -1 where the trace does not have it.
function placeOf(number) {
  const at = number - first;
  return at >= 0 && at < entries.length ? at : -1;
}

// The last of count things, in order, that is not above a value; -1: none is.
function lastUpTo(count, value, key) {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// At each place the connection of the entry, or of the last one before it that has one.
const connAt = new Int32Array(entries.length);
entries.forEach((row, at) => {
  connAt[at] = row[CONN] >= 0 || at === 0 ? row[CONN] : connAt[at - 1];
});

// The row of a connection's ledger as it stands at a place: [number, balance, balance].
function ledgerRow(conn, at) {
  const rows = conn.rows;
  const found = lastUpTo(rows.length, entries[at][NUMBER], (i) => rows[i][0]);
  return found < 0 ? null : rows[found];
}

function connName(conn) {
  return `${conn.ends[0]} \u2013 ${conn.ends[1]}`;
}

function bytesOf(text) {
  const raw = atob(text);
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

function seconds(time) {
  return time.toFixed(6);
}

// ---- which entries are shown ----

function tokensOf(at) {
  const row = entries[at];
  const packet = row[INSIDE] >= 0 ? textOf(row[INSIDE]) : "";
  const conn = row[CONN] >= 0 ? conns[row[CONN]] : null;
  const of = conn ? `${conn.ends.join(" ")} ${conn.type}` : "";
  return `${kindOf(at)} ${queueOf(at)} ${textOf(at)} ${packet} ${of}`.toLowerCase();
}

// An address is a word of its own, or 3:10 would be in 3:1024.
function fits(text, words) {
  return words.every((w) =>
    w.includes(":") ? ` ${text} `.includes(` ${w} `) : text.includes(w));
}

function chosen(only, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (let at = 0; at < entries.length; at++) {
    if (only === "packets" && !entries[at][PACKET]) continue;
    if (only === "trouble" && !entries[at][TROUBLE]) continue;
    if (words.length && !fits(tokensOf(at), words)) continue;
    found.push(at);
  }
  return found;
}

// ---- elements ----

// All text goes through textContent: what a packet says is never markup.
function make(tag, name, ...inside) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const thing of inside) element.append(thing);
  return element;
}

const $ = (id) => document.getElementById(id);
