"""Why a protein got a term: parts of the score in numbers, the relatives, the residues, a picture, a structure.

What enters: an opened model, a protein, terms. What leaves: tables, SVG pictures, copies of a structure with values as
B-factors.

- `score_parts`: which part of a score comes from residues, regression and relatives, and scores without one of them;
- `explanation.Explanation`: all of it as tables; `residue_track`: the picture; `structure_values`: the structure.
"""
