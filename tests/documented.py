"""The commands and code of README and docs: blocks between fences, indented blocks, and commands within a line."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCED = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    \S.*\n(?:\n(?=    ))?)+", flags=re.MULTILINE)
INLINE = re.compile(r"`((?:gofer|snakemake|make|python) [^`\n]+)`")
HEREDOC = re.compile(r"<<'(\w+)'\n.*?^\1$", flags=re.MULTILINE | re.DOTALL)
SHELL = ("", "sh", "indented")
ENDS = {"|", ">", "<", "&&", "||", ";", "<<"}
# CHANGELOG.md is about what was; docs/reliability.md and docs/cli.md are written from what they describe.
LEFT_OUT = {"reliability.md", "cli.md"}


@dataclass(frozen=True)
class Block:
    """Code of a page.

    Attributes:
        page: Its path from the root.
        language: As the fence says; "indented" without one, "inline" within a line.
        text: The code.
    """

    page: str
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """One command line.

    Attributes:
        page: Where it is.
        words: Its words, without variables before it and what it is piped into.
        inline: Whether it is within a line of text, where arguments may be missing.
    """

    page: str
    words: tuple[str, ...]
    inline: bool

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def pages(root: Path) -> list[Path]:
    """The pages that are tested."""
    names = ("README.md", "CONTRIBUTING.md", "RESULTS.md", "config/README.md", "examples/README.md")
    return [root / name for name in names] + sorted(
        page for page in (root / "docs").glob("*.md") if page.name not in LEFT_OUT
    )


def blocks(root: Path) -> Iterator[Block]:
    """All code, page by page."""
    for path in pages(root):
        page, text = str(path.relative_to(root)), path.read_text(encoding="utf-8")
        for found in FENCED.finditer(text):
            yield Block(page, found.group(1), found.group(2))
        rest = FENCED.sub("", text)
        for found in INDENTED.finditer(rest):
            yield Block(page, "indented", re.sub(r"^    ", "", found.group(), flags=re.MULTILINE))
        for found in INLINE.finditer(rest):
            yield Block(page, "inline", found.group(1).replace("\\|", "|"))


def commands(root: Path) -> list[Command]:
    """Every command line, each once by page."""
    found = {}
    for block in blocks(root):
        if block.language not in (*SHELL, "inline") or block.text.startswith(">>>"):
            continue
        for line in HEREDOC.sub("", block.text).replace("\\\n", " ").splitlines():
            if words := _words(line):
                found[Command(block.page, words, block.language == "inline")] = None
    return list(found)


def _words(line: str) -> tuple[str, ...]:
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    end = next((place for place, word in enumerate(words) if word in ENDS), len(words))
    return tuple(words[:end])
