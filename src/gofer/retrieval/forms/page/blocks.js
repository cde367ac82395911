"use strict";

/* Opens the blocks of data that this file holds: base64 of zlib of JSON, see page_blocks.py. */
const Blocks = {
  async opened(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  },

  proteinScripts: document.getElementsByClassName("proteins"),
  rowScripts: document.getElementsByClassName("rows"),

  async terms() {
    const rows = await this.opened(document.getElementById("terms").textContent);
    return rows.map(([goId, name, aspect, set, bits, parents], number) => ({ number, goId, name, aspect, set, bits, parents }));
  },

  /* All rows of one protein. Those that were opened last are kept. */
  kept: new Map(),
  async ofProtein(protein) {
    if (!this.kept.has(protein.number)) {
      if (this.kept.size > 400) this.kept.delete(this.kept.keys().next().value);
      const lines = this.rowScripts[protein.chunk].textContent.split("\n");
      this.kept.set(protein.number, await this.opened(lines[protein.line]));
    }
    return this.kept.get(protein.number);
  },

  /* Calls use(protein, rows) for each protein, in order; of a chunk only the proteins that are wanted. */
  async each(proteins, use, progress) {
    let chunk = -1, lines = [];
    for (const [done, protein] of proteins.entries()) {
      if (protein.chunk !== chunk) {
        chunk = protein.chunk;
        lines = this.rowScripts[chunk].textContent.split("\n");
        progress(done / proteins.length);
        await breathe();
      }
      use(protein, await this.opened(lines[protein.line]));
    }
  },
};

/* One predicted term of one protein, from the rows of that protein. */
function prediction(protein, rows, place) {
  const [ranges, note] = rows.ranges[rows.evidence[place]];
  const [id, name, aligned, identity, coverage, accession] = rows.proteins[rows.known[place]];
  const kind = place < protein.counts[0] ? 0 : place < protein.counts[0] + protein.counts[1] ? 1 : 2;
  return {
    protein, place, kind, ranges, note, term: Data.terms[rows.terms[place]], score: rows.scores[place] / 1e4,
    follows: rows.from[place] < 0 ? null : Data.terms[rows.from[place]],
    known: { id, name, aligned, identity, coverage, accession },
  };
}
