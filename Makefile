# The only targets: demo, test, lint, bench…, docs.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint docs bench bench-tables bench-speed bench-pictures bench-sequences bench-streaming

demo: .venv/installed
	$(BIN)/glia demo

test: lint
	$(BIN)/python -m pytest -n auto

lint: .venv/developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: .venv/developed
	$(BIN)/mkdocs build --strict

bench: bench-tables bench-speed bench-pictures bench-sequences bench-streaming

bench-tables bench-speed bench-pictures bench-sequences bench-streaming: bench-%: .venv/developed
	$(BIN)/python -m bench.$*

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/developed: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,docs]'
	touch $@
