# `make run` and `make test` set up what is missing; nothing is installed twice.
PYTHON ?= python3
PROFILE ?= cpu
RUN ?= results/$(PROFILE)
BIN := .venv/bin
READY := .venv/ready
export GOMP_SPINCOUNT ?= 1000
export TOKENIZERS_PARALLELISM ?= false
.DEFAULT_GOAL := help
.PHONY: help install run recipes test check smoke demo lab serve bench abuse pages readme

help:  ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

install: $(READY)  ## set up .venv from the lock (once)

$(READY): requirements.txt setup.py settings.ini
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed (found: $$($(PYTHON) --version)). Name one: make install PYTHON=python3.12"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q "$$(grep '^torch==' requirements.txt)" "$$(grep '^uv==' requirements.txt)"
	$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --no-deps -r requirements.txt
	$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --no-deps -e .
	@touch $(READY)

run: $(READY)  ## the whole loop on the demo data (PROFILE=full for the reference numbers, RESUME=1 to go on)
	$(BIN)/supportbot run --profile $(PROFILE) --run $(RUN) $(if $(RESUME),--resume)

recipes: $(READY)  ## train by several recipes and compare them on the validation split (after make run)
	$(BIN)/supportbot recipes --run $(RUN) --config $(PROFILE)

test: check smoke  ## every check: regrown library, clean notebooks, lint, types, tests, smoke pipeline

check: $(READY)  ## everything of `test` except the smoke pipeline
	$(BIN)/python .ci/regrown.py
	$(BIN)/ruff check -q --config .ci/ruff.toml supportbot_lib
	$(BIN)/mypy --config-file .ci/mypy.ini supportbot_lib
	OMP_NUM_THREADS=1 $(BIN)/nbdev_test --n_workers 2
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 -p no:cacheprovider supportbot_lib/tests

smoke: $(READY)  ## five chapters on a two-layer random model; its numbers mean nothing
	$(BIN)/supportbot run --profile smoke --run results/smoke

demo: $(READY)  ## ask the shipped adapter in the terminal
	@$(BIN)/supportbot demo $(if $(Q),"$(Q)")

lab: $(READY)  ## JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir nbs

serve: $(READY)  ## the HTTP API on port 8000, with the shipped adapter
	$(BIN)/supportbot serve --port 8000

bench: $(READY)  ## training, generation and data beside what others use (PART=serving for one part, LARGE=1 for a million tickets)
	$(BIN)/supportbot bench $(if $(PART),--part $(PART)) $(if $(LARGE),--large)

abuse: $(READY)  ## a real server on its worst days (PART=overload for one, REAL=1 for the shipped demo, RUNTIME=openvino for it)
	$(BIN)/supportbot abuse $(if $(PART),--part $(PART)) $(if $(REAL),--real) $(if $(RUNTIME),--runtime $(RUNTIME))

pages: $(READY)  ## run the lessons of every notebook and keep their small outputs
	$(BIN)/python .ci/outputs.py

readme: $(READY)  ## README.md from nbs/index.ipynb
	$(BIN)/python .ci/readme.py
