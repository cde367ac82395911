"""A model of GO 2014 takes in GO of 2022: are terms that did not exist in 2014 ranked well for human proteins?

    python benchmarks/go_update.py data --run results/swissprot_2014 --data DIR --out OUT
    snakemake --cores 2 --configfile OUT/config.yaml pack_model
    gofer update-go DIR/go-basic_2022-07-01.obo.gz -m results/go_2014/model/go_2014.gofer -o go_2022.gofer
    python benchmarks/go_update.py judge --run results/swissprot_2014 --small results/go_2014 --new go_2022.gofer \
        --page docs/update_go.md

DIR has the files that config/swissprot_2014.yaml names. `data` chooses training proteins of that run, so that their
residue embeddings are in its cache; none is a protein of human_2022.gaf.gz, and none is in keep_out_ids.txt. It holds
some of the younger terms of 2014 out of training. `choose --small results/go_2014` ranks these for the validation
proteins of the small run: how new terms are scored is chosen by them.
`judge` takes human proteins that have, by experiment, a term that did not exist in 2014, stated or implied. It ranks
these terms of each protein among all such terms: by the updated model; by the cosine of texts, of the term and of the
labels of the 20 nearest training proteins, untrained; by the score that the model of 2014 gives the nearest ancestor
that existed then. `new_terms.py` has the figures. Shapes: B proteins, T terms, U new terms.
"""

import argparse
import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
import yaml
from new_terms import HEAD, SEPARATOR, Rankings, ancestor_scores, ranking_rows, young_terms
from numpy.typing import NDArray

from gofer.artefacts import read_table, write_text
from gofer.baselines.embedding_neighbours import nearest
from gofer.baselines.text_cosine import TextProfiles
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.ontology.go_graph import TRUE_PATH, is_root
from gofer.inputs.ontology.propagation import propagate
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.retrieval.bank import Bank
from gofer.retrieval.cutoffs import RECOMMENDED
from gofer.retrieval.features.residue_summary import summary
from gofer.retrieval.pack_run import FinishedRun, PackSettings, files_of
from gofer.retrieval.protein_vectors import Described, ProteinVectors
from gofer.retrieval.residue_evidence import explain_packed
from gofer.retrieval.term_space import TermSpace
from gofer.retrieval.trained_model import TrainedModel

OLD, NEW, HUMAN = "go-basic_2014-07-06.obo.gz", "go-basic_2022-07-01.obo.gz", "human_2022.gaf.gz"
MARKS = "<!-- update: benchmarks/go_update.py -->", "<!-- end of update -->"
EXPERIMENTS = {"EXP", "IDA", "IPI", "IMP", "IGI", "IEP", "HTP", "HDA", "HMP", "HGI", "HEP"}
AT_ONCE = 64
NEIGHBOURS = 20
LEAST = 0.05
EPOCHS = {"A": 1, "B": 1, "C": 1, "D": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True)
    data = steps.add_parser("data", help="write the inputs and the config of the reduced run")
    data.add_argument("--run", type=Path, required=True, help="results/swissprot_2014, after make_splits")
    data.add_argument("--data", type=Path, required=True)
    data.add_argument("--out", type=Path, required=True)
    data.add_argument("--proteins", type=int, default=8000)
    data.add_argument("--encoder", default="mini")
    data.set_defaults(step=write_inputs)
    judge = steps.add_parser("judge", help="rank the new terms of human proteins")
    judge.add_argument("--run", type=Path, required=True, help="results/swissprot_2014, with residues")
    judge.add_argument("--small", type=Path, required=True, help="results/go_2014, finished")
    judge.add_argument("--new", type=Path, required=True, help="the model that gofer update-go made")
    judge.add_argument("--proteins", type=int, default=800)
    judge.add_argument("--page", type=Path, help="a page with the two marks, such as docs/update_go.md")
    judge.set_defaults(step=judged)
    choose = steps.add_parser("choose", help="rank the terms held out of training for the validation proteins")
    choose.add_argument("--small", type=Path, required=True, help="results/go_2014, finished")
    choose.set_defaults(step=chosen)
    options = parser.parse_args()
    options.step(options)


