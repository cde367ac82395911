"""Terms and proteins that are close to a text, a term or a protein.

Proteins are found in the space that the model has learned, and so are terms by a term or a protein. A text is projected
into it by the term tower, like the text of a term that GO does not have. Terms by a text are found by the texts as the
encoder embeds them, by the words of their names and by the letters of these, and the ranks are added: that finds more
than the learned space (docs/search.md). Shapes: T terms, N proteins, D shared width, G text width.
"""

import ast
import os.path
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.embeddings.texts.text_encoder import TextEncoder
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.proteins.protein_names import ISOFORM, UNIPROT_ACCESSION
from gofer.retrieval.bank import plain_name
from gofer.retrieval.name_words import NameWords, added_ranks
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryFile, QueryProtein
from gofer.retrieval.trained_model import TrainedModel
from gofer.training.encode import term_vectors

CLOSEST = ["kind", "id", "name", "aspect", "cosine", "training_count"]
TERM, PROTEIN, TEXT = "term", "protein", "text"
DIGITS = 6  # of a cosine: what is equal but for rounding keeps its order
TEXT_ENCODER_FACT = "text_encoder"
# As `TextEncoder` names itself: name, pooling, tokens, what its vectors are made of, and the prompt.
ENCODER_NAME = re.compile(r"(.+?), ([\w +]+) of (\d+) tokens, (float32, sha256:\w+)(?:, prompt (.+))?")
GO_ID = re.compile(r"GO:\S*", re.IGNORECASE)
# An accession or entry name of UniProt, or a file's name: never free text.
NOT_TEXT = re.compile(
    UNIPROT_ACCESSION + ISOFORM + r"|[A-Z0-9]+_[A-Z0-9]+"
    r"|\S+\.(fasta|fas|fa|faa)(\.gz|\.bz2)?"
)


@dataclass(frozen=True, eq=False)
class Place:
    """A query in the shared space.

    Attributes:
        name: The id, or the text.
        kind: term, protein or text.
        z_D: Its unit vector.
        text_G: Of a text, its unit vector before any training.
    """

    name: str
    kind: str
    z_D: NDArray[np.float32]
    text_G: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Closest:
    """What is closest to a query, the closest first; both tables have the columns `CLOSEST`.

    Attributes:
        query: The id, or the text.
        kind: What the query was taken for: term, protein or text.
        terms: The terms.
        proteins: The proteins.
    """

    query: str
    kind: str
    terms: pd.DataFrame
    proteins: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """Terms, then proteins."""
        return pd.concat([self.terms, self.proteins], ignore_index=True)


