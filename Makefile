# Every target does its own set-up and does nothing twice. `make help` lists them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
UP ?=
NAME ?=
SEED ?=
SCALE ?=
ARGS ?=

BUILD := frontend/static/build/manifest.json
FRONTEND_SOURCES := $(shell find frontend/assets -type f 2>/dev/null) $(wildcard package.json vite.config.ts tsconfig.json)
CATALOGUES := $(wildcard frontend/locale/*/LC_MESSAGES/*.po)
# The npm that is there when its Node is new enough, else the one from a Python wheel.
NPM = $(BIN)/python -m xmagnet.local.node npm

.DEFAULT_GOAL := help
.PHONY: help install run test check format bench messages screenshots lock clean
# A failed recipe must not leave a target that looks finished.
.DELETE_ON_ERROR:

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

run: $(STAMPS)/app $(BUILD) $(CATALOGUES:.po=.mo)  ## run everything on this machine: make run UP="--port 8001"
	$(BIN)/python manage.py up $(UP)

test: install  ## the whole test suite on an embedded PostgreSQL: make test ARGS="tests/local -x"
	$(BIN)/python -m pytest -n auto $(ARGS)

check: install  ## everything that can be known without running the tests
	.ci/check

format: $(STAMPS)/dev  ## format the Python sources and fix what can be fixed
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: install  ## benchmarks: make bench NAME=start SEED=2 SCALE=0.1
	$(BIN)/python -m tests.benchmarks $(NAME) $(if $(SEED),--seed $(SEED)) $(if $(SCALE),--scale $(SCALE))

messages: $(STAMPS)/dev  ## bring the message catalogues up to date with the sources
	$(BIN)/python manage.py messages
	$(BIN)/python manage.py messages --compile

screenshots: install  ## pictures of the main pages, into docs/images
	$(BIN)/python -m tests.e2e.screenshots

install: $(STAMPS)/dev $(BUILD) $(CATALOGUES:.po=.mo)  ## everything that run, test and check need

lock: $(STAMPS)/dev  ## write the versions that are installed now into constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools --exclude wheel > constraints.txt

clean:  ## remove what was built; data under var/ and the virtual environment stay
	rm -rf frontend/static/build node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name '*.mo' -not -path './$(VENV)/*' -delete

# --- set-up -------------------------------------------------------------------------------------------------------

$(STAMPS)/venv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'  # the first that knows --group
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/app: pyproject.toml constraints.txt | $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --group app --constraint constraints.txt
	touch $@

$(STAMPS)/dev: $(STAMPS)/app
	$(BIN)/python -m pip install --quiet --group app --group dev --constraint constraints.txt
	touch $@

node_modules/.package-lock.json: package.json package-lock.json | $(STAMPS)/app
	$(NPM) ci --no-audit --no-fund
	touch $@

$(BUILD): $(FRONTEND_SOURCES) | node_modules/.package-lock.json
	$(NPM) run build
	touch $@

%.mo: %.po | $(STAMPS)/app
	$(BIN)/python manage.py messages --compile
	touch $@
