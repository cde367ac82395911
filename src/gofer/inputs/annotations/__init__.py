"""Annotations: every format is read line by line, and every line is accounted for.

What enters: GAF 2.0 to 2.2, GPAD 1.1 and 2.0, tables, nrPDB-GO's file. What leaves: stated annotations of the run's
proteins, each pair of protein and term once, and an account of all other lines.

- `annotation_files`: recognises the format by the content; it uses `gaf`, `gpad`, `annotation_table`, `nrpdb`;
- `annotation_line.Line`: one annotation, in any format; `annotation_intake`: which annotations are kept;
- `statements`, `annotation_tables`: stated and denied pairs of all files; the tables that other rooms read.
"""
