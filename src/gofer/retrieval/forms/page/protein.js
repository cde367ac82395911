"use strict";

let ofProtein = null; // the table of the protein that is shown
const TRACKS = 12; // terms of the residue track before it is unfolded

/* The view of one protein: predictions, residues, nearest known proteins, graph. */
async function showProtein(protein) {
  const rows = await Blocks.ofProtein(protein);
  const predictions = rows.terms.map((_, place) => prediction(protein, rows, place));
  const best = predictions.filter(({ kind }) => kind === 0), likely = predictions.filter(({ kind }) => kind < 2);
  one("protein").replaceChildren(
    proteinHead(protein, predictions),
    section("Predicted terms", levels(predictions), el("div", { id: "terms-of-protein" })),
    residueTrack(protein, best.length ? best : predictions.slice(0, TRACKS)),
    nearestTable(predictions),
    ...(likely.length ? [section("Where the terms are in the Gene Ontology", ...graphs(likely))] : []),
  );
  if (predictions.length) proteinTable(predictions, best.length ? 0 : 2);
  else document.getElementById("terms-of-protein").replaceChildren(el("p", { class: "muted" }, `None: ${protein.reason}.`));
}

function section(title, ...children) {
  return el("section", {}, el("h3", {}, title), ...children);
}

function proteinHead(protein, predictions) {
  const beside = (step, text, rel) => {
    const other = Data.proteins[protein.number + step];
    return other ? el("a", { href: `#${encodeURIComponent(other.id)}`, rel, title: other.id }, text) : null;
  };
  const counts = `${counted(protein.likely, "recommended term")}, ${protein.counts[0]} of them most specific; ${counted(predictions.length, "prediction")} in all`;
  return el("div", { class: "head" },
    el("nav", { "aria-label": "Proteins" }, el("a", { href: "#" }, "← All proteins"), beside(-1, "‹ Previous", "prev"), beside(1, "Next ›", "next")),
    el("h2", {}, el("span", { class: "id" }, protein.id), protein.name ? el("span", { class: "name" }, protein.name) : null),
    el("p", { class: "muted" }, protein.organism ? el("i", {}, protein.organism) : null, protein.organism ? " · " : "", counted(protein.length, "residue"),
      protein.uniprot ? " · " : null, protein.uniprot ? outside(uniProt(protein.uniprot), "UniProt", "Open in UniProt") : null),
    el("p", {}, protein.reason ? `No term is recommended: ${protein.reason}.` : `${counts}.`));
}

/* Which of the protein's terms its table shows. */
function levels(predictions) {
  const most = predictions.some(({ kind }) => kind === 0) ? 0 : 2;
  const options = ["the most specific recommended terms", "all recommended terms", "all predictions, unlikely ones too"];
  const choice = el("select", { id: "level-of-protein", onchange: (event) => proteinTable(predictions, Number(event.target.value)) },
    options.map((text, level) => el("option", { value: level, selected: level === most }, text)));
  return predictions.length ? el("label", { class: "inline" }, "Show ", choice) : el("span");
}

function proteinTable(predictions, level) {
  const rows = predictions.filter(({ kind }) => kind <= level);
  ofProtein?.destroy();
  ofProtein = table("#terms-of-protein", { data: rows, columns: predictionColumns(false), pagination: rows.length > 50 });
}

/* One line per term with the residues that matter most for it, drawn along the sequence. */
function residueTrack(protein, predictions) {
  const drawn = predictions.filter(({ ranges }) => ranges);
  if (!drawn.length) return el("span");
  const lines = drawn.map((row, number) => trackLine(protein, row, number >= TRACKS));
  const more = el("button", { type: "button", onclick: () => { lines.forEach((line) => { line.hidden = false; }); more.remove(); } },
    `Show ${counted(drawn.length - TRACKS, "more term")}`);
  return section("Where in the sequence",
    el("p", { class: "muted" }, "Marked are the residues without which the similarity with the term drops most. They do not explain the part of the score that comes from known proteins."),
    el("div", { class: "tracks" }, lines, ruler(protein.length)), drawn.length > TRACKS ? more : null);
}

function trackLine(protein, { term, ranges, score }, hidden) {
  const bar = el("span", { class: "track" });
  for (const range of ranges.split(",")) {
    const [first, last] = range.split("-").map(Number);
    const mark = el("i", { class: `a${term.aspect}`, title: `residues ${first}–${last}` });
    mark.style.left = `${100 * (first - 1) / protein.length}%`;
    mark.style.width = `${100 * (last - first + 1) / protein.length}%`;
    bar.append(mark);
  }
  return el("div", { hidden }, el("span", { class: "label", title: term.name }, term.name, el("small", {}, ` ${score.toFixed(2)}`)), bar,
    el("span", { class: "ranges" }, spaced(ranges)));
}

function ruler(length) {
  const line = el("span", { class: "track ruler" });
  const step = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((wide) => length / wide <= 8) ?? 10_000;
  const ends = [1, ...Array.from({ length: Math.floor(length / step) }, (_, index) => (index + 1) * step).filter((end) => end < length - step / 2), length];
  for (const residue of ends) {
    const tick = el("b", {}, residue.toLocaleString("en"));
    tick.style.left = `${100 * (residue - 0.5) / length}%`;
    line.append(tick);
  }
  return el("div", { "aria-hidden": "true" }, el("span", { class: "label" }, "residue"), line, el("span", { class: "ranges" }));
}

/* The known proteins that are nearest for some term: the one that supports most recommended terms first. */
function nearestTable(predictions) {
  const found = new Map();
  for (const { known, kind, term } of predictions.filter(({ known }) => known.id)) {
    if (!found.has(known.id)) found.set(known.id, { ...known, likely: 0, terms: 0, best: [] });
    const entry = found.get(known.id);
    entry.terms++;
    entry.likely += kind < 2 ? 1 : 0;
    if (kind === 0) entry.best.push(term.name);
  }
  const rows = [...found.values()].sort((a, b) => b.likely - a.likely || (b.identity ?? -1) - (a.identity ?? -1)).slice(0, 12);
  if (!rows.length) return el("span");
  const head = ["Known protein", "Name", "Identical", "Of your protein", "Nearest for"].map((title) => el("th", { scope: "col" }, title));
  return section("Nearest known proteins",
    el("p", { class: "muted" }, "Of each term, the nearest protein that is known to have it counts. Proteins that do not align are near only in the space that the model has learned, which is weaker evidence."),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows.map(nearestRow)))),
    found.size > rows.length ? el("p", { class: "muted" }, `${counted(found.size - rows.length, "more protein")} in the table of all predictions.`) : null);
}

function nearestRow(row) {
  const terms = row.best.length ? row.best.slice(0, 3).join(", ") + (row.best.length > 3 ? ` and ${row.best.length - 3} more` : "") : "";
  return el("tr", {},
    el("th", { scope: "row", class: "id" }, row.accession ? outside(uniProt(row.accession), row.id, "Open in UniProt") : row.id),
    el("td", {}, row.name), el("td", {}, row.aligned ? percent(row.identity) : "does not align"), el("td", {}, row.aligned ? percent(row.coverage) : "–"),
    el("td", {}, row.likely ? `${counted(row.likely, "recommended term")}${terms ? `: ${terms}` : ""}` : el("span", { class: "muted" }, "terms below the cutoff")));
}
