"""Build the channels of the stand-in for conda: python and pip as conda-forge, DIAMOND and MMseqs2 as bioconda.

usage: build_channels.py FOLDER

The packages are made of what runs here: this interpreter, its bundled pip, the programs on the PATH. Needs py-rattler
and patchelf. They are for tests alone: they hold no licences, and were built for this machine.
"""

import asyncio
import ensurepip
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

from rattler.index import index_fs

VERSION = platform.python_version()
PYTHON = f"python{'.'.join(VERSION.split('.')[:2])}"
SUBDIR = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}[platform.machine()]
LEFT_OUT = {"__pycache__", "test", "tests", "site-packages", "dist-packages", "idlelib", "turtledemo", "tkinter"}


def pack(root: Path, channel: Path, about: dict, link: dict | None = None) -> None:
    """Make a conda package of the files below `root`; `about` is its index.json."""
    files = sorted(path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    paths = [
        {
            "_path": path.relative_to(root).as_posix(),
            "path_type": "softlink" if path.is_symlink() else "hardlink",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size_in_bytes": path.stat().st_size,
        }
        for path in files
    ]
    info = root / "info"
    info.mkdir()
    (info / "paths.json").write_text(json.dumps({"paths": paths, "paths_version": 1}))
    (info / "files").write_text("".join(f"{path['_path']}\n" for path in paths))
    (info / "about.json").write_text("{}")
    (info / "index.json").write_text(json.dumps({"build_number": 0, "constrains": [], "license": "none", **about}))
    if link:
        (info / "link.json").write_text(json.dumps(link))
    folder = channel / about["subdir"]
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{about['name']}-{about['version']}-{about['build']}.tar.bz2"
    with tarfile.open(folder / name, "w:bz2", compresslevel=1) as file:
        for path in [info, *sorted(set(root.iterdir()) - {info})]:
            file.add(path, path.name)


def native(name: str, version: str) -> dict:
    """Index of a package of this machine."""
    place = {"subdir": SUBDIR, "arch": platform.machine(), "platform": "linux"}
    return {"name": name, "version": version, "build": "0_local", "depends": [], **place}


def pack_python(root: Path, channel: Path) -> None:
    """The running interpreter, with its standard library and headers."""
    (root / "bin").mkdir()
    (root / "lib").mkdir()
    shutil.copy2(Path(sys.base_prefix, "bin", PYTHON).resolve(), root / "bin" / PYTHON)
    for name in ("python", "python3"):
        (root / "bin" / name).symlink_to(PYTHON)
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        library = sysconfig.get_config_var("INSTSONAME")
        shutil.copy2(Path(sysconfig.get_config_var("LIBDIR"), library), root / "lib" / library)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN/../lib", root / "bin" / PYTHON], check=True)
    stdlib = root / "lib" / PYTHON
    shutil.copytree(sysconfig.get_path("stdlib"), stdlib, symlinks=True, ignore=_left_out)
    (stdlib / "site-packages").mkdir()
    (stdlib / "site-packages/README.txt").write_text("packages of this environment\n")
    (stdlib / "EXTERNALLY-MANAGED").unlink(missing_ok=True)
    headers = Path(sysconfig.get_path("include"))
    if headers.is_dir():
        shutil.copytree(headers, root / "include" / PYTHON)
    pack(root, channel, native("python", VERSION))


def _left_out(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in LEFT_OUT or name.endswith(".a") or name.startswith("config-")]


def pack_pip(root: Path, channel: Path) -> None:
    """The pip that the interpreter brings."""
    wheel = next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
    version = wheel.name.split("-")[1]
    zipfile.ZipFile(wheel).extractall(root / "site-packages")
    points = [f"{name} = pip._internal.cli.main:main" for name in ("pip", "pip3")]
    link = {"noarch": {"type": "python", "entry_points": points}, "package_metadata_version": 1}
    about = {"name": "pip", "version": version, "build": "local_0", "subdir": "noarch", "noarch": "python"}
    pack(root, channel, {**about, "depends": ["python >=3.9"]}, link)


def pack_diamond(root: Path, channel: Path) -> None:
    """The diamond on the PATH."""
    pack_program(root, channel, "diamond", "diamond", re.search(r"\d+(\.\d+)+", printed("diamond", "--version"))[0])


def pack_mmseqs(root: Path, channel: Path) -> None:
    """The mmseqs on the PATH, whose version 14-7e284 bioconda writes with a dot."""
    version = re.search(r"\d+-\w+", printed("mmseqs", "version"))[0].replace("-", ".")
    pack_program(root, channel, "mmseqs", "mmseqs2", version)


def printed(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def pack_program(root: Path, channel: Path, program: str, name: str, version: str) -> None:
    """A program on the PATH."""
    (root / "bin").mkdir()
    shutil.copy2(shutil.which(program), root / "bin" / program)
    pack(root, channel, native(name, version))


async def main(folder: Path) -> None:
    """Build and index both channels."""
    for channel, packers in {"conda-forge": [pack_python, pack_pip], "bioconda": [pack_diamond, pack_mmseqs]}.items():
        (folder / channel / "noarch").mkdir(parents=True)
        for packer in packers:
            with tempfile.TemporaryDirectory() as root:
                packer(Path(root), folder / channel)
        await index_fs(folder / channel, write_zst=False, write_shards=False, force=True)


if __name__ == "__main__":
    os.umask(0o022)
    asyncio.run(main(Path(sys.argv[1]).resolve()))
    os._exit(0)  # py-rattler 0.28.0 was seen to crash as the interpreter ends, with both channels written
