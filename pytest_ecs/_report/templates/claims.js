// Claims by operation, drawn when they are opened, and the filters.
const filters = { v: "", l: "", c: "", k: "", o: "", q: "" };
const FIELDS = { l: "filter-level", c: "filter-chapter", k: "filter-kind", o: "filter-operation", q: "filter-text" };
const FEW = 30;
let matching = rows;

const badge = (verdict) => el("span", { class: `badge t-${verdict}` }, `${SIGNS[verdict]} ${WORDS[verdict]}`);
const block = (title, ...content) => [el("h4", {}, title), ...content];
const code = (...content) => el("pre", { tabindex: "0" }, ...content);

function lazily(details, fill) {
  details.addEventListener("toggle", () => { if (details.open && !details.filled) { details.filled = true; fill(details); } });
  return details;
}

// Where a claim about an answer looks: in the status, the headers or, with or without saying so, the body.
function placesIn(answer, where, kind) {
  if (!where) return [];
  if (/^(status|headers|body)(\.|$)/.test(where)) return stepsOf(answer, where.split("."));
  const body = answer.body, inside = body !== null && typeof body === "object";
  if (!inside || (kind !== "response" && !Object.hasOwn(body, where.split(".")[0]))) return [];
  return stepsOf(body, where.split(".")).map((steps) => ["body", ...steps]);
}

function exchangeParts(id, where, kind) {
  const one = data.exchanges[id];
  if (!one) return [el("p", {}, "Recorded as ", el("code", {}, id), `. To read it: `), code(`zcat ${data.evidence} | grep '"id":"${id}"'`)];
  const answer = { status: one.status, headers: one.headers, body: one.body ?? one.text };
  const seen = one.failure ? one.failure : `HTTP ${one.status}${one.id ? `, request id ${one.id}` : ""}, ${one.ms} ms`;
  return [
    el("p", {}, el("code", {}, one.request), ` → ${seen} `, el("span", { class: "soft" }, `(${id})`)),
    one.change ? el("p", {}, `Changed: ${one.change}${one.control ? ` (otherwise like ${one.control}, which was accepted)` : ""}`) : null,
    code(one.curl),
    code(pretty(answer, placesIn(answer, where, kind))),
  ];
}

function claimParts(row) {
  const detail = data.details[row.place];
  const parts = [];
  const proofs = data.proved[row.place];
  const proved = proofs === undefined ? "" : ` · ${proofs ? `${count(proofs)} ${proofs === 1 ? "deviation shows" : "deviations show"} that its check bites` : "no deviation shows that its check bites"}`;
  parts.push(el("p", { class: "soft" }, `${withTitles(row.section)} · ${row.level} · ${row.kind}${proved}`));
  if (detail && row.verdict !== "error") {
    const { observed, where } = detail;
    const plain = typeof observed === "string" && /^\(.*\)$/.test(observed);
    const inside = where && observed !== null && typeof observed === "object" ? stepsOf(observed, where.split(".")) : [[]];
    const places = inside.some((steps) => steps[0]?.missing) ? [] : inside;
    parts.push(el("div", { class: "pair" },
      el("div", {}, block("Expected", code(detail.expected || row.says))),
      el("div", {}, block(where ? `Observed, at ${where}` : "Observed", code(plain ? el("mark", {}, observed) : pretty(observed, places))))));
  }
  const reason = detail ? detail.reason : row.reason;
  if (reason && row.verdict !== "fail") parts.push(...block(row.verdict === "waived" ? "Waived" : "Why", el("p", {}, reason)));
  const ruling = data.rulings[row.ruling];
  if (ruling) parts.push(...block("Ruling", el("p", {}, el("code", {}, ruling.id), ` on ${ruling.where}. Accepted: ${ruling.accept}. ${ruling.why}`)));
  else if (row.ruling) parts.push(...block("Ruling", el("p", {}, el("code", {}, row.ruling))));
  row.evidence.forEach((id, n) => {
    const shown = n === 0 || data.exchanges[id];
    if (shown) parts.push(...block(n ? "Evidence, before that or beside it" : "Evidence", ...exchangeParts(id, n ? "" : detail?.where, row.kind)));
  });
  if (detail?.text) parts.push(el("details", {}, el("summary", {}, el("span", {}, "As a bug report")), code(detail.text)));
  return parts.filter(Boolean);
}

