# Two commands do everything: `make demo` and `make test`. Each makes its own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
TESTERS ?= 2

.PHONY: demo test test-nojit lint bench accuracy calibrate protocol rivals sensitivity clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

demo: $(VENV)/installed
	$(BIN)/otio-ai-audit demo $(DEMO)

# Two processes, whole files to each: what a file makes for its tests is made once.
test: $(VENV)/installed
	$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile

# The kernels as plain Python: slow, but a debugger and the coverage report see every line.
test-nojit: $(VENV)/installed
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest tests/test_kernels.py

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The quick set: ratios against a reference measured in the same run.
bench: $(VENV)/installed
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-json=.benchmarks/last.json

# Needs a folder of labelled clips: make accuracy CORPUS=../shared/corpus
accuracy: $(VENV)/installed
	$(BIN)/python -m benchmarks.accuracy $(CORPUS)

calibrate: $(VENV)/installed
	$(BIN)/python -m benchmarks.calibrate $(CORPUS)

# Faults in whole clips frame by frame, what else is known on the same clips, how small a fault is found. All
# judge by tables that have not seen the footage; signals and clips are kept in .benchmarks/signals.
protocol: $(VENV)/installed
	$(BIN)/python -m benchmarks.protocol $(CORPUS) --json benchmarks/results/protocol.json

rivals: $(VENV)/installed
	$(BIN)/python -m benchmarks.rivals $(CORPUS) --json benchmarks/results/rivals.json \
		--markdown benchmarks/results/rivals.md

sensitivity: $(VENV)/installed
	$(BIN)/python -m benchmarks.sensitivity $(CORPUS)

clean:
	rm -rf $(VENV) .benchmarks build dist demo