@dataclass(frozen=True, eq=False)
class Searched:
    """The proteins to search.

    Attributes:
        protein_ids: Their ids.
        names: What each is called.
        z_ND: Their vectors.
    """

    protein_ids: Sequence[str]
    names: Sequence[str]
    z_ND: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TermSearch:
    """A model to search in.

    Attributes:
        predictor: The model, and what embeds proteins.
        searched: The proteins to search.
        encoder: Name or folder of the text encoder; None for the one that the model names.
    """

    predictor: Predictor
    searched: Searched
    encoder: str | None = None

    @classmethod
    def of_model(
        cls, predictor: Predictor, *, proteins: Path | str | None = None, encoder: str | None = None
    ) -> "TermSearch":
        """Search the proteins of a FASTA file, or the known proteins that have a vector.

        Raises:
            GoferError: A fault in the file.
        """
        if proteins is None:
            bank = predictor.model.bank
            ids, names = ([held[row] for row in bank.rows_V] for held in (bank.protein_ids, bank.names))
            return cls(predictor, Searched(ids, names, bank.vectors_VD), encoder)
        read = list(QueryFile.read(_existing(Path(proteins))))
        names = [plain_name(protein.description) for protein in read]
        found = Searched([protein.protein_id for protein in read], names, predictor.vectors(read))
        return cls(predictor, found, encoder)

    @property
    def model(self) -> TrainedModel:
        """The model."""
        return self.predictor.model

    def closest(self, query: str, number: int, *, files: bool = True) -> Closest:
        """The terms and proteins closest to a query, at most `number` of each.

        Args:
            query: Free text, a GO id, the id of a known protein, or a FASTA file of one protein.
            number: Most of each.
            files: Whether a query may be the path of a file: not where somebody else may write it.

        Raises:
            GoferError: There is no such term, protein or file, the text is empty or too long, or the text encoder is
                not that of the model.
        """
        place, space, searched = self._place(query.strip(), files), self.model.space, self.searched
        terms = space.terms.rename(columns={"go_id": "id"}).assign(kind=TERM)
        proteins = pd.DataFrame({"kind": PROTEIN, "id": searched.protein_ids, "name": searched.names, "aspect": ""})
        proteins["training_count"] = pd.array([None] * len(proteins), dtype="Int64")
        terms["training_count"] = terms["training_count"].astype("Int64")
        cosine_N = np.round(searched.z_ND @ place.z_D, DIGITS)
        if place.text_G is None:
            cosine_T = order_T = np.round(space.z_TD @ place.z_D, DIGITS)
        else:
            cosine_T = np.round(self._texts_TG @ place.text_G, DIGITS)
            order_T = added_ranks(cosine_T, self._names.words(place.name), self._names.letters(place.name))
        return Closest(
            place.name,
            place.kind,
            _nearest(terms.assign(cosine=cosine_T), order_T, place, number),
            _nearest(proteins.assign(cosine=cosine_N), cosine_N, place, number),
        )

    @cached_property
    def _texts_TG(self) -> NDArray[np.float32]:
        return self.model.space.text_TG.astype(np.float32)

    @cached_property
    def _names(self) -> NameWords:
        return NameWords(self.model.terms["name"].tolist())

    def _place(self, query: str, files: bool) -> Place:
        if not query:
            raise GoferError("the query is empty", help="write a text, a GO id, a protein's id or a FASTA file")
        if GO_ID.fullmatch(query):
            return self._term(query.upper())
        if files and os.path.isfile(query):  # False for a text that is too long for a path
            return self._of_file(Path(query))
        if (found := self._known_protein(query)) is not None:
            return found
        if NOT_TEXT.fullmatch(query):
            what = f"{query} is neither a protein that the model {self.model.name} knows nor a file"
            raise GoferError(what, help="give a FASTA file with its sequence")
        return self._embedded(query)

    def _term(self, go_id: str) -> Place:
        row = self.model.row_of(go_id, help="search for its name or definition as a text")
        return Place(go_id, TERM, self.model.space.z_TD[row])

    def _of_file(self, path: Path) -> Place:
        help = "give a file with one protein; --proteins names a file to search"
        return self._embedded_protein(QueryFile.of_one(path, help=help))

    def _known_protein(self, protein_id: str) -> Place | None:
        if protein_id in self.searched.protein_ids:
            return Place(protein_id, PROTEIN, self.searched.z_ND[self.searched.protein_ids.index(protein_id)])
        bank = self.model.bank
        if protein_id not in bank.protein_ids:
            return None
        row = bank.protein_ids.index(protein_id)
        with_vector = np.flatnonzero(bank.rows_V == row)
        if len(with_vector):
            return Place(protein_id, PROTEIN, bank.vectors_VD[with_vector[0]])
        return self._embedded_protein(QueryProtein(protein_id, bank.sequences[row]))

    def _embedded_protein(self, protein: QueryProtein) -> Place:
        return Place(protein.protein_id, PROTEIN, self.predictor.vectors([protein])[0])

    def _embedded(self, text: str) -> Place:
        encoder, model = encoder_of(self.model, self.encoder), self.model.space.model
        if (tokens := encoder.tokens([text])[0]) > encoder.max_tokens:
            what = f"the text has {tokens} tokens, and the model reads {encoder.max_tokens} at most"
            raise GoferError(what, help="write a shorter text")
        text_1G = encoder.embed([text], ["the query"])
        return Place(text, TEXT, term_vectors(model, [""], text_1G)[0], text_1G[0])


def encoder_of(model: TrainedModel, encoder: str | None = None) -> TextEncoder:
    """The text encoder that a model was trained with, by the settings in its manifest.

    Args:
        model: The model.
        encoder: Name or folder of the encoder here; None for the name in the manifest.

    Raises:
        GoferError: The manifest does not name it, it is not here, or another one is.
    """
    recorded = model.release.get(TEXT_ENCODER_FACT, "")
    if not (found := ENCODER_NAME.fullmatch(recorded)):
        raise ArtefactError(
            f"{model.file.path} does not record its text encoder, so no text can be searched",
            help="search with a GO id or a protein, or pack the model again: gofer pack RUN",
        )
    name, pooling, tokens, made_of, prompt = found.groups()
    before = ast.literal_eval(prompt) if prompt else ""
    try:
        loaded = TextEncoder.load(encoder or name, max_tokens=int(tokens), pooling=pooling, prompt=before)
    except GoferError as error:
        what = f"{model.file.path} was trained with the text encoder {recorded}, which is not here: {error.what}"
        raise GoferError(what, help="name its folder with --text-encoder") from error
    if f"{made_of}{f', prompt {prompt}' if prompt else ''}" not in loaded.name:
        raise ArtefactError(
            f"{model.file.path} was trained with the text encoder {recorded}, but here {loaded.name} was loaded",
            help="name the folder of the one that it was trained with: --text-encoder",
        )
    return loaded


def _nearest(table: pd.DataFrame, order_X: NDArray, place: Place, number: int) -> pd.DataFrame:
    # The query itself comes before others of the same score.
    order = np.lexsort((table["id"].to_numpy() != place.name, -order_X))[:number]
    return table.iloc[order][CLOSEST].reset_index(drop=True)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise GoferError(f"there is no file {path}", help="give a FASTA file")
    return path