function claim(row, open) {
  const details = el("details", { class: "claim" }, el("summary", {},
    el("span", {}, el("span", { class: "says" }, row.says), el("span", { class: "id" }, el("code", {}, row.id), ` [${row.section}]`)), badge(row.verdict)));
  lazily(details, () => details.append(el("div", {}, claimParts(row))));
  if (open) details.open = true;
  return details;
}

function operationNode(operation) {
  const node = { operation, shown: [], details: null };
  node.name = el("span", {}, el("span", { class: "name" }, operation.method ? el("code", {}, operation.name) : `Section ${operation.name}`), " ",
    el("small", {}, `${operation.method ? `${operation.section} ` : ""}${operation.method ? data.titles[operation.section] ?? operation.summary : operation.summary}`));
  node.bar = el("span", { class: "bar" });
  node.count = el("span", { class: "count" });
  node.body = el("div", {});
  node.details = el("details", { class: "operation" }, el("summary", {}, node.name, node.bar, node.count), node.body);
  node.details.addEventListener("toggle", () => { if (node.details.open) fill(node); });
  return node;
}
const nodes = operations.map(operationNode);

function fill(node, force) {
  if (node.drawn === node.shown && !force) return;
  node.drawn = node.shown;
  const { operation } = node, example = data.examples[operation.place];
  const intro = operation.method ? el("p", { class: "soft" }, el("code", {}, `${operation.method} ${operation.path}`), ` · ${operation.summary}`) : null;
  const success = example && data.exchanges[example]
    ? lazily(el("details", {}, el("summary", {}, el("span", {}, "A success, as it was recorded"))), (d) => d.append(el("div", {}, exchangeParts(example, "").filter(Boolean)))) : null;
  const sorted = node.shown.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || a.place - b.place);
  node.body.replaceChildren(...[intro, success].filter(Boolean));
  more(node.body, sorted, 0);
}

// So many claims at once: an operation can have hundreds.
function more(body, sorted, from) {
  const next = sorted.slice(from, from + 100);
  body.append(...next.map((row) => claim(row, sorted.length === 1)));
  if (from + 100 >= sorted.length) return;
  const button = el("button", { type: "button", on: { click: () => { button.remove(); more(body, sorted, from + 100); body.children[body.children.length - 1].focus?.(); } } }, `Show ${count(Math.min(100, sorted.length - from - 100))} more of ${count(sorted.length)}`);
  body.append(button);
}

function match() {
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  const phrase = filters.q.trim().toLowerCase();
  return rows.filter((row) =>
    (!filters.v || row.verdict === filters.v) && (!filters.l || row.level === filters.l) && (!filters.k || row.kind === filters.k) &&
    (!filters.o || row.operation.name === filters.o) &&
    (!filters.c || row.operation.group === filters.c || row.operation.group.startsWith(`${filters.c}.`)) &&
    (!phrase || haystack(row).includes(phrase) || words.every((word) => row.text.includes(word))));
}

function update() {
  matching = match();
  for (const node of nodes) node.shown = [];
  for (const row of matching) nodes[row.operation.place].shown.push(row);
  let some = 0;
  const few = matching.length > 0 && matching.length <= FEW;
  for (const node of nodes) {
    const any = node.shown.length > 0;
    if (node.details.hidden === any) node.details.hidden = !any;
    if (!any) { if (node.details.open) node.details.open = false; continue; }
    some += 1;
    const sums = tally(node.shown), said = inWords(sums);
    if (said !== node.said) {
      const fresh = bar(sums);
      node.bar.replaceWith(fresh);
      node.bar = fresh;
      node.count.textContent = node.said = said;
    }
    if (few && !node.details.open) node.details.open = true;
    else if (!few && node.auto && node.details.open) node.details.open = false;
    node.auto = few;
    if (node.details.open) fill(node);
  }
  byId("found").textContent = matching.length ? `${count(matching.length)} of ${count(rows.length)} claims, in ${count(some)} ${some === 1 ? "group" : "groups"}.` : "No claim fits. Clear a filter to see more.";
  for (const button of byId("filter-verdict").children) button.setAttribute("aria-pressed", String(button.dataset.verdict === filters.v));
}

