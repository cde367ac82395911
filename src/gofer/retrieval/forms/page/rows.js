"use strict";

/* What was read: terms, proteins, and the rows of the table. */
const Data = { terms: [], proteins: [], rows: null, likely: null, all: null, reading: null };
const ASPECTS = ["molecular function", "biological process", "cellular component"];
const SETS = ["common", "few-shot", "zero-shot"];
const KINDS = ["most specific", "follows", "below the cutoff"];

/* Predictions as columns of numbers: ten million of them take 130 MB, and are filtered in a fraction of a second. */
class Rows {
  constructor(size) {
    this.size = size;
    this.protein = new Uint32Array(size);
    this.term = new Uint32Array(size);
    this.score = new Uint16Array(size); // ten-thousandths
    this.kind = new Uint8Array(size); // of KINDS
    this.place = new Uint16Array(size); // among the rows of its protein
    this.next = 0;
  }

  add(protein, terms, scores) {
    for (let place = 0; place < terms.length; place++, this.next++) {
      this.protein[this.next] = protein.number;
      this.term[this.next] = terms[place];
      this.score[this.next] = scores[place];
      this.kind[this.next] = place < protein.counts[0] ? 0 : place < protein.counts[0] + protein.counts[1] ? 1 : 2;
      this.place[this.next] = place;
    }
  }

  /* The rows that a filter lets through. */
  chosen({ level, least, aspects, sets, text }) {
    const termIsIn = Data.terms.map((term) => aspects.has(term.aspect) && sets.has(term.set));
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.map((word) => [matching(Data.proteins, proteinText, word), matching(Data.terms, termText, word)]);
    const rows = new Uint32Array(this.size), lowest = Math.ceil(least * 1e4 - 1e-9);
    let count = 0;
    for (let row = 0; row < this.size; row++) {
      if (this.kind[row] > level || this.score[row] < lowest || !termIsIn[this.term[row]]) continue;
      if (found.every(([proteins, terms]) => proteins[this.protein[row]] || terms[this.term[row]])) rows[count++] = row;
    }
    return rows.slice(0, count);
  }

  /* The key of a column by which rows are sorted: from a row to a whole number. */
  key(column) {
    if (column === "score") return (row) => this.score[row];
    const [numbers, values] = {
      protein: [this.protein, () => Data.proteins.map((protein) => protein.id)],
      term: [this.term, () => Data.terms.map((term) => term.name)],
      aspect: [this.term, () => Data.terms.map((term) => ASPECTS[term.aspect])],
      set: [this.term, () => Data.terms.map((term) => term.set)],
    }[column];
    const ranks = ranked(values());
    return (row) => ranks[numbers[row]];
  }
}

/* Rows in the order of a key, by counting; rows of the same key keep their order. */
function sorted(rows, key, descending) {
  let largest = 0;
  for (const row of rows) largest = Math.max(largest, key(row));
  const rank = descending ? (row) => largest - key(row) : key;
  const starts = new Uint32Array(largest + 2), result = new Uint32Array(rows.length);
  for (const row of rows) starts[rank(row) + 1]++;
  for (let value = 0; value <= largest; value++) starts[value + 1] += starts[value];
  for (const row of rows) result[starts[rank(row)]++] = row;
  return result;
}

/* Rank of each value; the same values have the same rank. */
function ranked(values) {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const order = [...new Set(values)].sort(typeof values[0] === "number" ? (a, b) => a - b : compare);
  const rank = new Map(order.map((value, position) => [value, position]));
  return values.map((value) => rank.get(value));
}

const proteinText = (protein) => `${protein.id} ${protein.name} ${protein.organism}`;
const termText = (term) => `${term.goId} ${term.name}`;
const matching = (things, text, word) => things.map((thing) => text(thing).toLowerCase().includes(word));

/* Read the proteins with their recommended terms, and the terms. */
async function readData(progress) {
  Data.terms = await Blocks.terms();
  const scripts = [...Blocks.proteinScripts], lists = [];
  for (const [chunk, script] of scripts.entries()) {
    const proteins = await Blocks.opened(script.textContent);
    for (const [line, protein] of proteins.entries()) {
      lists.push([Uint32Array.from(protein.terms), Uint16Array.from(protein.scores)]);
      delete protein.terms;
      delete protein.scores;
      Data.proteins.push(Object.assign(protein, { number: Data.proteins.length, chunk, line }));
    }
    if (chunk % 20 === 0) { progress(chunk / scripts.length); await breathe(); }
  }
  Data.likely = new Rows(lists.reduce((sum, [terms]) => sum + terms.length, 0));
  lists.forEach(([terms, scores], number) => {
    Data.proteins[number].first = Data.likely.next;
    Data.likely.add(Data.proteins[number], terms, scores);
  });
  Data.rows = Data.likely;
}

/* Read the rows below the cutoff too, once. */
const readAll = (progress) => (Data.reading ??= readRest(progress));

async function readRest(progress) {
  const all = new Rows(Data.proteins.reduce((sum, { counts }) => sum + counts[0] + counts[1] + counts[2], 0));
  await Blocks.each(Data.proteins, (protein, rows) => all.add(protein, rows.terms, rows.scores), progress);
  Data.all = all;
}
