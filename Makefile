# setup: the environment · run: everything in one go · test, lint · words: sentences into the catalogues ·
# bench, soak: not part of test
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
CATALOGUES := $(wildcard locales/*/LC_MESSAGES/messages.po)

.PHONY: setup run test lint bench soak words
.DELETE_ON_ERROR:

setup: .venv/run.stamp
	@:

run: setup
	@exec $(BIN)/chophien up

test: lint
	@$(BIN)/python -m pytest -n 3 --dist worksteal

lint: setup .venv/test.stamp
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

words: setup
	@$(BIN)/python -m babel.messages.frontend --quiet extract -k say:1 -k Say:1 -k say_n:1,2 -k Word:1 -k sentence:1 -c L10N: --no-location \
		--sort-output --project=chophien --mapping=locales/babel.cfg -o locales/messages.pot .
	@for po in $(CATALOGUES); do \
		$(BIN)/python -m babel.messages.frontend --quiet update --no-fuzzy-matching --ignore-pot-creation-date --ignore-obsolete -w 100 \
			-i locales/messages.pot -o $$po -l $$(basename $$(dirname $$(dirname $$po))) || exit 1; done

bench: setup .venv/test.stamp
	@$(BIN)/python -m bench

soak: setup .venv/test.stamp
	@$(BIN)/python -m pytest -m soak -rP -o log_level=INFO tests/e2e tests/trouble

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "chophien needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements/run.txt pyproject.toml | .venv/bin/python
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.stamp: requirements/test.txt .venv/run.stamp
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/test.txt
	@touch $@
