"""The names that tables and pages share: aspects, splits, sets of terms, bins of identity.

Each is written here once. A new bin is one more row of `IDENTITY_BINS`. Methods of the evaluation are in `methods`: a
new one would otherwise rerun all that knows the name of an aspect.
"""

from dataclasses import dataclass

ASPECTS = {"MFO": "molecular_function", "BPO": "biological_process", "CCO": "cellular_component"}  # namespaces in GO
SPLITS = {
    "train": "training",
    "known": "known (labels are transferred from them)",
    "val": "validation",
    "test": "test",
    "unused": "unused (no annotation)",
}
HELD_OUT = ("val", "test")
KNOWN = "known"
LABELLED = ("train", KNOWN)  # splits whose labels a prediction may use
TERM_SETS = {"common": "common", "few": "few-shot", "zero": "zero-shot"}


@dataclass(frozen=True)
class IdentityBin:
    """Held-out proteins by the identity of their nearest training protein.

    Attributes:
        split: Name of the bin's test proteins in the metrics table.
        name: In words.
        least: Lowest identity, in [0, 1]; None where no training protein is similar.
    """

    split: str
    name: str
    least: float | None


IDENTITY_BINS = (
    IdentityBin("test_none_similar", "none similar", None),
    IdentityBin("test_under_30", "under 30 %", 0.0),
    IdentityBin("test_30_50", "30–50 %", 0.3),
    IdentityBin("test_50_70", "50–70 %", 0.5),
    IdentityBin("test_70_95", "70–95 %", 0.7),
    IdentityBin("test_from_95", "95 % or more", 0.95),
)

# Held-out proteins whose nearest training protein is less identical than this, or that have none.
BELOW_IDENTITY = {"test_below_30": 0.3, "test_below_50": 0.5}


def in_words(aspect: str) -> str:
    """`molecular function` for `MFO`."""
    return ASPECTS[aspect].replace("_", " ")


def titled(name: str) -> str:
    """The name with a capital letter, as a heading begins."""
    return name[:1].upper() + name[1:]
