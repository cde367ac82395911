"""From artefacts to rows for the page: inputs, time and memory, versions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from gofer.artefacts import Manifest, read_table
from gofer.errors import ArtefactError
from gofer.names import ASPECTS, HELD_OUT, SPLITS, TERM_SETS, titled
from gofer.report import labels_and_help as words

NONE_FOUND = "none"
NEAREST_BIN = 5  # % of identity
NO_PART_OF_THE_RUN = re.compile(r"make_report|results_page|ablat(e_\w+|ion)|pretrain_esm")
PACKAGES = [
    "snakemake", "numpy", "pandas", "pyarrow", "scipy", "torch", "faiss-cpu", "transformers", "fair-esm", "cafaeval",
    "matplotlib", "jinja2",
]  # fmt: skip
NUMBERS = ["score", "information_accretion", "epoch", "step", "value", "low", "high", "n"]
MIB_PER_GIB = 1024
MOST_ROWS = 20


def read_tsv(path: Path | str, columns: list[str]) -> pd.DataFrame:
    """Some columns of a table that gofer wrote as tab-separated text; `n/a` becomes NaN.

    Raises:
        ArtefactError: The file is missing or has other columns.
    """
    try:
        table = pd.read_csv(
            path,
            sep="\t",
            usecols=columns,
            dtype={name: str for name in columns if name not in NUMBERS},  # an id may look like a number
            keep_default_na=False,
            na_values=[words.NOT_AVAILABLE],
        )
        return table[columns]
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path} cannot be read ({error})", help="run snakemake again") from error


@dataclass(frozen=True)
class Accounting:
    """What one reader kept and dropped.

    Attributes:
        title: What was read.
        rows: (item, reason, count).
        lists: (item, entries, text) of items with more than `MOST_ROWS` reasons, e.g. ids, which would fill the page.
    """

    title: str
    rows: list[tuple[str, str, str]]
    lists: list[tuple[str, int, str]]


def accounting(path: Path | str) -> Accounting:
    """Read an accounting table; its file name gives the title."""
    table = read_table(path, ["item", "reason", "count"])
    title = Path(path).stem.removeprefix("accounting-").replace("-", " ").capitalize()
    long = table.groupby("item", sort=False)["item"].transform("size") > MOST_ROWS
    rows = [(plain(item), plain(reason), f"{count:,}") for item, reason, count in table[~long].itertuples(index=False)]
    lists = [
        (plain(item), len(lines), ", ".join(f"{plain(row.reason)} ({row.times:,})" for row in lines.itertuples()))
        for item, lines in table[long].rename(columns={"count": "times"}).groupby("item", sort=False)
    ]
    return Accounting(title, rows, lists)


def plain(value: object) -> str:
    """As text; nothing where there is no value."""
    return "" if value is None or value != value else str(value)


@dataclass(frozen=True)
class SplitRow:
    """One side of the split."""

    name: str
    proteins: str
    share: str
    clusters: str


def split_rows(splits: pd.DataFrame) -> list[SplitRow]:
    """Proteins and clusters by split, in the usual order; splits that do not occur are left out."""
    rows = []
    for name, title in SPLITS.items():
        proteins = splits[splits["split"] == name]
        if len(proteins):
            share = f"{100 * len(proteins) / len(splits):.0f} %"
            rows.append(SplitRow(titled(title), f"{len(proteins):,}", share, f"{proteins['cluster'].nunique():,}"))
    return rows


def split_counts(splits: pd.DataFrame) -> dict[str, int]:
    """Proteins by split."""
    return {name: int((splits["split"] == name).sum()) for name in SPLITS}


def nearest_counts(splits: pd.DataFrame) -> pd.DataFrame:
    """Number of val and test proteins (columns) by identity to the nearest training protein.

    Args:
        splits: Columns split, nearest_identity (in (0, 1], NaN where no training protein is similar).

    Returns:
        Rows none, then 0, 5, … 95: the lower edges of bins of 5 %, the last with 100 % too.
    """
    held_out = splits[splits["split"].isin(HELD_OUT)]
    percent = 100 * held_out["nearest_identity"]
    bins = (percent // NEAREST_BIN * NEAREST_BIN).clip(upper=100 - NEAREST_BIN)
    edges = [NONE_FOUND, *range(0, 100, NEAREST_BIN)]
    named = bins.map(lambda edge: NONE_FOUND if pd.isna(edge) else int(edge)).astype(object)
    return pd.crosstab(named, held_out["split"]).reindex(index=edges, columns=list(HELD_OUT), fill_value=0)


def nearest_sentence(splits: pd.DataFrame, identity: float) -> str:
    """How similar the nearest training proteins are: `12 of 451 test proteins have a training protein at …`.

    Args:
        splits: Columns split, nearest_identity.
        identity: Proteins of this identity or higher are counted, in (0, 1].
    """
    val, test = (splits.loc[splits["split"] == name, "nearest_identity"] for name in HELD_OUT)
    near, none = int((test >= identity).sum()), int(test.isna().sum())
    return (
        f"{near:,} of {words.counted(len(test), 'test protein')} {'has' if near == 1 else 'have'} a training protein "
        f"at {100 * identity:g} % identity or more, and {none:,} {'has' if none == 1 else 'have'} no similar one; "
        f"of {words.counted(len(val), 'validation protein')} {int((val >= identity).sum()):,} and "
        f"{int(val.isna().sum()):,}."
    )


def terms_by_aspect(terms: pd.DataFrame, term_sets: pd.DataFrame) -> pd.DataFrame:
    """Terms by aspect (rows, those that occur) and term set (columns common, few, zero, held_out)."""
    joined = terms[["go_id", "aspect"]].merge(term_sets[["go_id", "term_set", "held_out"]], on="go_id")
    counts = pd.crosstab(joined["aspect"], joined["term_set"]).reindex(columns=list(TERM_SETS), fill_value=0)
    counts["held_out"] = joined.groupby("aspect")["held_out"].sum().astype(int)
    return counts.reindex([aspect for aspect in ASPECTS if aspect in counts.index])


@dataclass(frozen=True)
class JobRow:
    """What the jobs of one rule took."""

    name: str
    jobs: int
    seconds: float
    peak_mib: float

    @property
    def time(self) -> str:
        """`4.2 s`, `3 min 05 s`, `2 h 10 min`."""
        return duration(self.seconds)

    @property
    def memory(self) -> str:
        """Peak memory in GiB or MiB."""
        if pd.isna(self.peak_mib):
            return words.NOT_AVAILABLE
        return f"{self.peak_mib / MIB_PER_GIB:.1f} GiB" if self.peak_mib >= MIB_PER_GIB else f"{self.peak_mib:.0f} MiB"


def duration(seconds: float) -> str:
    """A span of time in the units that suit it."""
    if pd.isna(seconds):
        return words.NOT_AVAILABLE
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def job_rows(folder: Path | str) -> list[JobRow]:
    """The benchmark files of a run, the longest first; jobs that differ only in their shard are counted together.

    Files that are not Snakemake benchmarks are skipped. So are the job of the page and jobs that are requested by name:
    their benchmarks may exist when the page is made again, and the page would differ.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for path in sorted(Path(folder).rglob("*.tsv")):
        if NO_PART_OF_THE_RUN.fullmatch(path.stem):
            continue
        name = re.sub(r"[_-]\d{5}$", "", path.stem)
        try:
            table = pd.read_csv(path, sep="\t")
            seconds = pd.to_numeric(table["s"], errors="coerce").sum(min_count=1)
            peak = pd.to_numeric(table["max_rss"], errors="coerce").max()
        except (OSError, ValueError, KeyError):
            continue
        found.setdefault(name, []).append((float(seconds), float(peak)))
    rows = []
    for name, jobs in found.items():
        took = pd.DataFrame(jobs, columns=["seconds", "peak"])
        rows.append(JobRow(name, len(jobs), float(took["seconds"].sum()), float(took["peak"].max())))
    return sorted(rows, key=lambda row: (-row.seconds, row.name))


def total_time(rows: Sequence[JobRow]) -> str:
    """All jobs one after the other."""
    return duration(sum(row.seconds for row in rows))


def made_by(manifest: Manifest) -> dict[str, str]:
    """How an artefact was made according to its manifest, one line per fact; its settings one by one."""
    facts = dict(manifest.made_by)
    settings = facts.pop("settings", {})
    return {key.replace("_", " "): _told(value) for key, value in [*sorted(facts.items()), *settings.items()]}


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_told(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_told(inner) for inner in value)
    return words.NOT_AVAILABLE if value is None else str(value)


def versions(packages: Iterable[str] = tuple(PACKAGES)) -> dict[str, str]:
    """Versions of the packages that are installed where the page is made."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
