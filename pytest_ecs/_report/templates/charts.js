// Charts: servers and jobs over time as a picture with words, latency as a table with bars.
const SVG = "http://www.w3.org/2000/svg";
function svg(tag, about, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(about)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function timeChart() {
  const points = data.time;
  if (points.length < 2) return;
  const [width, height, left, bottom] = [960, 250, 36, 30];
  const end = points.at(-1)[0] || 1, most = Math.max(1, ...points.map((p) => Math.max(p[1], p[2])));
  const x = (t) => left + (t / end) * (width - left - 10), y = (n) => height - bottom - (n / most) * (height - bottom - 30);
  const steps = (index) => points.map((p, n) => (n ? `H${x(p[0]).toFixed(1)}V${y(p[index]).toFixed(1)}` : `M${x(p[0]).toFixed(1)} ${y(p[index]).toFixed(1)}`)).join("");
  const highest = (index) => Math.max(...points.map((p) => p[index]));
  const said = `Over ${Math.round(end / 60)} minutes of the target's clock there were at most ${highest(1)} ${highest(1) === 1 ? "server" : "servers"} and ${highest(2)} ${highest(2) === 1 ? "job" : "jobs"} at once.`;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said });
  for (const n of [...new Set([0, Math.ceil(most / 2), most])]) {
    picture.append(svg("line", { class: "axis", x1: left, x2: width - 10, y1: y(n), y2: y(n) }), svg("text", { x: left - 8, y: y(n) + 4, "text-anchor": "end" }, String(n)));
  }
  for (let n = 0; n <= 4; n += 1) picture.append(svg("text", { x: x((end * n) / 4), y: height - 8, "text-anchor": ["start", "middle", "middle", "middle", "end"][n] }, `${((end * n) / 240).toFixed(end > 600 ? 0 : 1)} min`));
  picture.append(svg("path", { class: "jobs", d: steps(2) }), svg("path", { class: "servers", d: steps(1) }));
  picture.append(svg("text", { class: "servers-text", x: left + 8, y: 14 }, "— servers"), svg("text", { class: "jobs-text", x: left + 92, y: 14 }, "- - jobs"));
  byId("chart-time").append(el("figure", {}, el("figcaption", {}, el("b", {}, "Servers and jobs over time"), el("span", { class: "soft" }, `${said} As requests and jobs tell of them.`)), el("div", { class: "scroll" }, picture)));
}

function latencyChart() {
  if (!data.latency.length) return;
  const slowest = data.latency.toSorted((a, b) => b[3] - a[3]);
  const low = Math.max(0.05, Math.min(...slowest.map((l) => l[2]))), high = Math.max(...slowest.map((l) => l[4]), low * 10);
  const at = (ms) => `${Math.max(0, Math.min(100, (Math.log(ms / low) / Math.log(high / low)) * 100)).toFixed(1)}%`;
  const digits = (ms) => (ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(1) : ms.toFixed(2));
  const body = el("tbody", {});
  const draw = (some) => body.append(...some.map(([name, requests, p50, p90, p99]) => {
    const track = el("span", { class: "track", "aria-hidden": "true" }, el("i", { class: "p90" }), el("i", { class: "p50" }), el("i", { class: "p99" }));
    track.children[0].style.width = at(p90);
    track.children[1].style.left = at(p50);
    track.children[2].style.left = `calc(${at(p99)} - 3px)`;
    return el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)), el("td", { class: "wide" }, track), [requests, digits(p50), digits(p90), digits(p99)].map((n) => el("td", { class: "n" }, n)));
  }));
  draw(slowest.slice(0, 20));
  const table = el("table", { class: "latency", "aria-label": "Latency by operation, in milliseconds" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Operation"), el("th", { scope: "col" }, "logarithmic"), ["requests", "p50", "p90", "p99"].map((t) => el("th", { scope: "col", class: "n" }, t)))), body);
  const figure = el("figure", {}, el("figcaption", {}, el("b", {}, "Latency by operation, in milliseconds"), el("span", { class: "soft" }, "The slowest first. Bar to p90, blue p50, orange p99.")), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Latency by operation" }, table));
  if (slowest.length > 20) {
    const button = el("button", { type: "button", on: { click: () => { button.remove(); draw(slowest.slice(20)); } } }, `Show all ${slowest.length}`);
    figure.append(el("p", {}, button));
  }
  byId("chart-latency").append(figure);
}

function startLists() {
  lazily(byId("rulings-list"), (d) => d.lastElementChild.append(...Object.values(data.rulings).map((r) => lazily(
    el("details", {}, el("summary", {}, el("span", {}, el("code", {}, r.id), " ", el("span", { class: "soft" }, `${r.section}: ${r.where}`)))),
    (one) => one.append(el("ul", {}, r.readings.map((x) => el("li", {}, x))), el("p", {}, `Accepted: ${r.accept}. ${r.why}`))))));
  lazily(byId("drift-list"), (d) => d.lastElementChild.append(el("ul", {}, data.drift.map(([operation, kind, what]) => el("li", {}, `${operation}: ${kind} `, el("code", {}, what))))));
}

startBroken();
startClaims();
startMatrix();
fromHash();
requestAnimationFrame(() => setTimeout(() => { timeChart(); latencyChart(); startLists(); document.documentElement.dataset.ready = "yes"; }));
