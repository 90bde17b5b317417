# Everything runs in .venv, which is made once and kept; `make clean` removes it.
PYTHON ?= python3
BIN := .venv/bin
TRACK ?=
SOUND ?=

.PHONY: help demo test check lint types sweep bench clean
help:
	@echo "make demo   set up, watch a ball foreseen, words heard and words read (TRACK=file.csv SOUND=file.wav: yours)"
	@echo "make test   set up and run the tests"
	@echo "make check  what CI runs: format, lint, types, tests"
	@echo "make sweep  the long sweeps over many cases"
	@echo "make bench  measure steps, pools, sound and the start beside what else there is"

.venv/.live: pyproject.toml
	@test -x $(BIN)/python || { echo "making .venv"; $(PYTHON) -m venv .venv; }
	@echo "installing streamrnn (no torch: it runs live without)"
	@$(BIN)/pip install --disable-pip-version-check -q -e '.[plot]'
	@touch $@

.venv/.dev: pyproject.toml
	@test -x $(BIN)/python || { echo "making .venv"; $(PYTHON) -m venv .venv; }
	@echo "installing streamrnn with torch and the tools of development: several GB, some minutes"
	@$(BIN)/pip install --disable-pip-version-check -e '.[dev]' | grep -E --line-buffered "^(Collecting|Installing|Successfully)" || true
	@$(BIN)/python -c "import torch, pytest, streamrnn"
	@touch .venv/.live $@

demo: .venv/.live
	$(BIN)/python demos/ball.py $(TRACK)
	$(BIN)/python demos/audio.py $(SOUND) --png heard.png
	$(BIN)/python demos/chatbot.py "what time is it?" --png words.png

test: .venv/.dev
	$(BIN)/python -m pytest -n auto -m "not sweep"

sweep: .venv/.dev
	$(BIN)/python -m pytest -n auto -m sweep

check: lint types test

lint: .venv/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: .venv/.dev
	$(BIN)/pyright

bench: .venv/.dev
	$(BIN)/streamrnn bench step
	$(BIN)/streamrnn bench cold
	$(BIN)/streamrnn bench chunk
	$(BIN)/streamrnn bench pool
	$(BIN)/streamrnn bench pool --audio
	$(BIN)/streamrnn bench audio
	$(BIN)/streamrnn bench start

clean:
	rm -rf .venv build dist
