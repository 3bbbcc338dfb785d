# make lab and make test need Python >= 3.11 and make; they set up .venv by themselves.

PYTHON   ?= python3
VENV     ?= .venv
# What else pip should know, e.g. where a CPU build of torch lies:
#   make lab PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_ARGS ?=
RUN       = $(VENV)/bin
NOTEBOOKS = $(wildcard notebooks/*.ipynb)

# One thread in each of several processes is quicker than all of them asking for every core.
unit notebook-test: export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help lab demo book test lint unit browser-test notebook-test notebooks bench doctor clean
.DELETE_ON_ERROR:

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: $(VENV)/.lab  ## open the notebooks in JupyterLab
	$(RUN)/sigreg-edu lab

demo: $(VENV)/.lab  ## show the explorers on a projector, without code
	$(RUN)/sigreg-edu demo

book: $(VENV)/.book  ## a web site of the notebooks, in build/book
	$(RUN)/sigreg-edu book

doctor: $(VENV)/.lab  ## check the installation
	$(RUN)/sigreg-edu doctor

test: lint unit notebook-test browser-test  ## every check: style, imports, tests, notebooks, browser

lint: $(VENV)/.test  ## style, format and the import rule of the house
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports --no-logo

unit: $(VENV)/.test  ## tests and doctests, without a browser
	$(RUN)/python -m pytest -m "not browser" -n logical

# Two at a time on two cores: threads that wait for those of the other one cost minutes.
notebook-test browser-test: export OMP_NUM_THREADS = 1

notebook-test: $(VENV)/.test  ## every notebook runs, and prints what it is kept with
	@if [ -n "$(NOTEBOOKS)" ]; then set -x; \
	  $(RUN)/python -m pytest --nbval --nbval-current-env $(NOTEBOOKS) -n 2 --dist loadfile; \
	else echo "no notebooks yet"; fi

browser-test: $(VENV)/.test  ## every notebook in JupyterLab in Chromium
	$(RUN)/python -m pytest -m browser tests/browser -n 2 --dist loadgroup

notebooks: $(VENV)/.test  ## run all notebooks again and keep what they show
	$(RUN)/python -m sigreg_edu.cli.notebooks $(NOTEBOOKS)

bench: $(VENV)/.test  ## time every explorer in Chromium (minutes), into data/bench
	$(RUN)/sigreg-edu bench explorers

clean:  ## remove .venv and what tools left behind
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

# --- the environment, made anew when the versions change --------------------------------------------

$(VENV)/.lab: pyproject.toml constraints.txt | $(VENV)/.made
	$(RUN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e ".[lab]"
	@touch $@

$(VENV)/.book: pyproject.toml constraints.txt | $(VENV)/.made
	$(RUN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e ".[book]"
	@touch $@ $(VENV)/.lab

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.made
	$(RUN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e ".[lab,test]"
	@touch $@ $(VENV)/.lab $(VENV)/.book

# Touched last, so that one that was interrupted half-way is made again.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "No '$(PYTHON)' here. Install Python 3.11 or later, or say where it is: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$$($(PYTHON) --version) is too old: this needs Python 3.11 or later. Say where one is: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) lacks its venv module. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "Setting up $(VENV), once: some GB (mostly torch) and a few minutes."
	@$(PYTHON) -m venv $(VENV)
	@touch $@
