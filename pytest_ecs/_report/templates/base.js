// Everything is put into the page as text: no string of the report is ever parsed as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const VERDICTS = data.verdicts;
const WORDS = { pass: "passed", fail: "failed", not_tested: "not tested", not_applicable: "not applicable", waived: "waived", error: "error" };
const SIGNS = { pass: "✓", fail: "✗", not_tested: "–", not_applicable: "∅", waived: "◊", error: "!" };
// The worst first.
const ORDER = ["fail", "error", "waived", "not_tested", "not_applicable", "pass"];
const byId = (id) => document.getElementById(id);
const HARMFUL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const safe = (text) => String(text).replace(HARMFUL, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
const count = (number) => number.toLocaleString("en-US");

function el(tag, about, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(about || {})) {
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name === "class") node.className = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, safe(value));
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== "").map((c) => (c instanceof Node ? c : safe(c))));
  return node;
}

const operations = data.operations.map(([name, section, summary, method, path, group], place) => ({ name, section, summary, method, path, group, place, rows: [] }));
const rows = data.rows.map(([operation, short, verdict, section, kind, level, says, reason, ruling, evidence], place) => {
  const row = {
    place, operation: operations[operation], verdict: VERDICTS[verdict],
    id: short.startsWith("/") ? short.slice(1) : `${operations[operation].name}/${short}`,
    section: data.words.section[section], kind: data.words.kind[kind], level: data.words.level[level], says: data.words.says[says],
    reason: data.words.reason[reason], ruling: data.words.ruling[ruling], evidence: evidence ? evidence.split(" ") : [], text: null,
  };
  row.operation.rows.push(row);
  return row;
});
// As the document has them: 5.1.9 before 5.1.10, and what binds a whole section before its operations.
const numeric = new Intl.Collator("en", { numeric: true });
const inOrder = operations.toSorted((a, b) => numeric.compare(a.group, b.group) || Boolean(a.method) - Boolean(b.method) || numeric.compare(a.section, b.section) || a.place - b.place);
const haystack = (row) => (row.text ??= `${row.id} ${row.says} ${row.section} ${row.reason} ${row.ruling} ${row.operation.summary} ${row.operation.path}`.toLowerCase());

function tally(some) {
  const sums = Object.fromEntries(VERDICTS.map((v) => [v, 0]));
  for (const row of some) sums[row.verdict] += 1;
  return sums;
}
const inWords = (sums) => ORDER.filter((v) => sums[v]).map((v) => `${count(sums[v])} ${WORDS[v]}`).join(", ");

function bar(sums) {
  return el("span", { class: "bar", "aria-hidden": "true" }, ORDER.toReversed().filter((v) => sums[v]).map((v) => {
    const part = el("i", { class: `b-${v}` });
    part.style.flexGrow = sums[v];
    return part;
  }));
}

// "5.1.2, table 5-8" with the titles of the sections in it.
function withTitles(section) {
  return section.replace(/\b(?:A|\d+)(?:\.\d+)+\b|\bA-\d\b/g, (number) => (data.titles[number] ? `${number} ${data.titles[number]}` : number));
}

// The steps of a place such as body.servers.*.id inside a value; names may have dots in them.
function stepsOf(value, tokens) {
  if (!tokens.length) return [[]];
  if (Array.isArray(value)) {
    const [first, ...rest] = tokens;
    const places = first === "*" ? [...value.keys()] : [Number(first)].filter((n) => n in value);
    return places.length ? places.flatMap((n) => stepsOf(value[n], rest).map((steps) => [n, ...steps])) : [[{ missing: tokens.join(".") }]];
  }
  if (value !== null && typeof value === "object") {
    for (let n = tokens.length; n > 0; n -= 1) {
      const name = tokens.slice(0, n).join(".");
      if (Object.hasOwn(value, name)) return stepsOf(value[name], tokens.slice(n)).map((steps) => [name, ...steps]);
    }
    return [[{ missing: tokens.join(".") }]];
  }
  return [[]];
}

// A value as indented JSON; what stands at one of the places is marked, what is missing there is said.
function pretty(value, places) {
  const out = document.createDocumentFragment();
  let text = "";
  const flush = () => { if (text) out.append(safe(text)); text = ""; };
  const marked = (what) => { flush(); out.append(el("mark", {}, el("span", { class: "visually-hidden" }, "differs: "), what)); };
  const write = (one, here, indent) => {
    if (here.some((steps) => !steps.length)) return marked(JSON.stringify(one, null, 2)?.replaceAll("\n", `\n${indent}`) ?? "");
    if (one === null || typeof one !== "object" || !Object.keys(one).length) {
      text += JSON.stringify(one);
      if (here.length) marked(` (no ${here[0][0].missing ?? here[0].join(".")})`);
      return undefined;
    }
    const inner = `${indent}  `, list = Array.isArray(one);
    text += list ? "[" : "{";
    let first = true;
    for (const name of Object.keys(one)) {
      text += `${first ? "" : ","}\n${inner}${list ? "" : `${JSON.stringify(name)}: `}`;
      first = false;
      write(one[name], here.filter((steps) => String(steps[0]) === name && typeof steps[0] !== "object").map((steps) => steps.slice(1)), inner);
    }
    for (const [missing] of here.filter((steps) => steps[0] && steps[0].missing).slice(0, 1)) { text += `\n${inner}`; marked(`(no ${missing.missing})`); }
    text += `\n${indent}${list ? "]" : "}"}`;
    return undefined;
  };
  write(value, places, "");
  flush();
  return out;
}
