# The one interface of the project: `make help` says what each target does.
VENV   := .venv
PYTHON ?= python3.11
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TRIAL  ?= data/synthetic/jobfirst
MONITOR ?= data/synthetic/holbaek
OUT    ?= build/reports

# One thread for linear algebra: quicker on these shapes, and the same bits everywhere.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
export MPLBACKEND = Agg

.DEFAULT_GOAL := help
.PHONY: help setup report test test-slow check format drift drift-accept docs data examples benchmarks clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## Make the virtual environment .venv with pinned packages

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

report: $(STAMP) ## Render the reports of TRIAL and of the suppliers in MONITOR into build/reports
	$(BIN)/jobeval report $(TRIAL) --notebooks notebooks --out $(OUT)
	$(BIN)/jobeval monitor $(MONITOR) --notebooks notebooks --out $(OUT)

test: $(STAMP) ## Run the tests (without the slow ones)
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(STAMP) ## Run the tests that take minutes: coverage in simulation
	$(BIN)/python -m pytest -n 2 -m slow

check: $(STAMP) ## Lint, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(STAMP) ## Put the code into its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

drift: $(STAMP) ## Compare the reports' printed values with the committed ones
	$(BIN)/python tests/drift.py

drift-accept: $(STAMP) ## Accept the reports' values of today as the committed ones
	$(BIN)/python tests/drift.py --accept

docs: $(STAMP) ## Write the generated pages of docs/
	$(BIN)/python docs/build.py

data: $(STAMP) ## Make the committed synthetic data again
	$(BIN)/jobeval simulate jobfirst --out data/synthetic/jobfirst
	$(BIN)/jobeval simulate holbaek --out data/synthetic/holbaek

examples: $(STAMP) ## Evaluate the two real trials (National Supported Work, TARP)
	for name in nsw tarp; do \
	    $(BIN)/python examples/$$name/prepare.py build/examples/$$name && \
	    $(BIN)/jobeval report build/examples/$$name --look final --out build/examples/$$name/reports \
	    || exit 1; \
	done

benchmarks: $(STAMP) ## Measure ratios against the peers, in one run
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean: ## Remove what was built (the virtual environment stays)
	rm -rf build .pytest_cache .hypothesis .ruff_cache
