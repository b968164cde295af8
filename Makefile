# Two commands are all a newcomer needs:
#   make run    a demo of chat, desk and editors' page; once a token, an address or staff is set up, the bot itself
#   make test   what is checked before a change lands; what takes longer is  make test-slow
# Without Chromium (on Debian: apt-get install chromium) the tests in a browser are skipped, and say so; likewise those
# on PostgreSQL (apt-get install postgresql) and behind a proxy (apt-get install nginx).
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-slow test-long faults bench audit fuzz clean

run: .venv/installed
	@$(BIN)/safetybot demo --or-run

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile $(PYTEST_FLAGS)

# Programs killed at every step, and the content as it ships.
test-slow: .venv/installed-dev
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile $(PYTEST_FLAGS)

# Ten times as many examples for each property, then ten minutes of faults.
test-long: .venv/installed-dev
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n 2 --dist loadfile --timeout 3600 $(PYTEST_FLAGS)
	$(MAKE) faults

# Programs killed and cut off for so many minutes; what went wrong is repeated with  FAULTS_SEED=…
faults: .venv/installed-dev
	FAULTS_MINUTES=$(or $(MINUTES),10) $(BIN)/python -m pytest tests/faults -m slow -s $(PYTEST_FLAGS)

bench: .venv/installed-dev
	$(BIN)/python bench/speed.py $(FILE)
	$(BIN)/python bench/reports.py
	$(BIN)/python bench/web.py
	$(BIN)/python bench/desk.py
	$(BIN)/python bench/updates.py
	$(BIN)/python bench/growing.py
	$(BIN)/python bench/attacks.py codes
	$(BIN)/python bench/attacks.py texts
	$(BIN)/python bench/answers.py

# Known kinds of holes in our code, and published ones in packages (docs/security.md).
audit: .venv/installed-dev
	$(BIN)/python tools/audit.py

# Every parser that meets outside input, guided by coverage: ten minutes each.
FUZZ_SECONDS ?= 600
fuzz: .venv/installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	$(BIN)/python bench/fuzz.py --seconds $(FUZZ_SECONDS) $(TARGETS)

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch .venv/installed $@

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
