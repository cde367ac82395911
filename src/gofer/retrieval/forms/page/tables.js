"use strict";

const PHONE = matchMedia("(max-width: 760px)");
const MOST_DOWNLOADED = 1_000_000; // rows; more would be a file of hundreds of megabytes, and predictions.tsv has them

const proteinLink = (protein) => el("a", { href: `#${encodeURIComponent(protein.id)}` }, protein.id);

/* Formatters of Tabulator give nodes: text of a user is never read as HTML. */
const FORMATS = {
  protein: ({ protein }) => el("div", {}, el("span", { class: "id" }, proteinLink(protein)), el("small", {}, protein.name)),
  term: ({ protein, term, kind, follows }, withProtein) => el("div", {},
    el("span", { class: kind ? "" : "best" }, term.name), withProtein ? el("small", { class: "id" }, proteinLink(protein), ` ${protein.name}`) : null,
    el("small", {}, outside(quickGo(term.goId), term.goId, "Open in QuickGO"), " · ", outside(amiGo(term.goId), "AmiGO", "Open in AmiGO"),
      kind === 1 && follows ? ` · follows from ${follows.name}` : "", kind === 2 ? " · not recommended" : "")),
  aspect: ({ term }) => el("span", { class: "whole" }, el("span", { class: `aspect a${term.aspect}` }), ASPECTS[term.aspect].split(" ")[1]),
  score: ({ score }) => scoreBar(score),
  set: ({ term }) => SETS[term.set],
  nearest: ({ known }) => nearest(known),
  evidence: ({ ranges, note }) => el("span", note ? { class: "muted" } : {}, ranges ? spaced(ranges) : note, ranges && note ? el("small", {}, note) : null),
};

function formatted(name, ...more) {
  return (cell) => FORMATS[name](cell.getData(), ...more);
}

/* Columns of predictions; `sorter` is left to Tabulator where the rows are at hand. */
function predictionColumns(withProtein) {
  const columns = [
    { title: "Protein", field: "protein", widthGrow: 3, minWidth: 150, visible: withProtein && !PHONE.matches },
    { title: "Term", field: "term", widthGrow: 4, minWidth: 170, sorter: by((row) => row.term.name) },
    { title: "Aspect", field: "aspect", width: 128, visible: !PHONE.matches, sorter: by((row) => ASPECTS[row.term.aspect]) },
    { title: "Score", field: "score", width: PHONE.matches ? 84 : 128, sorter: "number", headerSortStartingDir: "desc" },
    { title: "Term set", field: "set", width: 98, visible: !PHONE.matches, sorter: by((row) => row.term.set) },
    { title: "Nearest known protein", field: "nearest", widthGrow: 3, minWidth: 150, visible: !PHONE.matches, headerSort: !withProtein, sorter: by((row) => row.known.identity ?? -1) },
    { title: "Residues", field: "evidence", widthGrow: 2, minWidth: 120, visible: !PHONE.matches, headerSort: false },
  ];
  return columns.map((column) => ({ ...column, formatter: formatted(column.field, withProtein && PHONE.matches) }));
}

const by = (value) => (_a, _b, rowA, rowB) => {
  const [a, b] = [value(rowA.getData()), value(rowB.getData())];
  return a < b ? -1 : Number(a > b);
};

/* A table with headings that Tab and Enter reach. */
function table(place, options) {
  const made = new Tabulator(place, {
    layout: "fitColumns", pagination: true, paginationSize: 50, paginationSizeSelector: [25, 50, 100, 250],
    dataLoader: false, headerSortTristate: true, printAsHtml: true, printStyled: false, printRowRange: "active", ...options,
  });
  made.on("tableBuilt", () => {
    for (const heading of made.element.querySelectorAll(".tabulator-sortable")) {
      heading.tabIndex = 0;
      heading.addEventListener("keydown", (event) => { if (event.key === "Enter") heading.click(); });
    }
  });
  return made;
}

