"""A hook of MkDocs: pages outside of docs/ join the site, and links between files of the repository work in it.

Pages are written for readers of the repository, so links are relative to their files. A link to another page becomes
one within the site; one to a file that is no page loses its target, since the site has no copy of it.
"""

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
OUTSIDE = (
    "README.md", "RESULTS.md", "BENCHMARKS.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
    "CODE_OF_CONDUCT.md", "config/README.md", "examples/README.md",
)  # fmt: skip
FRONT = {"README.md": "index.md", "BENCHMARKS.md": "speed.md"}  # docs/benchmarks.md is another page
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"(^```.*?^```$)", flags=re.MULTILINE | re.DOTALL)
ELSEWHERE = ("http:", "https:", "mailto:", "#")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages outside of docs/."""
    for name in OUTSIDE:
        files.append(File.generated(config, FRONT.get(name, name), abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Mend the links of a page; code is left alone."""
    source = _in_repository(page.file.src_uri)
    parts = FENCE.split(markdown)
    parts[::2] = [LINK.sub(lambda found: _mended(found, source, page.file.src_uri, files), part) for part in parts[::2]]
    return "".join(parts)


def _mended(found: re.Match[str], source: str, page: str, files: Files) -> str:
    picture, text, target = found.groups()
    if target.startswith(ELSEWHERE):
        return found.group()
    path, mark, anchor = target.partition("#")
    wanted = os.path.normpath(os.path.join(os.path.dirname(source), path))
    if not (ROOT / wanted).exists():
        return found.group()  # MkDocs reports it
    inside = FRONT.get(wanted, wanted.removeprefix("docs/"))
    if files.get_file_from_path(inside) is None:
        return text
    return f"{picture}[{text}]({os.path.relpath(inside, os.path.dirname(page) or '.')}{mark}{anchor})"


def _in_repository(page: str) -> str:
    # Path of a page's file from the root of the repository.
    outside = {inside: name for name, inside in FRONT.items()} | {name: name for name in OUTSIDE if name not in FRONT}
    return outside.get(page, f"docs/{page}")
