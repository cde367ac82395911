"""Texts of at most as many tokens as an encoder takes: whole pieces are left out; only a long definition is cut."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gofer.embeddings.texts.go_text import TermText

Tokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True)
class FittedTexts:
    """Texts that an encoder takes whole, and what it took to make them so.

    Attributes:
        texts: In the order of the terms.
        pieces: All pieces of all texts.
        left_out: Pieces that are not in them, except those of which a part is.
        shortened: Texts that lost a piece, or a part of one.
        cut: Texts whose name and definition were too long by themselves and end early.
    """

    texts: list[str]
    pieces: int
    left_out: int
    shortened: int
    cut: int

    def __str__(self) -> str:
        return (
            f"{self.shortened:,} of {len(self.texts):,} texts are shortened, {self.cut:,} of them in the definition; "
            f"{self.left_out:,} of {self.pieces:,} pieces are left out"
        )

    def counts(self) -> dict[str, int]:
        """The figures, for a manifest."""
        return {
            "texts": len(self.texts),
            "texts_shortened": self.shortened,
            "texts_cut": self.cut,
            "pieces": self.pieces,
            "pieces_left_out": self.left_out,
        }


def fit_texts(whole: Sequence[TermText], tokens: Tokens, *, most: int) -> FittedTexts:
    """Each text with as many pieces, in the order of `go_text.KEPT`, as `most` tokens hold.

    Tokens are counted piece by piece, which for BERT's words is exact; every text is then counted whole, and loses one
    more piece where some other tokenizer makes more of it.

    Args:
        whole: Texts with all their pieces.
        tokens: Counts the tokens of texts as the encoder does, special tokens included.
        most: Tokens of a text; more than of an empty one.
    """
    fitting = _Fitting(tokens, most)
    pieces = [text.increments() for text in whole]
    kept, texts = fitting.longest(pieces, lambda row, number: whole[row].with_pieces(number))
    long = [row for row, text in enumerate(whole) if kept[row] < text.head_pieces]
    begun = 0
    for row, cut in zip(
        long, fitting.cut([whole[row].with_pieces(whole[row].head_pieces) for row in long]), strict=True
    ):
        begun += len(cut) > len(texts[row])
        texts[row] = cut
    lost = [len(parts) - number for parts, number in zip(pieces, kept, strict=True)]
    return FittedTexts(
        texts=texts,
        pieces=sum(map(len, pieces)),
        left_out=sum(lost) - begun,
        shortened=sum(number > 0 for number in lost),
        cut=len(long),
    )


@dataclass(frozen=True)
class _Fitting:
    tokens: Tokens
    most: int

    def longest(self, parts: Sequence[Sequence[str]], text: Callable[[int, int], str]) -> tuple[list[int], list[str]]:
        """How many of its first parts each row can have, and its text with these.

        Args:
            parts: What each part adds to a row's text.
            text: The text of a row with so many parts.
        """
        (around,) = self.tokens([""])
        distinct = list(dict.fromkeys(part for row in parts for part in row))
        cost = {part: number - around for part, number in zip(distinct, self.tokens(distinct), strict=True)}
        room = self.most - around
        kept = [bisect_right(list(accumulate(cost[part] for part in row)), room) for row in parts]
        texts = [text(row, number) for row, number in enumerate(kept)]
        open_rows = list(range(len(texts)))
        while open_rows:
            counts = self.tokens([texts[row] for row in open_rows])
            open_rows = [row for row, count in zip(open_rows, counts, strict=True) if count > self.most and kept[row]]
            for row in open_rows:
                kept[row] -= 1
                texts[row] = text(row, kept[row])
        return kept, texts

    def cut(self, texts: Sequence[str]) -> list[str]:
        """The beginning of each text that fits: as many words as possible, of a first word too long its characters."""
        words = [text.split() for text in texts]
        kept, begun = self.longest(words, lambda row, number: " ".join(words[row][:number]))
        stuck = [row for row, number in enumerate(kept) if not number]
        letters = [words[row][0] for row in stuck]
        for row, found in zip(stuck, self.longest(letters, lambda row, number: letters[row][:number])[1], strict=True):
            begun[row] = found
        return begun
