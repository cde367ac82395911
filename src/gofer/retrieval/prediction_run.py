"""Predictions for a file of proteins, chunk by chunk, in memory that does not grow with it; resumable after any stop.

Each chunk is a separate file in the folder `.partial`, written atomically, with a key of the query, the model and the
options in it: a chunk with another key is computed again. Several processes may work on different chunks at a time.
`finish` then writes every form of output from the chunks, and removes them.
"""

import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

import gofer
from gofer.artefacts import Manifest, read_json, read_manifest, read_table, sha256_of, write_json, write_table
from gofer.config.files import query_name
from gofer.errors import ArtefactError, GoferError
from gofer.retrieval.chunk_workers import in_parallel, release_freed_memory
from gofer.retrieval.forms import FORMS, SLIM, Context
from gofer.retrieval.forms.form import recommended
from gofer.retrieval.forms.prediction_tables import write_impossible, write_without
from gofer.retrieval.model_worth import worth
from gofer.retrieval.predictor import PROTEINS, SYNTHETIC, Predicted, Predictor
from gofer.retrieval.query_annotations import QueryAnnotations
from gofer.retrieval.query_file import QueryFile, QueryProtein, chunks
from gofer.tables import IMPOSSIBLE, IMPOSSIBLE_IN_TAXON, NOT_PREDICTED, PREDICTION_SUMMARY, WITHOUT_PREDICTION

PARTIAL = ".partial"
LOCK = ".lock"
SEARCHED_AT_ONCE = 64  # chunks


