"use strict";

const BOX = { width: 200, line: 16, letters: 24 };

/* One picture for each aspect with a recommended term. */
function graphs(predictions) {
  const pictures = ASPECTS.map((_, aspect) => predictions.filter(({ term }) => term.aspect === aspect));
  return [
    el("p", { class: "muted" }, "Thick boxes are the most specific recommended terms. More general terms are folded: a box with a plus opens those directly above it."),
    el("div", { class: "pictures" }, pictures.filter((rows) => rows.length).map((rows) => new TermGraph(rows).element)),
  ];
}

/* The recommended terms of one aspect and what is above them; what is between is folded until asked for. */
class TermGraph {
  constructor(rows) {
    this.rowOf = new Map(rows.map((row) => [row.term.number, row]));
    this.best = [...this.rowOf].filter(([, { kind }]) => kind === 0).map(([term]) => term);
    this.above = new Map();
    this.best.forEach((term) => this.ancestors(term));
    const roots = [...this.above.keys()].filter((term) => !Data.terms[term].parents.length);
    this.first = [...this.best, ...roots];
    this.picture = el("div", { class: "scroll graph" });
    const aspect = rows[0].term.aspect;
    this.element = el("figure", {},
      el("figcaption", {}, el("span", { class: `aspect a${aspect}` }), el("b", {}, ASPECTS[aspect]),
        el("button", { type: "button", onclick: () => this.show([...this.above.keys()]) }, "Unfold all"),
        el("button", { type: "button", onclick: () => this.show(this.first) }, "Fold")),
      this.picture);
    this.show(this.first);
  }

  /* All that is above a term, in this.above. */
  ancestors(term) {
    if (!this.above.has(term)) {
      const found = new Set();
      this.above.set(term, found);
      for (const [parent] of Data.terms[term].parents) {
        found.add(parent);
        this.ancestors(parent).forEach((higher) => found.add(higher));
      }
    }
    return this.above.get(term);
  }

  show(terms, focused) {
    this.shown = new Set(terms);
    this.draw();
    if (focused !== undefined) this.picture.querySelector(`[data-term="${focused}"]`)?.focus();
  }

  hiddenParents(term) {
    return Data.terms[term].parents.map(([parent]) => parent).filter((parent) => !this.shown.has(parent));
  }

  /* Lines from a shown term to the shown terms above it: direct ones, and those over folded terms. */
  linesFrom(term) {
    const lines = new Map(), seen = new Set(), todo = Data.terms[term].parents.map(([parent, relation]) => [parent, relation]);
    while (todo.length) {
      const [parent, relation] = todo.pop();
      if (this.shown.has(parent)) {
        if (!lines.get(parent)) lines.set(parent, relation);
      } else if (!seen.has(parent)) {
        seen.add(parent);
        todo.push(...Data.terms[parent].parents.map(([higher]) => [higher, null]));
      }
    }
    const targets = [...lines.keys()];
    return [...lines].filter(([parent, relation]) => relation || !targets.some((other) => other !== parent && this.above.get(other).has(parent)));
  }

  draw() {
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({ rankdir: "TB", nodesep: 18, ranksep: 42, marginx: 6, marginy: 6 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const term of this.shown) {
      const lines = wrapped(Data.terms[term].name, BOX.letters);
      graph.setNode(String(term), { term, lines, width: BOX.width, height: BOX.line * (lines.length + 1) + 14 });
    }
    for (const term of this.shown) for (const [parent, relation] of this.linesFrom(term)) graph.setEdge(String(parent), String(term), { relation });
    dagre.layout(graph);
    const { width, height } = graph.graph();
    const edges = graph.edges().map((edge) => this.line(graph.edge(edge)));
    const boxes = graph.nodes().map((name) => this.box(graph.node(name)));
    this.picture.replaceChildren(svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "graph of GO terms" }, edges, boxes));
  }

  line({ points, relation }) {
    const path = points.map(({ x, y }, place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const middle = points[Math.floor(points.length / 2)];
    const label = relation && relation !== "is_a" ? svg("text", { x: middle.x + 4, y: middle.y, class: "relation" }, relation.replace("_", " ")) : null;
    return svg("g", { class: relation ? "edge" : "edge folded" }, svg("path", { d: path }), label);
  }

  box({ term, lines, x, y, width, height }) {
    const { goId, name, aspect } = Data.terms[term], row = this.rowOf.get(term), folded = this.hiddenParents(term).length;
    const kind = row ? KINDS[row.kind].split(" ")[0] : "other";
    const open = () => this.show([...this.shown, ...this.hiddenParents(term)], term);
    const says = `${name}${row ? `, score ${row.score.toFixed(2)}` : ""}${folded ? `; ${counted(folded, "more general term")} folded, Enter unfolds` : ""}`;
    const more = folded ? { tabindex: 0, role: "button", onclick: open, onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } } } : {};
    return svg("g", { class: `box a${aspect} ${kind}`, transform: `translate(${(x - width / 2).toFixed(1)} ${(y - height / 2).toFixed(1)})`, "data-term": term, "aria-label": says, ...more },
      svg("title", {}, says), svg("rect", { width, height, rx: 6 }),
      lines.map((text, number) => svg("text", { x: 10, y: 19 + BOX.line * number }, text)),
      svg("text", { x: 10, y: height - 9, class: "small" }, `${goId}${row ? ` · ${row.score.toFixed(2)}` : ""}`),
      folded ? svg("text", { x: width - 10, y: height - 9, class: "small more", "text-anchor": "end" }, `+${folded}`) : null);
  }
}

/* Lines of at most so many letters, at most three of them. */
function wrapped(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && (lines.at(-1) + word).length > most) lines.push("");
    lines[lines.length - 1] += `${lines.at(-1) ? " " : ""}${word}`;
  }
  return (lines.length > 3 ? [...lines.slice(0, 2), `${lines[2]} …`] : lines).map((line) => (line.length > most + 3 ? `${line.slice(0, most + 1)}…` : line));
}
