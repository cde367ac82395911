"""What `pip install .` takes along: every module, and every file that a module reads beside it."""

import tomllib
from importlib.resources import files


def test_every_file_of_the_library_that_is_no_module_is_declared_as_package_data(root):
    [(packages, patterns)] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"][
        "package-data"
    ].items()
    source = root / "src/gofer"
    data = [path for path in source.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    assert packages == "*"
    assert [path.name for path in data if not any(path.match(pattern) for pattern in patterns)] == []
    assert all(any(path.match(pattern) for path in data) for pattern in patterns)


def test_every_folder_of_the_library_is_a_package(root):
    folders = {path.parent for path in (root / "src/gofer").rglob("*.py")}
    assert [folder.name for folder in folders if not (folder / "__init__.py").exists()] == []


def test_what_modules_read_is_found_as_a_resource_of_the_package():
    assert all(files("gofer").joinpath(name).is_file() for name in ("inputs/demo.yaml", "report/page.html.j2"))
