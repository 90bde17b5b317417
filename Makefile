# Everything runs in .venv, which is made once and kept; `make clean` removes it.
PYTHON ?= python3
BIN := .venv/bin
TRACK ?=
SOUND ?=

.PHONY: help demo test check lint types sweep bench memory clean
help:
	@echo "make demo   set up, watch a ball foreseen, words heard, words read, and all replayed (TRACK=file.csv SOUND=file.wav: yours)"
	@echo "make test   set up and run the tests"
	@echo "make check  what CI runs: format, lint, types, tests"
	@echo "make sweep  the long sweeps over many cases"
	@echo "make memory train the networks of the table of memory tasks: some hours"
	@echo "make bench  measure steps, pools, sound, replay and the start beside what else there is"

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
	$(BIN)/python demos/replay.py $(SOUND)
	rm -f demo.mcap
	$(BIN)/streamrnn stream keywords $(or $(SOUND),demos/utterance.flac) --no-view --record demo.mcap
	$(BIN)/streamrnn replay demo.mcap --check

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
	$(BIN)/streamrnn bench replay
	$(BIN)/streamrnn bench start

# Each network is trained once; killed, the same call goes on. The table: streamrnn explain tasks
memory: .venv/.dev
	for seed in 1 2 3; do for length in 10 30 100 300 1000; do \
	for problem in adding order copying binary; do for cell in feedforward rnn gru lstm; do \
	  [ $$problem = copying -o $$problem = binary ] && [ $$length -gt 100 ] && continue; \
	  echo "$$problem-$$length-$$cell-$$seed --set data.problem=$$problem --set data.length=$$length \
	    --set train.remember=$$length --set network.cell=$$cell --set train.seed=$$seed"; \
	done; done; done; done | xargs -P $$(nproc) -L 1 sh -c 'out=runs/memory/$$0.safetensors; \
	  [ -e $$out ] || $(BIN)/streamrnn train configs/memory.toml "$$@" --quiet --run runs/memory/$$0 --out $$out'
	$(BIN)/streamrnn explain tasks runs/memory

clean:
	rm -rf .venv build dist
