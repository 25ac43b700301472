// Operations by kind of requirement: one grid, one stop of the tabulator, arrow keys inside.
function startMatrix() {
  const kinds = [...data.words.kind].sort((a, b) => byKind(b) - byKind(a) || a.localeCompare(b));
  const sums = tally(rows);
  byId("legend").append(...ORDER.filter((v) => sums[v]).map((v) => el("li", {}, el("b", { class: `t-${v}` }, SIGNS[v]), WORDS[v])));
  const head = el("tr", {}, el("th", { scope: "col" }, "Operation"), kinds.map((kind) => el("th", { scope: "col" }, el("span", {}, kind))));
  const body = el("tbody", {});
  let group = null;
  for (const operation of inOrder) {
    if (operation.group !== group) {
      group = operation.group;
      body.append(el("tr", {}, el("th", { scope: "rowgroup", colspan: kinds.length + 1 }, `${group} ${data.titles[group] ?? ""}`)));
    }
    body.append(matrixRow(operation, kinds));
  }
  const grid = el("table", { class: "grid", role: "grid", "aria-label": "Operations by kind of requirement" }, el("thead", {}, head), body);
  grid.addEventListener("keydown", (event) => move(event, grid));
  grid.addEventListener("click", (event) => {
    const { place, kind } = event.target.dataset;
    if (place === undefined) return;
    rove(grid, event.target);
    location.hash = new URLSearchParams({ o: operations[place].name, k: kind }).toString();
  });
  byId("matrix-body").append(grid);
  grid.querySelector("button")?.setAttribute("tabindex", "0");
}

const kindSums = new Map();
function byKind(kind) {
  if (!kindSums.size) for (const row of rows) kindSums.set(row.kind, (kindSums.get(row.kind) ?? 0) + 1);
  return kindSums.get(kind);
}

function matrixRow(operation, kinds) {
  const cells = new Map();
  for (const row of operation.rows) cells.set(row.kind, [...(cells.get(row.kind) ?? []), row]);
  return el("tr", {},
    el("th", { scope: "row", title: operation.summary }, el("span", { class: "soft" }, operation.section), operation.method ? operation.name : "in general"),
    kinds.map((kind) => {
      const some = cells.get(kind);
      if (!some) return el("td", {});
      const sums = tally(some), worst = ORDER.find((v) => sums[v]);
      const button = el("button", { class: `t-${worst}`, tabindex: "-1", "aria-label": `${operation.name}, ${kind}: ${inWords(sums)}`, title: inWords(sums) }, worst === "pass" ? `${sums.pass}` : `${SIGNS[worst]}${sums[worst]}`);
      button.dataset.place = operation.place;
      button.dataset.kind = kind;
      return el("td", {}, button);
    }));
}

function rove(grid, next) {
  for (const old of grid.querySelectorAll('button[tabindex="0"]')) old.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
}

function move(event, grid) {
  const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
  const cell = event.target.closest("td");
  if (!cell || (!down && !right)) return;
  event.preventDefault();
  let row = cell.parentElement, at = cell.cellIndex, next = null;
  while (!next) {
    if (down) row = down > 0 ? row.nextElementSibling : row.previousElementSibling;
    at += right;
    if (!row || (right && !row.cells[at])) return;
    next = row.cells[at]?.querySelector("button");
  }
  rove(grid, next);
  next.focus();
}