function remember() {
  const said = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString().replaceAll("+", "%20");
  history.replaceState(null, "", said ? `#${said}` : "#claims");
}

function choose(changes) {
  Object.assign(filters, changes);
  for (const [name, id] of Object.entries(FIELDS)) byId(id).value = filters[name];
  update();
}

function fromHash() {
  if (!location.hash.includes("=")) return;
  const asked = new URLSearchParams(location.hash.slice(1));
  const row = asked.has("r") ? rows.find((one) => one.id === asked.get("r")) : null;
  const nothing = Object.fromEntries(Object.keys(filters).map((name) => [name, ""]));
  if (row) choose({ ...nothing, o: row.operation.name, q: row.id });
  else choose({ ...nothing, ...Object.fromEntries(Object.keys(filters).map((name) => [name, asked.get(name) ?? ""])) });
  byId("claims").scrollIntoView();
  byId("filter-text").focus({ preventScroll: true });
}

function options(id, any, values) {
  byId(id).append(el("option", { value: "" }, any), ...values.map(([value, text]) => el("option", { value }, text)));
}

function startClaims() {
  const sums = tally(rows);
  byId("filter-verdict").append(...VERDICTS.filter((v) => sums[v]).map((v) => {
    const button = el("button", { type: "button", class: `t-${v}`, "aria-pressed": "false", on: { click: () => { choose({ v: filters.v === v ? "" : v }); remember(); } } }, `${SIGNS[v]} ${WORDS[v]} ${count(sums[v])}`);
    button.dataset.verdict = v;
    return button;
  }));
  const groups = [...new Set(operations.map((o) => o.group))].sort(numeric.compare);
  const chapters = [...new Set(groups.map((g) => g.split(".")[0]).filter((c) => !groups.includes(c)))];
  const places = [...groups, ...chapters].sort(numeric.compare);
  options("filter-level", "any", [...data.words.level].sort().map((l) => [l, l]));
  options("filter-chapter", "any", places.map((p) => [p, `${p.includes(".") ? "\u00a0\u00a0" : ""}${p} ${data.titles[p] ?? ""}`]));
  options("filter-kind", "any", [...data.words.kind].sort().map((k) => [k, k]));
  options("filter-operation", "any", inOrder.map((o) => [o.name, o.method ? o.name : `Section ${o.name}`]));
  byId("operations").append(...inOrder.map((operation) => nodes[operation.place].details));
  for (const [name, id] of Object.entries(FIELDS)) byId(id).addEventListener("input", () => { filters[name] = byId(id).value; update(); remember(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", (event) => { event.preventDefault(); choose({ v: "", l: "", c: "", k: "", o: "", q: "" }); remember(); byId("filter-text").focus(); });
  addEventListener("hashchange", fromHash);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
    event.preventDefault();
    byId("filter-text").focus();
  });
  update();
}

function startBroken() {
  const titles = [
    ["Failed", (r) => r.verdict === "fail" && r.level === "must", "v=fail&l=must"],
    ["Errors", (r) => r.verdict === "error", "v=error"],
    ["Recommendations not met", (r) => r.verdict === "fail" && r.level !== "must", "v=fail"],
    ["Waived", (r) => r.verdict === "waived", "v=waived"],
  ];
  for (const [title, fits, hash] of titles) {
    const some = rows.filter(fits);
    if (!some.length) continue;
    byId("broken").append(el("h3", {}, `${title} (${count(some.length)})`), ...some.slice(0, 15).map((row) => claim(row, some.length === 1)));
    if (some.length > 15) byId("broken").append(el("p", {}, el("a", { href: `#${hash}` }, `Show all ${count(some.length)}`)));
  }
}
