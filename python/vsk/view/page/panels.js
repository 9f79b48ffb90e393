// Beside the packet: why it came to that, and the credit of its connection.

// A number of an entry that leads there.
function link(at, words) {
  const button = make("button", "link", words || `#${entries[at][NUMBER]}`);
  button.type = "button";
  button.addEventListener("click", () => go(at));
  return button;
}

// A sentence, in which numbers such as #12 lead there.
function sentence(text) {
  return text.split(/(#\d+)/).map((piece) => {
    const at = /^#\d+$/.test(piece) ? placeOf(Number(piece.slice(1))) : -1;
    return at < 0 ? piece : link(at);
  });
}

function drawWhy(at) {
  const [, steps, clauses] = entries[at][WHY];
  const list = make("ul", "steps"), rules = make("dl", "rules");
  for (const number of steps) {
    const [, text, clause] = /^(.*?)(?: \[([A-Z]+-[A-Z]+-\d+)\])?$/s.exec(word(number));
    const bad = /^(It breaks a rule|The device refused|It is wrong)/.test(text);
    const line = make("li", bad ? "bad" : "", ...sentence(text));
    if (clause) line.append(" ", make("span", "clause", clause));
    list.append(line);
  }
  for (const clause of clauses) {
    const [section, words] = scene.rules[clause];
    rules.append(make("dt", "", clause),
      make("dd", "", section ? `${words} (virtio 1.4, ${section})` : words));
  }
  $("why").replaceChildren(make("h2", "", "Why"), list, ...(clauses.length ? [rules] : []));
}

// ---- credit ----

const BALANCE = ["sent", "forwarded", "in flight", "window", "free"];

function balanceRows(from, to, balance, way) {
  const [sent, forwarded, windowed, flying, free] = balance;
  const part = windowed ? Math.min(flying / windowed, 1) : flying ? 1 : 0;
  const fill = make("i");
  fill.style.width = `${(100 * part).toFixed(2)}%`;
  const bar = make("td", way, `${from} \u2192 ${to}`, make("div", `bar ${flying > windowed ? "bad" : way}`, fill));
  bar.colSpan = BALANCE.length;
  const numbers = [sent, forwarded, flying, windowed, free];
  return [
    make("tr", "", bar),
    make("tr", "", ...numbers.map((n, i) =>
      make("td", i === 4 && n === 0 && flying ? "bad" : "", String(n)))),
  ];
}

function balanceTable(conn, row) {
  const [one, other] = conn.ends;
  const head = make("tr", "", ...BALANCE.map((name) => make("th", "", name)));
  return make("table", "", make("tbody", "", head,
    ...balanceRows(one, other, row[1], "to"), ...balanceRows(other, one, row[2], "back")));
}

// Who waits at a place, and for whom.
function stallLines(conn, number) {
  return conn.stalls.filter(([from, , , to]) => from <= number && (!to || number < to))
    .map(([from, waits, owes, to]) => {
      const line = make("p", "wait", `CID ${waits} waits since `, link(placeOf(from)),
        `: CID ${owes} owes a CREDIT_UPDATE`);
      line.append(...(to && placeOf(to) >= 0 ? [", which is ", link(placeOf(to))] : [", and sends none in this trace"]));
      return line;
    });
}

function drawCredit(at) {
  const box = $("credit"), own = entries[at][CONN] >= 0, conn = conns[connAt[at]];
  if (!conn) {
    box.replaceChildren(make("h2", "", "Credit"), make("p", "dim", "No connection so far."));
    return;
  }
  const only = make("button", "small", "Only this connection");
  only.addEventListener("click", () => setFilter(conn.ends.join(" ")));
  const title = make("h2", "", "Credit", make("span", "more", `${connName(conn)} ${conn.type} `, only));
  const row = ledgerRow(conn, at), lines = [];
  if (!own) lines.push(make("p", "dim", "Of the connection that was last heard of."));
  if (row) lines.push(balanceTable(conn, row), ...stallLines(conn, entries[at][NUMBER]));
  else if (conn.rows.length) lines.push(make("p", "dim", "The connection has not begun yet."));
  else lines.push(make("p", "dim", "No account: these packets belong to no connection that began here."));
  box.replaceChildren(title, ...lines);
}