/* The table of all proteins' predictions: its rows are found by `Rows`, and made for one page at a time. */
const Overview = {
  rows: new Uint32Array(0),
  order: "",

  build() {
    this.table = table("#predictions", {
      columns: predictionColumns(true), paginationMode: "remote", sortMode: "remote", ajaxURL: "rows",
      ajaxRequestFunc: (_url, _config, { page, size, sort }) => this.page(page, size, sort[0]),
      placeholder: "No prediction passes these filters.",
    });
  },

  async page(page, size, sort) {
    this.find(sort);
    const rows = await Promise.all([...this.rows.slice((page - 1) * size, page * size)].map((row) => this.prediction(row)));
    return { data: rows, last_page: Math.max(1, Math.ceil(this.rows.length / size)), last_row: this.rows.length };
  },

  async prediction(row) {
    const protein = Data.proteins[Data.rows.protein[row]];
    return prediction(protein, await Blocks.ofProtein(protein), Data.rows.place[row]);
  },

  /* Filters and sorts, where that has changed. */
  find(sort) {
    const filter = filters();
    const order = JSON.stringify([filter, [...filter.aspects], [...filter.sets], sort?.field, sort?.dir]);
    if (order === this.order) return;
    this.order = order;
    const chosen = Data.rows.chosen(filter);
    this.rows = sort ? sorted(chosen, Data.rows.key(sort.field), sort.dir === "desc") : chosen;
    const proteins = new Set(this.rows.length > 5e6 ? [] : this.rows.map((row) => Data.rows.protein[row])).size;
    say("count", `${counted(this.rows.length, "prediction")}${proteins ? ` for ${counted(proteins, "protein")}` : ""}`);
  },

  /* The rows that are shown, with those of one protein together, as TSV. */
  async download() {
    if (this.rows.length > MOST_DOWNLOADED) {
      say("count", `${this.rows.length.toLocaleString("en")} rows are more than a browser should write: take predictions.tsv, or filter`);
      return;
    }
    const positions = new Map();
    this.rows.forEach((row, position) => {
      const protein = Data.rows.protein[row];
      if (!positions.has(protein)) positions.set(protein, []);
      positions.get(protein).push(position);
    });
    const lines = new Array(this.rows.length), proteins = [...positions.keys()].sort((a, b) => a - b).map((number) => Data.proteins[number]);
    const use = (protein, rows) => {
      for (const position of positions.get(protein.number)) lines[position] = tsvLine(prediction(protein, rows, Data.rows.place[this.rows[position]]));
    };
    const before = document.getElementById("count").textContent;
    await Blocks.each(proteins, use, (share) => say("count", `Writing: ${percent(share)}`));
    say("count", before);
    save(`${About.query}.shown.tsv`, [TSV_COLUMNS.join("\t"), ...lines].join("\n") + "\n");
  },
};

const TSV_COLUMNS = [
  "protein_id", "protein_name", "go_id", "name", "aspect", "score", "term_set", "recommended", "follows_from", "nearest_protein",
  "nearest_name", "nearest_by", "nearest_identity", "nearest_coverage", "evidence", "evidence_note", "model",
];

function tsvLine({ protein, term, score, kind, follows, known, ranges, note }) {
  return [
    protein.id, protein.name, term.goId, term.name, ["MFO", "BPO", "CCO"][term.aspect], score, ["common", "few", "zero"][term.set],
    ["best", "implied", "no"][kind], follows?.goId ?? "", known.id, known.name, known.id ? (known.aligned ? "aligned" : "near") : "",
    known.identity ?? "n/a", known.coverage ?? "n/a", ranges, note, About.model,
  ].map(harmless).join("\t");
}

/* A cell without tabs and line ends, and that no spreadsheet runs as a formula. */
function harmless(value) {
  const text = String(value).replace(/[\t\r\n]+/g, " ");
  return /^[=+\-@]/.test(text) ? `'${text}` : text;
}

function save(name, text) {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/* The first of a protein's most specific terms, or why it has none. */
function bestTerms({ counts, first, reason }) {
  if (!counts[0]) return el("span", { class: "muted" }, reason);
  const names = [...Data.likely.term.slice(first, first + Math.min(3, counts[0]))].map((term) => Data.terms[term].name);
  return el("span", {}, names.join(", "), counts[0] > 3 ? el("small", {}, `and ${counts[0] - 3} more`) : null);
}

/* The table of proteins, those without a prediction too. */
const ProteinList = {
  build() {
    this.table = table("#proteins", {
      data: Data.proteins, placeholder: "No protein has this in its id or name.",
      columns: [
        { title: "Protein", field: "id", widthGrow: 2, minWidth: 130, formatter: (cell) => el("span", { class: "id" }, proteinLink(cell.getData())) },
        { title: "Name", field: "name", widthGrow: 4, minWidth: 150, formatter: (cell) => document.createTextNode(cell.getValue()) },
        { title: "Length", field: "length", width: 104, hozAlign: "right", cssClass: "number", visible: !PHONE.matches, headerSortStartingDir: "desc" },
        { title: "Recommended", field: "likely", width: 154, hozAlign: "right", cssClass: "number", visible: !PHONE.matches, headerSortStartingDir: "desc" },
        { title: "Most specific", field: "counts.0", width: 146, hozAlign: "right", cssClass: "number", visible: !PHONE.matches, headerSortStartingDir: "desc" },
        { title: "Best terms, or why there are none", field: "reason", widthGrow: 6, minWidth: 150, headerSort: false, formatter: (cell) => bestTerms(cell.getData()) },
      ],
    });
  },

  find(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.table.setFilter((protein) => words.every((word) => proteinText(protein).toLowerCase().includes(word)));
    say("count", counted(this.table.getDataCount("active"), "protein"));
  },
};