def write_inputs(options: argparse.Namespace) -> None:
    """FASTA, annotations and config of the reduced run."""
    splits = read_table(options.run / "inputs/splits.parquet", ["protein_id", "split"])
    with gzip.open(options.data / HUMAN, "rt") as gaf:
        human = {line.split("\t")[1] for line in gaf if not line.startswith("!")}
    barred = human | set((options.data / "keep_out_ids.txt").read_text().split())
    stated = pd.read_csv(options.data / "swissprot_2014_annotations.tsv", sep="\t", dtype=str)
    ids = splits.loc[splits["split"] == "train", "protein_id"]
    ids = ids[ids.isin(set(stated["protein"])) & ~ids.isin(barred)]
    chosen = sorted(ids.sample(min(options.proteins, len(ids)), random_state=1))
    sequence_of = read_sequences(options.run / "inputs/proteins.parquet")
    options.out.mkdir(parents=True, exist_ok=True)
    write_text(options.out / "proteins.fasta", "".join(f">{name}\n{sequence_of[name]}\n" for name in chosen))
    stated = stated[stated["protein"].isin(set(chosen))]
    stated.to_csv(options.out / "annotations.tsv", sep="\t", index=False)
    young = young_terms(
        read_ontology(options.data / OLD, TRUE_PATH).terms, stated.rename(columns={"protein": "protein_id"})
    )
    write_text(options.out / "young_terms.txt", "".join(f"{go_id}\n" for go_id in young))
    config = {
        "run": "go_2014",
        "data": str(options.out.resolve()),
        "proteins": "proteins.fasta",
        "annotations": "annotations.tsv",
        "ontology": str((options.data / OLD).resolve()),
        "inputs": {
            "splits": {"method": "random", "val": 0.1, "test": 0.02},
            "term_sets": {"zero_method": "list", "zero_list": "young_terms.txt"},
        },
        "embeddings": {"residues": {"model": options.encoder}},
        # A small machine: one text per term instead of four, and fewer landmarks.
        "training": {"stages": {stage: {"text_phase": "D", "epochs": number} for stage, number in EPOCHS.items()}},
        "retrieval": {"labels": {"landmarks": 2048, "aligned": 2048}},
    }
    write_text(options.out / "config.yaml", yaml.safe_dump(config, sort_keys=False))
    print(f"{len(chosen):,} of {len(ids):,} training proteins, {len(young)} terms held out of training: {options.out}")


