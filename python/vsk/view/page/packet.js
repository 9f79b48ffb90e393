// A packet: its fields, its bytes in the colours of the fields, and where they stand.

// The fields, and the payload behind them: [name, offset, bytes].
function fieldsOf(packet) {
  const header = scene.fields.reduce((end, [, offset, size]) => Math.max(end, offset + size), 0);
  const payload = packet[SIZE] ? [["payload", header, packet[SIZE]]] : [];
  return [...scene.fields, ...payload];
}

function printable(byte) {
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".";
}

// Where descriptors begin, but for the first.
function edgesOf(spans) {
  const edges = new Set();
  let end = 0;
  for (const span of spans || []) {
    if (end) edges.add(end);
    end += span[1];
  }
  return edges;
}

// One row of a hexdump; bytes of a field in a descriptor are one element.
function byteRow(data, start, per, fields, edges) {
  const row = make("div", "", make("span", "offset", start.toString(16).padStart(4, "0") + "  "));
  const end = Math.min(start + per, data.length);
  const text = [];
  for (let at = start; at < end;) {
    const [name, offset, size] = fields.find(([, o, s]) => at >= o && at < o + s);
    let to = Math.min(offset + size, end);
    for (let i = at + 1; i < to; i++) if (edges.has(i)) to = i;
    const bytes = data.subarray(at, to);
    const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" ");
    const edge = edges.has(at) ? " edge" : "";
    for (const [where, words] of [[row, hex], [text, Array.from(bytes, printable).join("")]]) {
      const piece = make("span", `f-${name}${where === row ? edge : ""}`, words);
      piece.dataset.field = name;
      if (where === row) row.append(piece, " ");
      else text.push(piece);
    }
    at = to;
  }
  row.append(" ".repeat(3 * (per - (end - start)) + 1), ...text);
  return row;
}

function bytesBox(packet, spans) {
  const head = bytesOf(packet[HEADER]), rest = bytesOf(word(packet[PAYLOAD]));
  const data = new Uint8Array(head.length + rest.length);
  data.set(head);
  data.set(rest, head.length);
  const per = $("packet").clientWidth >= 530 ? 16 : 8;
  const box = make("div", "bytes"), fields = fieldsOf(packet), edges = edgesOf(spans);
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Bytes");
  for (let at = 0; at < data.length; at += per) box.append(byteRow(data, at, per, fields, edges));
  const left = packet[SIZE] - rest.length;
  if (left > 0) box.append(make("div", "dim", `and ${left} more bytes, which are not in this page`));
  return box;
}

function fieldList(packet) {
  const box = make("dl", "fields");
  scene.fields.forEach(([name], at) => {
    const title = make("dt", `f-${name}`, name);
    const value = make("dd", "", word(packet[MEANINGS][at]));
    title.dataset.field = value.dataset.field = name;
    box.append(title, value);
  });
  return box;
}

// Where the bytes stand: [address, bytes, slot, in a table, written by the device].
function spanBox(spans) {
  const box = make("div", "spans");
  for (const [address, size, slot, table, write] of spans) {
    const place = `${table ? "table" : "desc"}[${slot}]`;
    box.append(make("div", "", `${place} ${write ? "w" : "r"} ${address}+${size}`));
  }
  return box;
}

function drawPacket(at) {
  const row = entries[at], inside = row[INSIDE], box = $("packet");
  const place = row[HEAD] === null ? queueOf(at) : `${queueOf(at)}, chain ${row[HEAD]}`;
  const where = scene.captured ? "" : ` \u00b7 guest ${row[GUEST]}${place && ` \u00b7 ${place}`}`;
  const title = make("h2", "", `#${row[NUMBER]} ${kindOf(at)}`,
    make("span", "more", `${seconds(row[TIME])} s${where}`));
  const lines = [make("p", row[TROUBLE] ? "code bad" : "code", textOf(at))];
  if (inside < 0) {
    lines.push(make("p", "dim", "No packet."));
  } else {
    const packet = entries[inside][PACKET], spans = entries[inside][SPANS];
    if (inside !== at) lines.push(make("p", "dim", "The packet in it: ", link(inside)));
    if (word(packet[COMMENT])) lines.push(make("p", "code", `# ${word(packet[COMMENT])}`));
    if (packet[CUT]) lines.push(make("p", "dim", "The capture has only a part of the payload."));
    lines.push(fieldList(packet), bytesBox(packet, spans));
    if (spans) lines.push(spanBox(spans));
  }
  box.replaceChildren(title, ...lines);
}

// Whoever points at a field or a byte sees what belongs together.
$("packet").addEventListener("pointerover", (event) => {
  const field = event.target.dataset && event.target.dataset.field;
  for (const piece of $("packet").querySelectorAll("[data-field]"))
    piece.classList.toggle("lit", piece.dataset.field === field);
});
