# `make demo` and `make test` are the two commands. Everything lands in .venv and artifacts/.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
WORLD  := artifacts/home_appliances

.PHONY: demo test browser format clean

$(READY): setup.cfg constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; run: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

# The whole job twice: on real data, then on a planted Chinese home-appliance world.
demo: $(READY)
	@echo "== Complete Journey: households of a grocer, 2017 =="
	$(BIN)/personas run configs/complete_journey.yaml --as-of 2017-09-01
	@echo "== Home appliances: a planted world in Chinese =="
	$(BIN)/personas demo home_appliances --users 20000 --output $(WORLD)
	$(BIN)/personas run configs/home_appliances.yaml --as-of 2025-12-01

# Files go out in the order of their names, not by how many tests they hold: the few long tests of whole runs come early.
test: $(READY) browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# The report is tested in a real browser: the system's own, or Debian's when make runs as root.
browser:
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; } \
	|| { echo "The report's tests need Chromium or Chrome on the PATH; install one and run make test again."; exit 1; }

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info
