"""The stages that `speed.py` measures: each gives rows. What a stage compares is in the script that it imports."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from speed import ROOT, Row, measured

OURS = "gofer"


def extraction(options: argparse.Namespace) -> Iterator[Row]:
    """From sequences to files: fair-esm's batches and one .pt a protein, Hugging Face likewise, gofer's shard."""
    for shape, proteins in (("mini", 60), ("8M", 16), ("35M", 6)):
        yield from extraction_of(shape, proteins, options)
    if not options.esm_cpp:
        yield Row("ESM", "", None, "esm-cpp", not_run="--esm-cpp was not given")
    yield Row("ESM", "", None, "esm-efficient", not_run="it needs flash-attn, which needs a GPU")


def extraction_by_two(options: argparse.Namespace) -> Iterator[Row]:
    """The same in two threads, by the clock."""
    for shape, proteins in (("mini", 60), ("8M", 16)):
        yield from extraction_of(shape, proteins, options, threads=2)


def extraction_of(shape: str, proteins: int, options: argparse.Namespace, *, threads: int = 1) -> Iterator[Row]:
    """Of one shape. esm-cpp has one thread."""
    import extraction as ways
    import torch
    from esm_cpp_ways import EsmCpp
    from store import gofer_store, torch_files

    from gofer.embeddings.residues.packed_esm import PackedESM

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers, width, heads = ways.SHAPES[shape]
    model, sequences = ways.random_model(layers, width, heads), ways.random_proteins(proteins)
    batches = ways.extract_batches(sequences)
    forward, theirs = PackedESM(model, model.alphabet, layers), ways.hugging_face_model(model)
    found = {
        OURS: partial(ways.packed, forward, sequences, 4096),
        "fair-esm's extract.py": partial(ways.by_fair_esm, model, sequences, layers, batches),
        "Hugging Face EsmModel, sdpa": partial(ways.by_hugging_face, theirs, model, sequences, batches),
    }
    reference = found[OURS]()
    for name, way in found.items():
        assert ways.differences_of(way(), reference)[0] < 1e-4, name
    with tempfile.TemporaryDirectory() as folder:
        writers = dict.fromkeys(found, torch_files) | {OURS: gofer_store}
        stored = {name: partial(to_files, way, writers[name], Path(folder)) for name, way in found.items()}
        wanted = dict(zip(found, (None, 2.8, 1.3), strict=True))
        if options.esm_cpp and threads == 1:
            other = EsmCpp(options.esm_cpp, model, theirs, sequences, Path(folder))
            other.refuse_other_vectors(reference)
            stored |= {"esm-cpp, float32": other.write, "esm-cpp, int8": partial(other.write, int8=True)}
            wanted |= {"esm-cpp, float32": 1, "esm-cpp, int8": None}
        costs = measured(stored, options.repeats)
    what = f"{shape} shape, {proteins} proteins, {sum(map(len, sequences)):,} residues, to files"
    stage = "ESM" if threads == 1 else f"ESM, {threads} threads"
    for name in list(stored)[1:]:
        yield Row(stage, what, costs[OURS], name, costs[name], wanted[name], by_clock=threads > 1)


def to_files(way, write, folder: Path) -> None:
    """Vectors of all proteins, written."""
    vectors = way()
    write(folder, [vectors[i] for i in range(len(vectors))])


def store(options: argparse.Namespace) -> Iterator[Row]:
    """Residues of 64 proteins at random, and of all proteins in a shuffled order."""
    import store as ways

    vectors = ways.random_vectors(400, 320)
    generator = np.random.default_rng(1)
    random = [generator.choice(len(vectors), ways.READ, replace=False).tolist() for _ in range(8)]
    order = generator.permutation(len(vectors)).tolist()
    epoch = [order[start : start + ways.READ] for start in range(0, len(order), ways.READ)]
    megabytes = sum(vector.nbytes for vector in vectors) / 1e6
    wanted = {"one float32 .pt per protein": 5, "HDF5": 2, "nested parquet": 100, "npy memory map": 0.5}
    with tempfile.TemporaryDirectory() as folder:
        reads = {}
        for number, (name, way) in enumerate(ways.WAYS.items()):
            place = Path(folder) / str(number)
            place.mkdir()
            reads[name] = way(place, vectors)
        for name, read in reads.items():
            assert all(np.array_equal(a, vectors[i]) for a, i in zip(read(random[0]), random[0], strict=True)), name

        def all_of(read, batches):
            return lambda: [residues_LE[0].sum() for batch in batches for residues_LE in read(batch)] and None

        for title, batches in (("8 × 64 proteins at random", random), ("an epoch in shuffled order", epoch)):
            fast = {name: all_of(read, batches) for name, read in reads.items() if name != ways.NESTED}
            costs = measured(fast, options.repeats)
            if title.startswith("8"):
                costs |= measured({ways.NESTED: all_of(reads[ways.NESTED], batches)}, 1)
            for name in [name for name in wanted if name in costs]:
                what = f"{title}, {megabytes:.0f} MB in all"
                yield Row("store", what, costs[ways.OURS], name, costs[name], wanted[name])


def texts(options: argparse.Namespace) -> Iterator[Row]:
    """Texts of GO terms: sentence-transformers."""
    if options.ontology is None:
        yield Row("GO texts", "", None, "sentence-transformers", not_run="--ontology was not given")
        return
    import texts as ways
    import torch

    from gofer.embeddings.texts.text_cache import TextCache
    from gofer.embeddings.texts.text_encoder import TextEncoder
    from gofer.inputs.ontology.term_table import read_ontology

    torch.set_num_threads(1)
    terms = read_ontology(options.ontology).terms
    go_ids = terms["go_id"].sample(150, random_state=0).tolist()
    encoder = TextEncoder.load("minilm", max_tokens=96)
    fitted = ways.fitted(encoder, terms, "D", go_ids).texts
    theirs = ways.as_it_comes(96)
    assert np.abs(encoder.embed(fitted, go_ids) - theirs(fitted)).max() < 1e-3
    work = {OURS: lambda: encoder.embed(fitted, go_ids) is None, "other": lambda: theirs(fitted) is None}
    costs = measured(work, options.repeats)
    what = "150 texts of phase D, at most 96 tokens"
    yield Row("GO texts", what, costs[OURS], "sentence-transformers", costs["other"], 2)
    encoder, theirs = TextEncoder.load("minilm", max_tokens=64), ways.as_it_comes(64)
    phases = [ways.fitted(encoder, terms, phase, go_ids).texts for phase in "ABCD"]

    def by_gofer():
        with tempfile.TemporaryDirectory() as folder:
            for texts in phases:
                encoder.embed(texts, go_ids, cache=TextCache(folder, encoder.vectors))

    work = {OURS: by_gofer, "other": lambda: [theirs(texts) for texts in phases] and None}
    costs = measured(work, options.repeats)
    what = "150 terms in the four phases one after another, at most 64 tokens as by default"
    yield Row("GO texts", what, costs[OURS], "sentence-transformers", costs["other"], 2)


def mining(options: argparse.Namespace) -> Iterator[Row]:
    """The 200 nearest of 45,000 terms for each of 64 proteins."""
    import torch

    from gofer.mining.faiss_index import SHARED, TermIndex

    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    terms_TD, queries_BD = (generator.standard_normal((rows, 256), np.float32) for rows in (45_000, 64))
    terms_TD /= np.linalg.norm(terms_TD, axis=1, keepdims=True)
    index = TermIndex.of_vectors([str(row) for row in range(len(terms_TD))], terms_TD, space=SHARED)
    tensors = torch.from_numpy(queries_BD), torch.from_numpy(terms_TD)

    def by_numpy():
        scores_BT = queries_BD @ terms_TD.T
        rows_BK = np.argpartition(-scores_BT, 200, axis=1)[:, :200]
        order = np.argsort(-np.take_along_axis(scores_BT, rows_BK, axis=1), axis=1)
        return np.take_along_axis(rows_BK, order, axis=1)

    found = {
        OURS: lambda: index.nearest(queries_BD, 200),
        "numpy": by_numpy,
        "torch": lambda: (tensors[0] @ tensors[1].T).topk(200).indices.numpy(),
    }
    assert all((way() == index.nearest(queries_BD, 200)).mean() > 0.99 for way in found.values())
    costs = measured(
        {name: lambda way=way: [way() for _ in range(10)] and None for name, way in found.items()}, options.repeats
    )
    what = "10 steps of 64 proteins, 200 of 45,000 terms of width 256"
    yield Row("mining", what, costs[OURS], "numpy", costs["numpy"], 1.5)
    yield Row("mining", what, costs[OURS], "torch", costs["torch"], 1)


def training(options: argparse.Namespace) -> Iterator[Row]:
    """Windows over residues, forward and backward, and each window masked in turn."""
    import torch
    from training_step import mask_ways, step_ways

    torch.set_num_threads(1)
    for title, (what, ways), wanted in (("step", step_ways(), 5), ("attribution", mask_ways(), 10)):
        costs = measured(ways, options.repeats)
        ours, *others = ways
        for other in others:
            last = other == others[-1]
            yield Row(f"training {title}", what, costs[ours], other, costs[other], wanted if last else None)


def evaluation(options: argparse.Namespace) -> Iterator[Row]:
    """Fmax, weighted Fmax, Smin and coverage by cafaeval, cafaeval-protea and the library, from the same files."""
    import evaluation as ways

    size = argparse.Namespace(
        proteins=4000, terms=20_000, predicted=500, seed=1, ontology=None, unthresholded=False, folder=None
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ways.write_inputs(folder, size)
        work = {OURS: [sys.executable, ways.__file__, "--folder", name, "--run", "same"]}
        work["cafaeval"] = ways.command_of(folder, "cafaeval")
        if options.protea:
            work["cafaeval-protea"] = [str(options.protea), *work["cafaeval"][1:]]
        costs, reference = {}, {}
        for label, command in work.items():
            costs |= measured({label: command}, 1)
            found = ways.figures_of(folder, "same" if label == OURS else "cafaeval")
            reference = reference or found
            ways.refuse_other_figures(label, found, reference)
    what = f"{size.proteins:,} proteins, {size.terms:,} terms; equal figures; one round"
    yield Row("evaluation", what, costs[OURS], "cafaeval", costs["cafaeval"], 20)
    if options.protea:
        yield Row("evaluation", what, costs[OURS], "cafaeval-protea", costs["cafaeval-protea"], 1)
    else:
        yield Row("evaluation", what, None, "cafaeval-protea", not_run="--protea was not given")


def prediction(options: argparse.Namespace) -> Iterator[Row]:
    """Predictions without the time of embedding, against DIAMOND and the transfer of labels by bit score."""
    against = "DIAMOND and labels by bit score"
    if options.fasta is None or options.model is None:
        yield Row("prediction", "", None, against, not_run="--fasta and --model were not given")
        return
    import scipy.sparse as sp

    from gofer.inputs.proteins.candidates import search_of_known
    from gofer.inputs.proteins.kept_database import kept_database
    from gofer.retrieval.annotation_transfer import transferred
    from gofer.retrieval.prediction_run import PredictionRun
    from gofer.retrieval.predictor import Predictor
    from gofer.retrieval.query_file import QueryFile
    from gofer.retrieval.trained_model import TrainedModel
    from gofer.retrieval.user_bank import bank_folder

    query, model = QueryFile.read(options.fasta), TrainedModel(options.model)
    sequences = [protein.sequence for protein in query]
    with tempfile.TemporaryDirectory() as name:
        predictor = Predictor(model, device="cpu")
        predictor.load()
        targets, row_of = model.bank.targets, {text: row for row, text in enumerate(model.bank.sequences)}
        labels_PT = model.bank.labels_NT.tocsr()[[row_of[text] for text in targets]].astype(np.float32)
        search = replace(search_of_known(len(targets)), by_query=True)  # as gofer searches
        database = kept_database(search, targets, bank_folder(model.file.digest))

        def by_diamond():
            hits = search.hits(sequences, targets, database=database)
            places = hits["query"], hits["target"]
            transferred(sp.csr_array((hits["bitscore"], places), shape=(len(sequences), len(targets))), labels_PT)

        def by_gofer():
            seconds = []
            embed = predictor.residues
            predictor.residues = lambda asked: timed(embed, asked, seconds)
            run = PredictionRun(predictor, query, Path(name) / "out")
            run.predict(lambda _: None, threads=1)
            run.finish()
            predictor.residues = embed
            return sum(seconds)

        costs = measured({OURS: by_gofer, against: by_diamond}, 1)
    what = f"{len(sequences):,} proteins, {model.known_proteins:,} known ones; to all forms of output; one round"
    yield Row("prediction", what, costs[OURS], against, costs[against], 0.5)


def timed(work, asked, seconds):
    """The result of `work`; its CPU seconds are appended."""
    import time

    began = time.thread_time()
    found = work(asked)
    seconds.append(time.thread_time() - began)
    return found


def plans(options: argparse.Namespace) -> Iterator[Row]:
    """`snakemake -n`: of the demo against a workflow of one rule, and of 10,000 shards."""
    from scale import plan_command

    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "Snakefile"
        empty.write_text("rule all:\n    shell: 'true'\n")
        nothing = [sys.executable, "-m", "snakemake", "-n", "--snakefile", str(empty), "--directory", folder]
        costs = measured({OURS: plan_command(Path(folder), 1), "empty": nothing}, options.repeats)
        yield Row("snakemake -n", "the demo", costs[OURS], "a workflow of one rule", costs["empty"], 0.67)
        many = measured({OURS: plan_command(Path(folder), 10_000)}, 1)[OURS]
        yield Row("snakemake -n", "the demo in 10,000 shards", many, "–", limit=20)


def demo(options: argparse.Namespace) -> Iterator[Row]:
    """The demo from FASTA to report, as `make demo` runs it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["env", f"XDG_CACHE_HOME={folder}/cache", sys.executable, "-m", "snakemake"]
        command += ["--cores", "2", "--quiet", "all"]
        command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", folder]
        cost = measured({OURS: command}, 1)[OURS]
        jobs = len(list(Path(folder).glob("results/demo/benchmarks/*.tsv")))
    yield Row("make demo", f"without caches, {jobs} rules' jobs measured, 2 cores", cost, "–", limit=90, by_clock=True)


ALL = (extraction, extraction_by_two, store, texts, mining, training, evaluation, prediction, plans, demo)
STAGES = {stage.__name__: stage for stage in ALL}
