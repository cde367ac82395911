"""`pip install .` installs every module, every data file of a module, and the weights of `mini`."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml

from gofer.embeddings.encoder_names import weights_mark


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """The folder that an environment would have of gofer: its wheel, built by pip without a network, unpacked."""
    pytest.importorskip("setuptools", minversion="77", reason="no wheel can be built without setuptools 77")
    folder = tmp_path_factory.mktemp("package")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, folder)
    shutil.copytree(root / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    [wheel] = folder.glob("gofer-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_every_file_of_the_library_is_in_the_wheel(root, installed):
    files = {
        path.relative_to(root / "src")
        for path in (root / "src/gofer").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {path.relative_to(installed) for path in (installed / "gofer").rglob("*") if path.is_file()} == files


def test_an_installed_library_has_the_weights_of_mini(installed, tmp_path):
    script = (
        "import gofer; from gofer.embeddings.encoder_names import weights_mark; "
        "print(gofer.__file__, weights_mark('mini'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert printed.split() == [str(installed / "gofer/__init__.py"), weights_mark("mini")]


def test_an_installed_library_has_the_command(installed):
    [entry_points] = installed.glob("gofer-*.dist-info/entry_points.txt")
    assert entry_points.read_text().split("\n")[:2] == ["[console_scripts]", "gofer = gofer.cli.main:app"]


def test_no_pattern_of_package_data_is_left_over(root):
    [(packages, patterns)] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"][
        "package-data"
    ].items()
    assert packages == "*"
    files = [path for path in (root / "src/gofer").rglob("*") if path.is_file()]
    shipped_later = {"models/*.gofer"}  # a checkout may lack it
    assert all(any(path.match(pattern) for path in files) for pattern in {*patterns} - shipped_later)


def test_every_folder_of_the_library_is_a_package(root):
    folders = {path.parent for path in (root / "src/gofer").rglob("*.py")}
    assert [folder.name for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_citation_and_the_newest_section_of_the_changelog_are_of_this_version(root):
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == version
    newest = re.search(r"^## (.*)$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    assert newest == f"{version} – {citation['date-released']}"
