// The whole of what is shown in one strip, in order: packets to the device up, back down.

const track = $("track"), canvas = track.querySelector("canvas");

// What light-dark() comes to can be asked of an element alone.
function inks() {
  const probe = make("span"), found = {};
  document.body.append(probe);
  for (const name of ["to", "back", "bad", "wait", "line", "dim"]) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

// Where at least one connection stalls: numbers from, and to before.
const stalls = conns.flatMap((conn) => conn.stalls.map((s) => [s[0], s[3] || Infinity]));

function drawTimeline() {
  const width = track.clientWidth, height = track.clientHeight, scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d"), ink = inks();
  pen.scale(scale, scale);
  const middle = Math.round(height / 2) - 3, count = view.shown.length;
  const wide = Math.max(Math.min(width / Math.max(count, 1), 9) - 1, 1);
  pen.fillStyle = ink.line;
  pen.fillRect(0, middle, width, 1);
  drawStalls(pen, width, height, ink.wait);
  const marks = [];
  for (let place = 0; place < count; place++) {
    const row = entries[view.shown[place]], x = xOf(place, width);
    if (row[TROUBLE]) marks.push(x);
    if (!row[PACKET]) continue;
    const tall = 5 + Math.log2(row[PACKET][SIZE] + 1) / 16 * (middle - 9);
    pen.fillStyle = row[WAY] ? ink.to : ink.back;
    pen.fillRect(x, row[WAY] ? middle - tall : middle + 1, wide, tall);
  }
  pen.fillStyle = ink.bad;
  for (const x of marks) pen.fillRect(x - 1, 0, Math.max(wide, 3), 6);
  drawCursor();
}

function drawStalls(pen, width, height, ink) {
  pen.fillStyle = ink;
  for (const [from, to] of stalls) {
    const key = (place) => entries[view.shown[place]][NUMBER];
    const begin = lastUpTo(view.shown.length, from - 1, key) + 1;
    const end = lastUpTo(view.shown.length, to - 1, key) + 1;
    if (end > begin)
      pen.fillRect(xOf(begin, width), height - 5,
        Math.max(xOf(end, width) - xOf(begin, width), 2), 5);
  }
}

function xOf(place, width) {
  return place * width / Math.max(view.shown.length, 1);
}

function drawCursor() {
  const count = view.place < 0 ? 0 : view.shown.length, at = view.shown[view.place];
  const x = count ? xOf(view.place + 0.5, track.clientWidth) - 1 : 0;
  $("cursor").style.transform = `translateX(${x.toFixed(1)}px)`;
  $("cursor").hidden = !count;
  track.setAttribute("aria-valuemax", String(Math.max(count - 1, 0)));
  track.setAttribute("aria-valuenow", String(Math.max(view.place, 0)));
  track.setAttribute("aria-valuetext",
    count ? `${view.place + 1} of ${count}, ${seconds(entries[at][TIME])} seconds` : "nothing");
  $("from").textContent = count ? `${seconds(entries[view.shown[0]][TIME])} s` : "";
  $("to").textContent = count ? `${seconds(entries[view.shown[count - 1]][TIME])} s` : "";
  $("here").textContent = count
    ? `#${entries[at][NUMBER]} \u00b7 ${seconds(entries[at][TIME])} s \u00b7 ${view.place + 1} of ${count}`
    : "";
}

function point(event) {
  const box = track.getBoundingClientRect();
  const place = Math.floor((event.clientX - box.left) / box.width * view.shown.length);
  goPlace(place);
}

track.addEventListener("pointerdown", (event) => {
  track.setPointerCapture(event.pointerId);
  point(event);
});
track.addEventListener("pointermove", (event) => {
  if (event.buttons & 1) point(event);
});
new ResizeObserver(() => requestAnimationFrame(drawTimeline)).observe(track);
