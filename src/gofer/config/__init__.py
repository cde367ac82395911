"""The config of a run: merged, completed with defaults, and checked before any job.

In: config/defaults.yaml, the user's config files, the command line, and the JSON Schema. Out: one mapping that holds
every key with a value of the right type, or every problem at once, each with its file, line, key and help. Three names
to know:

- `complete` (merge): gives a config the defaults and the command line's values, of numbers and null too;
- `check_config` (check_config): refuses a config that could not run;
- `input_path` and its neighbours (files): where the files that a config names are.

`places` knows the line of every key. Only what Snakemake itself needs is imported: this runs in the user's Snakemake.
"""

from gofer.config.check_config import check_config
from gofer.config.files import (
    annotation_files,
    check_query,
    content,
    input_path,
    judged_annotation_files,
    protein_files,
    protein_sets,
    query_annotations,
    query_name,
    query_parts,
    query_path,
    residue_shards,
    split_lists,
    taxon_settings,
)
from gofer.config.merge import complete, merged, read_config

__all__ = [
    "annotation_files",
    "check_config",
    "check_query",
    "complete",
    "content",
    "input_path",
    "judged_annotation_files",
    "merged",
    "protein_files",
    "protein_sets",
    "query_annotations",
    "query_name",
    "query_parts",
    "query_path",
    "read_config",
    "residue_shards",
    "split_lists",
    "taxon_settings",
]
