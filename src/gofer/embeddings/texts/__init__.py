"""From GO terms to unit vectors of their texts.

What enters: the table of terms. What leaves: one file of vectors per phase.

- `go_text`: the text of a term in phases A to D; `text_budget`: within the tokens that an encoder takes;
- `text_encoder.TextEncoder`: texts to vectors; behind it `packed_bert`, `sentence_folder`, `other_sentence_models`;
- `text_cache`: vectors of all runs by text; `go_lookup.GoLookupCache`: vectors of a phase by GO id.
"""
