"""Annotations: every format line by line, what each line says, and what became of it.

What enters: GAF 2.0 to 2.2, GPAD 1.1 and 2.0, tables, nrPDB-GO's file. What leaves: stated annotations of the run's
proteins, each pair of protein and term once, and an account of all other lines.

- `annotation_files`: tells the formats by their content; behind it `gaf`, `gpad`, `annotation_table`, `nrpdb`;
- `annotation_line.Line`: one annotation, whatever the format; `annotation_intake`: what it says of the proteins;
- `statements`, `annotation_tables`: stated and denied pairs of all files; the tables that other rooms read.
"""
