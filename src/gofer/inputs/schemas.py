"""The columns and types of every inputs table; a table is cast to its schema before it is written."""

import pandas as pd
import pyarrow as pa

_TEXT, _LIST = pa.string(), pa.list_(pa.string())

ACCOUNTING = pa.schema([("item", _TEXT), ("reason", _TEXT), ("count", pa.int64())])
PROTEINS = pa.schema(
    [
        ("protein_id", _TEXT),
        ("sequence", _TEXT),
        ("length", pa.int64()),
        ("sequence_sha256", _TEXT),
        ("description", _TEXT),
        ("aliases", _LIST),
    ]
)
ONTOLOGY = pa.schema(
    [
        ("go_id", _TEXT),
        ("name", _TEXT),
        ("definition", _TEXT),
        ("synonyms", _LIST),
        ("aspect", _TEXT),
        ("is_a", _LIST),
        ("part_of", _LIST),
        ("regulates", _LIST),
        ("alt_ids", _LIST),
        ("depth", pa.int64()),
    ]
)
OBSOLETE = pa.schema(
    [("go_id", _TEXT), ("name", _TEXT), ("replaced_by", _LIST), ("consider", _LIST), ("alt_ids", _LIST)]
)
TAXON_CONSTRAINTS = pa.schema([("go_id", _TEXT), ("rule", _TEXT), ("taxon", _TEXT), ("name", _TEXT)])
RELEASE_CHANGES = pa.schema(
    [("kind", _TEXT), ("go_id", _TEXT), ("name", _TEXT), ("aspect", _TEXT), ("before", _TEXT), ("after", _TEXT)]
)
PREVIOUS_TERMS = pa.schema([("go_id", _TEXT)])
ANNOTATIONS = pa.schema(
    [
        ("protein_id", _TEXT),
        ("go_id", _TEXT),
        ("hops", pa.int16()),
        ("evidence", _TEXT),
        ("date", _TEXT),
        ("source", _TEXT),
    ]
)
STATED = pa.schema([field for field in ANNOTATIONS if field.name != "hops"])
SPLITS = pa.schema(
    [
        ("protein_id", _TEXT),
        ("split", _TEXT),
        ("cluster", pa.int64()),
        ("nearest_train", _TEXT),
        ("nearest_identity", pa.float64()),
    ]
)
TERM_SETS = pa.schema([("go_id", _TEXT), ("term_set", _TEXT), ("held_out", pa.bool_())])
TERMS = pa.schema(
    [
        *(column for column in ONTOLOGY if column.name != "alt_ids"),
        ("row", pa.int64()),
        ("information_accretion", pa.float64()),
        ("training_count", pa.int64()),
    ]
)
PID2POS = pa.schema(
    [
        ("protein_id", _TEXT),
        ("split", _TEXT),
        ("go_ids", _LIST),
        ("hops", pa.list_(pa.int16())),
        ("true_ids", _LIST),
    ]
)


def typed(table: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The schema's columns of `table` with the schema's types, so that an empty list column is one of strings too."""
    return pa.Table.from_pandas(table[schema.names], schema=schema, preserve_index=False)


def text_array(texts: pd.Series) -> pa.Array:
    """A column of texts, categorical or not, as one array."""
    found = pa.array(texts.astype("str"), pa.string(), from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
