# What each target does is in the files of dev/.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON_OF_OURS := .venv/bin/python

.PHONY: help env demo stop lint check test soak docs bench clean

help:  ## these lines
	@sed -n 's/^\([a-z]*\):.*## /make \1 — /p' Makefile

env: .venv/.installed  ## .venv with everything that requirements.txt pins, and the project

.venv/.installed: requirements.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh dev/environment.sh
	@touch $@

demo: env  ## a server, a person, the examples, and one of them run on Slurm; needs root for Slurm only
	@$(PYTHON_OF_OURS) -m dev.demo up

stop:  ## stop what `make demo` started
	@test ! -x $(PYTHON_OF_OURS) || $(PYTHON_OF_OURS) -m dev.demo stop

lint: env  ## format, lint, types, imports, migrations, production settings
	@$(PYTHON_OF_OURS) -m dev.check lint

check: env  ## lint, and the tests that need neither root nor Slurm, on SQLite
	@$(PYTHON_OF_OURS) -m dev.check quick

test: env  ## check, then all tests on PostgreSQL with a real Slurm; as root it installs both
	@$(PYTHON_OF_OURS) -m dev.packages postgresql slurm accounting chromium
	@$(PYTHON_OF_OURS) -m dev.check all

soak: env  ## 500 submissions on a real Slurm while everything fails around their agent: each runs once
	@$(PYTHON_OF_OURS) -m dev.packages slurm accounting
	@JOBBERGATE_SOAK=$${JOBBERGATE_SOAK:-500} $(PYTHON_OF_OURS) -m pytest -m slurm --numprocesses=0 tests/slurm/test_faults.py

docs: env  ## write docs/cli.md and docs/jobbergate.schema.json from the code itself
	@$(PYTHON_OF_OURS) -m cli.reference
	@$(PYTHON_OF_OURS) -m applications.config_schema > docs/jobbergate.schema.json

bench: env  ## the measurements of benchmarks/, on a PostgreSQL of their own
	@$(PYTHON_OF_OURS) -m dev.packages postgresql
	@$(PYTHON_OF_OURS) -m dev.postgres run -- $(PYTHON_OF_OURS) -m benchmarks

clean: stop  ## stop the demo, remove what it kept, and .venv
	@test ! -x $(PYTHON_OF_OURS) || $(PYTHON_OF_OURS) -m dev.demo clean
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
