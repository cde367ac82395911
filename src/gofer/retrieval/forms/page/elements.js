"use strict";

/* An element with attributes and children. Text becomes text nodes, never markup. */
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  return filled(node, attributes, children);
}

/* The same for a part of a picture. */
function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null));
  return node;
}

/* A link to another site, in another tab. */
function outside(href, text, title) {
  return el("a", { href, title, target: "_blank", rel: "noopener noreferrer" }, text);
}

const quickGo = (goId) => `https://www.ebi.ac.uk/QuickGO/term/${goId}`;
const amiGo = (goId) => `https://amigo.geneontology.org/amigo/term/${goId}`;
const uniProt = (accession) => `https://www.uniprot.org/uniprotkb/${accession}/entry`;

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const percent = (share) => `${Math.round(100 * share)} %`;

/* Ranges of residues, none of them broken over two lines. */
const spaced = (ranges) => (ranges ? ranges.split(",") : []).flatMap((range, place) =>
  [place ? " " : "", el("span", { class: "whole" }, range.replace("-", "–") + (ranges.split(",").length > place + 1 ? "," : ""))]);

/* Give the browser time to draw and to react. */
const breathe = () => new Promise((resolve) => setTimeout(resolve));

/* A score as a number and a bar. */
function scoreBar(score) {
  const bar = el("i");
  bar.style.width = `${score * 100}%`;
  return el("span", { class: "score" }, el("span", { class: "bar", "aria-hidden": "true" }, bar), score.toFixed(2));
}

/* The nearest known protein, and how near. */
function nearest(known) {
  if (!known || !known.id) return el("span", { class: "muted" }, "none known");
  const how = known.aligned ? `${percent(known.identity)} identical over ${percent(known.coverage)}` : "near, does not align";
  const name = known.accession ? outside(uniProt(known.accession), known.id, "Open in UniProt") : known.id;
  return el("span", { title: known.name }, el("span", { class: "id" }, name), el("small", {}, how));
}