@dataclass(frozen=True, eq=False)
class PredictionRun:
    """One query, one model, one folder.

    Attributes:
        predictor: The model and its options.
        query: The proteins.
        folder: Where the results go.
        annotations: What is stated of the proteins already; None where nothing is given.
    """

    predictor: Predictor
    query: QueryFile
    folder: Path
    annotations: QueryAnnotations | None = None

    @property
    def key(self) -> str:
        """Changes if anything changes that the predictions depend on."""
        model = self.predictor.model
        parts = [
            gofer.__version__,
            PROTEINS,
            [FORMS[name].name for name in sorted(FORMS)],
            model.file.digest,
            model.user_banks.digests,
            self.query.digest,
            self.predictor.percent,
        ]
        if (impossible := self.predictor.impossible) is not None:
            parts.append(impossible.digest)
        if self.annotations is not None:
            parts.append(["annotations", self.annotations.digest])
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def warning(self) -> str:
        """A warning for users of these predictions, or ""."""
        model = self.predictor.model
        return f"the model {model.name} was {SYNTHETIC}" if model.card["synthetic"] else ""

    @property
    def about(self) -> list[str]:
        """What a shipped model is and what it is worth, in lines for users; none of another model."""
        model = self.predictor.model
        return worth(model.card, model.release, model.is_alone)

    def refuse_other_results(self) -> None:
        """Refuse a folder that holds the results of another query.

        Raises:
            GoferError: It does.
        """
        path = self.folder / PREDICTION_SUMMARY
        if path.exists() and (found := read_json(path)).get("query_sha256") != self.query.digest:
            raise GoferError(
                f"{self.folder} holds the predictions of {found.get('query')}, whose proteins are others than those of "
                f"{self.query.path}",
                help="give another folder with -o, or remove that one",
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other commands out of the folder; a killed process leaves it free.

        Raises:
            GoferError: Another one is at work there, or the folder cannot be written to.
        """
        lock = FileLock(self.folder / LOCK)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise GoferError(
                f"another gofer predict is writing to {self.folder}", help="wait for it, or give another folder with -o"
            ) from error
        except NotImplementedError:  # a file system without locks
            yield
            return
        except OSError as error:
            raise GoferError(
                f"{self.folder} cannot be written to ({error})", help="give another one with -o"
            ) from error
        try:
            yield
        finally:
            (self.folder / LOCK).unlink(missing_ok=True)
            lock.release()

    def is_finished(self) -> bool:
        """Whether the folder holds all forms of the predictions of this query by this model."""
        path = self.folder / PREDICTION_SUMMARY
        return path.exists() and read_json(path).get("key") == self.key

    def predict(
        self, done: Callable[[int], None] = lambda proteins: None, part: int = 0, parts: int = 1, threads: int = 1
    ) -> None:
        """Predict every chunk that is not there yet.

        Args:
            done: Called with the number of proteins of each chunk, whether it was there or not.
            part: Which share of the chunks to work on, from 0.
            parts: Into how many shares the chunks are divided.
            threads: Chunks at a time; they change nothing but the time.
        """
        self.predictor.load()
        for (_, proteins), _ in in_parallel(
            self._predicted, self._searched(self._share(part, parts), threads), threads
        ):
            release_freed_memory()
            done(len(proteins))

    def _searched(self, numbered: Iterator[tuple[int, list[QueryProtein]]], threads: int) -> Iterator[tuple[int, list]]:
        while group := list(itertools.islice(numbered, SEARCHED_AT_ONCE)):
            missing = [protein for number, proteins in group if not self._is_there(number) for protein in proteins]
            self.predictor.search_ahead(missing, threads=threads)
            yield from group

    def _share(self, part: int, parts: int) -> Iterator[tuple[int, list[QueryProtein]]]:
        numbered = enumerate(chunks(self.query))
        return ((number, proteins) for number, proteins in numbered if number % parts == part)

    def _predicted(self, chunk: tuple[int, list[QueryProtein]]) -> None:
        number, proteins = chunk
        if not self._is_there(number):
            stated = None if self.annotations is None else self.annotations.stated
            self._write(number, self.predictor.of_chunk(proteins, stated))

    def finish(self, forms: tuple[str, ...] = tuple(FORMS), *, slim: Path | None = None) -> dict[str, Any]:
        """Write every form from the chunks, remove these, and give the summary.

        Args:
            forms: Which forms, of `FORMS`.
            slim: An OBO file or a list of the terms of a GO slim, to count by.

        Raises:
            ArtefactError: A chunk is missing or damaged.
        """
        model = self.predictor.model
        percent = self.predictor.percent
        context = Context(
            terms=model.terms,
            model=model.name,
            release=model.release,
            warning=self.warning,
            slim=slim,
            query=query_name(self.query.path),
            percent=percent,
            cutoffs={aspect: by_percent.get(str(percent)) for aspect, by_percent in model.cutoffs.items()},
            relations=model.settings["relations"],
            about=self.about,
        )
        self._refuse_missing()
        for form in [*(FORMS[name] for name in forms), *([SLIM] if slim else [])]:
            form.write(self.folder / form.name, self._chunks, context)
        write_without(self.folder / WITHOUT_PREDICTION, self._chunks)
        if self.predictor.impossible is not None:
            write_impossible(self.folder / IMPOSSIBLE_IN_TAXON, self._chunks)
        summary = self._summary(forms)
        write_json(self.folder / PREDICTION_SUMMARY, summary, Manifest(model.release))
        self.clear()
        return summary

    def clear(self) -> None:
        """Remove the chunks, and what a killed process left: the results are whole."""
        shutil.rmtree(self.folder / PARTIAL, ignore_errors=True)
        for left in self.folder.glob(".*.part"):
            left.unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self.folder / PARTIAL / f"chunk-{number:06d}.parquet"

    def _is_there(self, number: int) -> bool:
        try:
            return read_manifest(self._path(number)).made_by.get("key") == self.key
        except ArtefactError:
            return False

    def _write(self, number: int, predicted: Predicted) -> None:
        facts = {
            "key": self.key,
            "proteins": predicted.proteins.values.tolist(),
            "not_predicted": predicted.not_predicted.values.tolist(),
            "impossible": predicted.impossible.values.tolist(),
        }
        write_table(self._path(number), predicted.table, Manifest(self.predictor.model.release, facts))

    def _chunks(self) -> Iterator[Predicted]:
        for number in itertools.count():
            path = self._path(number)
            if not path.exists():
                return
            facts = read_manifest(path).made_by
            proteins = pd.DataFrame(facts["proteins"], columns=PROTEINS)
            without = pd.DataFrame(facts["not_predicted"], columns=NOT_PREDICTED)
            impossible = pd.DataFrame(facts.get("impossible", []), columns=IMPOSSIBLE)
            yield Predicted(read_table(path), without, proteins, impossible)

    def _refuse_missing(self) -> None:
        lacking = [number for number, _ in enumerate(chunks(self.query)) if not self._is_there(number)]
        if lacking:
            raise ArtefactError(
                f"{self._path(lacking[0])} is missing or is of another run",
                help="run the same command again: it makes what is missing",
            )

    def _removed(self) -> dict[str, Any]:
        # Only where a taxon was named: else the summary is that of a query without one.
        if (impossible := self.predictor.impossible) is None:
            return {}
        rows = [predicted.impossible["go_id"] for predicted in self._chunks()]
        return {
            "taxon": impossible.taxon,
            "removed_predictions": sum(map(len, rows)),
            "removed_terms": len(set().union(*rows)),
            "impossible_terms": int(impossible.is_impossible_T.sum()),
            "undefined_unions": list(impossible.undefined),
        }

    def _summary(self, forms: tuple[str, ...]) -> dict[str, Any]:
        model, counts = self.predictor.model, {"predictions": 0, "recommended": 0, "proteins_recommended": 0}
        for predicted in self._chunks():
            likely = recommended(predicted.table)
            counts["predictions"] += len(predicted.table)
            counts["recommended"] += len(likely)
            counts["proteins_recommended"] += int(likely["protein_id"].nunique())
        return {
            "key": self.key,
            "query": str(self.query.path),
            "query_sha256": self.query.digest,
            "file_sha256": sha256_of(self.query.path),
            "proteins": self.query.proteins,
            "residues": self.query.residues,
            "model": model.name,
            "model_sha256": model.file.digest,
            "user_banks": [file.path.stem for file in model.user_banks.files],
            "percent": self.predictor.percent,
            **counts,
            **self._removed(),
            **({"annotations": self.annotations.facts()} if self.annotations is not None else {}),
            "files": [FORMS[form].name for form in forms],
            "warning": self.warning,
            **({"about": self.about} if self.about else {}),
        }
