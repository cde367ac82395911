"""The Gene Ontology: read from OBO, as a table, as a graph, and from one release to the next.

What enters: an OBO file. What leaves: `inputs/ontology.parquet`, one row per live term, and what became of other ids.

- `obo`, `obo_stanzas`: the file, checked line by line; `term_table`: the table (goatools reads the terms);
- `go_graph.GoGraph`: parents, ancestors, descendants, roots, order; the only place that walks the ontology;
- `propagation`: annotations to all ancestors, counts, information accretion;
- `term_ids`: alternative and obsolete ids; `releases`: what changed since an older release.
"""
