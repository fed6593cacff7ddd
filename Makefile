# The everyday commands. `make ask` builds .venv with what asking needs; the others add the tools for development.
PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
ASKING := .venv/.asking
INSTALLED := .venv/.installed
WEIGHTS := .venv/.weights

# pip at -qq prints errors only. It compiles nothing: Python compiles what is imported, once, at the first import; most
# of these packages never is. So the bytecode has to be kept.
INSTALL = $(BIN)/pip install -qq --no-compile --disable-pip-version-check -c constraints.txt
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup ask test lint docs bench homes train-mini train-eyes egl clean
.DEFAULT_GOAL := help
.NOTPARALLEL:

help:
	@echo "make ask         ask mini about examples/home.mp4; question, answer and truth side by side"
	@echo "make test        the quick tests"
	@echo "make lint        ruff, pyright, import-linter"
	@echo "make docs        the documentation's site, in site/; fails on a broken link"
	@echo "make bench       score mini on twelve test homes: its objects, tokens, chance"
	@echo "make homes       twenty generated homes in homes/"
	@echo "make train-mini  train the mini checkpoint anew in runs/"
	@echo "make train-eyes  train the detector for homes anew in runs/"
	@echo "make clean       remove .venv and caches (not homes/ and runs/)"

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "vlm2 needs Python 3.11 or newer; $(PYTHON) is older. Say which to use: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "Making .venv failed. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(ASKING): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing what asking needs into .venv (PyTorch, transformers, OpenCV, PyAV)"
	@$(INSTALL) -e .
	@touch $@

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing everything for development into .venv"
	@$(INSTALL) -e '.[dev,homes,train,serve,mcp,view,openvino]'
	@touch $@ $(ASKING)

$(WEIGHTS): $(INSTALLED)
	@$(BIN)/vlm2 weights get
	@touch $@

setup: $(INSTALLED) $(WEIGHTS)

ask: $(ASKING)
	@$(BIN)/vlm2 ask examples/home.mp4 --questions examples/home.questions.jsonl

test: setup egl
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir site

bench: setup egl
	$(BIN)/vlm2 homes make --out runs/test-homes --split test --count 12 --seed 7 --fps 2 --no-sheets --workers $(WORKERS)
	$(BIN)/vlm2 eval vsi_bench --model mini --data runs/test-homes/questions.jsonl --videos runs/test-homes/videos \
	  --workers $(WORKERS) --out runs/bench
	$(BIN)/vlm2 eval vsi_bench --model mini --no-tools --data runs/test-homes/questions.jsonl --videos runs/test-homes/videos \
	  --workers $(WORKERS) --out runs/bench-tokens
	$(BIN)/vlm2 eval vsi_bench --model chance --data runs/test-homes/questions.jsonl --videos runs/test-homes/videos \
	  --out runs/bench-chance
	$(BIN)/vlm2 eval report runs/bench runs/bench-tokens runs/bench-chance

homes: $(INSTALLED) egl
	$(BIN)/vlm2 homes make --out homes --count 20 --seed 7 --split train

train-mini: setup egl
	$(BIN)/vlm2 train cache
	$(BIN)/vlm2 train cache --out runs/cache/validation --split validation --count 12 --seed 5
	$(BIN)/vlm2 train geometry
	$(BIN)/vlm2 train mini

train-eyes: setup egl
	$(BIN)/vlm2 train eyes

egl: $(INSTALLED)
	@$(BIN)/python -c "import moderngl; moderngl.create_context(standalone=True, backend='egl').release()" 2>/dev/null || { \
	  echo "The renderer of homes needs EGL, which is missing here. On Debian and Ubuntu:"; \
	  echo "  apt-get install libegl1 libgl1 libgl1-mesa-dri"; exit 1; }

clean:
	rm -rf .venv site .pytest_cache .ruff_cache .import_linter_cache
