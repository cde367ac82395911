"use strict";

const About = document.getElementById("left-out").dataset;
const one = (id) => document.getElementById(id);
const say = (id, text) => { one(id).textContent = text; };

/* What the controls ask for. */
function filters() {
  const ticked = (name) => new Set([...document.querySelectorAll(`[name=${name}]:checked`)].map((box) => Number(box.value)));
  return {
    text: one("text").value, level: Number(one("level").value), least: Number(one("least").value) || 0,
    aspects: ticked("aspect"), sets: ticked("set"),
  };
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; } // typed by hand, with a % of its own
}

const Page = {
  proteins: false, // whether the table of proteins is shown

  async changed() {
    if (this.proteins) return ProteinList.find(one("text").value);
    if (filters().level === 2) await readAll((share) => say("count", `Reading all predictions: ${percent(share)}`));
    Data.rows = filters().level === 2 ? Data.all : Data.likely;
    await Overview.table.setPage(1);
  },

  view(proteins) {
    this.proteins = proteins;
    one("by-protein").ariaPressed = String(proteins);
    one("by-prediction").ariaPressed = String(!proteins);
    one("proteins").hidden = !proteins;
    one("predictions").hidden = proteins;
    one("controls").classList.toggle("text-only", proteins);
    one("text").placeholder = proteins ? "protein" : "protein, term or GO id";
    one("download").hidden = proteins;
    if (proteins && !ProteinList.table) {
      ProteinList.build();
      ProteinList.table.on("tableBuilt", () => this.changed());
    } else {
      Overview.order = "";
      this.changed();
    }
  },

  /* The part after # names a protein; without one the table is shown. */
  async route() {
    const named = decoded(location.hash.slice(1));
    const protein = named ? Data.proteins.find(({ id }) => id === named) : null;
    one("overview").hidden = Boolean(protein);
    one("protein").hidden = !protein;
    one("summary").hidden = Boolean(protein);
    if (!protein) {
      one("protein").replaceChildren();
      document.title = `${About.query} · gofer predictions`;
      if (Overview.table) Overview.table.redraw();
      return;
    }
    document.title = `${protein.id} · ${About.query}`;
    await showProtein(protein);
    scrollTo(0, 0);
    one("protein").focus({ preventScroll: true });
  },

  keys(event) {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !one("protein").hidden) location.hash = "";
    if (typing) return;
    if (event.key === "/") {
      event.preventDefault();
      if (!one("protein").hidden) location.hash = "";
      one("overview").hidden = false;
      one("text").focus();
    }
    if (event.key === "n" || event.key === "p") document.querySelector(event.key === "n" ? "[rel=next]" : "[rel=prev]")?.click();
  },
};

function summary() {
  const sum = (value) => Data.proteins.reduce((total, protein) => total + value(protein), 0);
  const some = sum(({ counts }) => Number(counts[0] > 0)), best = sum(({ counts }) => counts[0]), likely = sum(({ likely }) => likely);
  const leftOut = Number(About.proteins);
  one("summary").replaceChildren(
    `The model ${About.model} recommends ${counted(likely, "term")} of GO ${About.release.replace("releases/", "")} for ${some.toLocaleString("en")} of `
      + `${counted(Data.proteins.length, "protein")}. ${best.toLocaleString("en")} of them are the most specific; the others follow from these. `
      + `At such scores, at least ${About.percent} % of the predictions for validation proteins were right.`,
    leftOut ? el("strong", {}, ` ${counted(leftOut, "more protein")} of this query ${leftOut === 1 ? "is" : "are"} not on this page: see predictions.tsv.`) : "",
  );
}

async function start() {
  if (typeof DecompressionStream === "undefined") {
    say("summary", "This browser is too old for this page, which needs one of 2023 or later. The same predictions are in predictions.tsv.");
    return;
  }
  await readData((share) => say("summary", `Reading the predictions: ${percent(share)}`));
  for (const protein of Data.proteins) protein.likely = protein.counts[0] + protein.counts[1];
  summary();
  await Page.route();
  Overview.build();
  one("controls").addEventListener("submit", (event) => event.preventDefault());
  let waiting;
  one("controls").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => Page.changed(), 150);
  });
  one("by-prediction").addEventListener("click", () => Page.view(false));
  one("by-protein").addEventListener("click", () => Page.view(true));
  one("download").addEventListener("click", () => Overview.download());
  addEventListener("hashchange", () => Page.route());
  addEventListener("keydown", (event) => Page.keys(event));
  document.body.dataset.ready = "yes";
}

start();