def judged(options: argparse.Namespace) -> None:
    """Print the figures; write them into the page."""
    old, new = TrainedModel(options.small / "model/go_2014.gofer"), TrainedModel(options.new)
    ids, truth_BT = human_truth(options, new, old)
    proteins = described(options.run, ids, old)
    was_BT, is_BT = scores_of(old, proteins), scores_of(new, proteins)
    row_T = pd.Index(old.terms["go_id"]).get_indexer(pd.Index(new.terms["go_id"]))
    known_T = (row_T >= 0) & ~is_root(new.terms)
    added = np.flatnonzero((row_T < 0) & ~is_root(new.terms))
    known = ProteinVectors.read(options.small / "retrieval/protein_vectors.parquet").known("all")
    cosine_BT = text_cosines(ids, means(proteins.summaries_BS), known, new.own_bank, new.space)
    rankings = {
        "the updated model": is_BT[:, added],
        "score of the nearest old ancestor": ancestor_scores(was_BT[:, row_T], known_T, new.space.graph)[:, added],
        "cosine of texts, untrained": cosine_BT[:, added],
        "chance": np.zeros((len(ids), len(added)), np.float32),
    }
    held_U = new.terms["training_count"].to_numpy()[added] > 0
    text = "\n".join(
        [
            f"{len(ids):,} human proteins, {int(truth_BT[:, added].sum()):,} pairs of a protein and a new term. "
            f"The model knows {len(old.own_bank):,} proteins; it was trained with GO {old.release['go_release']} and "
            f"updated to {new.release['go_release']}. {held_U.sum():,} of the {len(added):,} new terms are "
            "above older terms that known proteins have, or took their place. In brackets: 95 % intervals of proteins "
            "drawn with replacement.",
            "",
            HEAD,
            SEPARATOR,
            *rows_by_aspect(new.terms["aspect"].to_numpy(str)[added], truth_BT[:, added], rankings, held_U),
            "",
            *drift(old, new, was_BT, is_BT, truth_BT),
        ]
    )
    print(text)
    if options.page:
        page = options.page.read_text()
        before, after = page.split(MARKS[0])[0], page.split(MARKS[1])[1]
        write_text(options.page, f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


def chosen(options: argparse.Namespace) -> None:
    """Print how the terms held out of training rank, for validation proteins whose labels no model has seen."""
    files = files_of(options.small, "all")
    run = FinishedRun.read(files, "go_2014", PackSettings(encoder={"model": "-"}))
    space, sets = run.judging.space, run.term_sets.set_index("go_id")["held_out"]
    vectors = ProteinVectors.read(files["vectors"])
    judged, known = vectors.of_splits("val"), vectors.known("train")
    annotations = read_table(files["annotations"], ["protein_id", "go_id"], where={"protein_id": judged.protein_ids})
    truth_BT = label_matrix(annotations, judged.protein_ids, space.terms["go_id"]).toarray().astype(bool)
    added = np.flatnonzero(sets.reindex(space.go_ids).to_numpy(bool))
    scores_BT = run.judging.scores(run.proteins.described, run.expected)
    known_T = np.zeros(len(space.terms), bool)
    known_T[run.judging.seen] = True
    cosine_BT = text_cosines(judged.protein_ids, means(judged.summaries_NS), known, run.bank, space)
    rankings = {
        "the model": scores_BT[:, added],
        "score of the nearest seen ancestor": ancestor_scores(scores_BT, known_T, space.graph)[:, added],
        "cosine of texts, untrained": cosine_BT[:, added],
        "chance": np.zeros((len(scores_BT), len(added)), np.float32),
    }
    aspect_U = space.terms["aspect"].to_numpy(str)[added]
    print(
        "\n".join(
            [HEAD, SEPARATOR, *rows_by_aspect(aspect_U, truth_BT[:, added], rankings, np.zeros(len(added), bool))]
        )
    )


def rows_by_aspect(aspect_U: NDArray, truth_BU: NDArray[np.bool_], rankings: Rankings, held_U: NDArray[np.bool_]):
    """Rows of a table: the terms of each aspect, those without a known protein first."""
    for aspect in np.unique(aspect_U):
        for name, some_U in (("no known protein has them", ~held_U), ("known proteins have them", held_U)):
            chosen_U = (aspect_U == aspect) & some_U
            of_aspect = {method: scores_BU[:, chosen_U] for method, scores_BU in rankings.items()}
            yield from ranking_rows(f"{aspect}, {name}", truth_BU[:, chosen_U], of_aspect)


def human_truth(options, new: TrainedModel, old: TrainedModel) -> tuple[list[str], NDArray[np.bool_]]:
    """Human proteins with a new term by experiment, and all that is true of them in the new release."""
    stated = read_table(options.run / "inputs/judged_annotations.parquet")
    by_experiment = stated["evidence"].str.split("|").map(lambda codes: bool(EXPERIMENTS & set(codes)))
    stated = stated[by_experiment & stated["go_id"].isin(new.terms["go_id"])]
    labels = propagate(stated, new.terms, new.settings["relations"])
    having = labels.loc[~labels["go_id"].isin(old.terms["go_id"]), "protein_id"].drop_duplicates()
    ids = sorted(having.sample(min(options.proteins, len(having)), random_state=1))
    print(f"{len(having):,} human proteins have a new term by experiment; {len(ids):,} are judged", flush=True)
    return ids, label_matrix(labels, ids, new.terms["go_id"]).toarray().astype(bool)


def described(run: Path, ids: list[str], model: TrainedModel) -> Described:
    """The proteins as both models read them."""
    table = read_table(run / "inputs/proteins.parquet", ["protein_id", "sequence", "sequence_sha256"])
    table = table.set_index("protein_id").loc[ids]
    [manifest] = run.glob("embeddings/*/manifest.parquet")
    store = ESMResidueStore(manifest)
    parts, summaries = [], []
    for start in range(0, len(ids), AT_ONCE):
        residues = [store[sha256] for sha256 in table["sequence_sha256"].iloc[start : start + AT_ONCE]]
        parts.append(explain_packed(model.space.model, residues)[0])
        summaries += [summary(residues_LE) for residues_LE in residues]
    summaries_BS = np.stack(summaries)
    return Described(np.concatenate(parts), summaries_BS, table["sequence"].tolist())


def scores_of(model: TrainedModel, proteins: Described) -> NDArray[np.float32]:
    """Scores of every term, (B, T)."""
    parts = []
    for start in range(0, len(proteins.sequences), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        some = Described(proteins.vectors_BD[rows], proteins.summaries_BS[rows], proteins.sequences[rows])
        parts.append(model.scorer.scores(some))
        print(f"{model.file.path.name}: {start + len(some.sequences)} proteins", flush=True)
    return np.concatenate(parts)


def text_cosines(
    ids: list[str], means_BE: NDArray[np.float32], known: ProteinVectors, bank: Bank, space: TermSpace
) -> NDArray[np.float32]:
    """Cosine of each term's text with those of the labels of the nearest known proteins, (B, T)."""
    neighbours = nearest((ids, means_BE), (known.protein_ids, means(known.summaries_NS)), most=NEIGHBOURS)
    held = sp.coo_array(bank.labels_NT)
    bank_ids, go_ids = np.array(bank.protein_ids, object), space.terms["go_id"].to_numpy(object)
    labels = pd.DataFrame({"protein_id": bank_ids[held.row], "go_id": go_ids[held.col]})
    texts_TG = space.text_TG.astype(np.float32)
    profiles = TextProfiles.of_neighbours(ids, neighbours, labels, space.terms, texts_TG, k=NEIGHBOURS)
    return profiles.cosines(slice(None))


def means(summaries_BS: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit means of residue embeddings."""
    means_BE = summaries_BS[:, : summaries_BS.shape[1] // 2]
    return means_BE / np.linalg.norm(means_BE, axis=1, keepdims=True)


def drift(old: TrainedModel, new: TrainedModel, was_BT, is_BT, truth_BT) -> Iterator[str]:
    """How the scores of terms of both releases changed."""
    row_T = pd.Index(old.terms["go_id"]).get_indexer(pd.Index(new.terms["go_id"]))
    both = np.flatnonzero((row_T >= 0) & ~is_root(new.terms))
    was_BX, is_BX, truth_BX = was_BT[:, row_T[both]], is_BT[:, both], truth_BT[:, both]
    yield (
        "| terms of both releases | pairs that either model scores 0.05 or more | mean change | mean size of a change "
        "| pairs changed by more than 0.1 | recommended before | of them still | recommended now "
        "| of them by experiment: before, now |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    aspects = new.terms["aspect"].to_numpy(str)[both]
    for aspect in np.unique(aspects):
        columns = np.flatnonzero(aspects == aspect)
        first, second, true = was_BX[:, columns], is_BX[:, columns], truth_BX[:, columns]
        shown = (first >= LEAST) | (second >= LEAST)
        change = second[shown] - first[shown]
        cutoff = old.cutoffs[aspect][str(RECOMMENDED)] or np.inf
        before, after = first >= cutoff, second >= cutoff
        still = (before & after).sum() / max(before.sum(), 1)
        yield (
            f"| {aspect} ({len(columns):,}) | {shown.sum():,} | {change.mean():+.4f} | {np.abs(change).mean():.4f} "
            f"| {(np.abs(change) > 0.1).mean():.1%} | {before.sum():,} | {still:.1%} "
            f"| {after.sum():,} | {true[before].mean():.1%}, {true[after].mean():.1%} |"
        )


if __name__ == "__main__":
    main()
