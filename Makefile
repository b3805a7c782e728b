# Longshore's commands. They need Python 3.11 or 3.12, and the package registries the first time.
# Everything is installed into .venv and .local.

PYTHON  = python3.11 python3.12 python3
PY      = .venv/bin/python
COMPILE = .venv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes \
          --custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links

# Where it is set, as in many containers, each of some hundred processes compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make demo    train, upload, deploy, score and delete two models on a cloud on this machine"
	@echo "make up      run that cloud until Ctrl-C; the API is on port LONGSHORE_PORT (7071)"
	@echo "make check   format, lint, types, import floors"
	@echo "make test    check, and the tests: what every change must pass"
	@echo "make proof   the long tests; goes on where it was interrupted; writes build/proof.json"
	@echo "make bench   measure; writes build/bench.json"
	@echo "make simulate  run seeds of the simulator: SEEDS=20000 so many, SEED=1234 one, with its history"
	@echo "make corpus  make the model files of the tests with real libraries: ONLY=sklearn-1.7.2 one set, KEEP=1 renew what is kept"
	@echo "make lock    renew the locked requirements"
	@echo "make clean   remove all that was installed, built or kept here"

demo: .venv/installed
	@exec $(PY) -m local.demo

up: .venv/installed
	@exec $(PY) -m local.up

check: .venv/installed
	@mkdir -p build
	@.venv/bin/ruff format --check >build/format.txt || { cat build/format.txt >&2; \
		echo "this formats them: .venv/bin/ruff format" >&2; exit 1; }
	@.venv/bin/ruff check --quiet
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports >build/imports.txt || { cat build/imports.txt >&2; exit 1; }

test: check
	@exec $(PY) -m pytest -q -m "not proof" -n 4 --no-loadscope-reorder

proof: .venv/installed
	@exec $(PY) -m pytest -q -m proof -p tests.proof

bench: .venv/installed
	@exec $(PY) -m bench

simulate: .venv/installed
	@exec $(PY) -m simulator $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000))

corpus: .venv/installed
	@exec $(PY) -m tests.corpus.build $(ONLY) $(if $(KEEP),--keep)

lock: .venv/installed
	@$(COMPILE) requirements.in --output-file requirements.txt
	@$(COMPILE) requirements-dev.in --constraint requirements.txt --output-file requirements-dev.txt
	@$(COMPILE) tests/fuzzing/requirements.in --output-file tests/fuzzing/requirements.txt

clean:
	@rm -rf .venv .local build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

.venv/installed: requirements-dev.txt | .venv/bin/uv
	@.venv/bin/uv pip sync --quiet --require-hashes --python $(PY) requirements-dev.txt
	@touch $@

# pip brings uv, at the version and with the hashes of the locked file; uv brings the rest.
.venv/bin/uv:
	@for each in $(PYTHON); do \
		"$$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null \
			&& python="$$each" && break; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Longshore needs Python 3.11 or 3.12, which is none of: $(PYTHON)." >&2; \
		echo "Install one, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; \
		exit 2; \
	fi; \
	echo "setting up .venv with $$("$$python" --version), once"; \
	"$$python" -m venv --clear .venv || { \
		echo "$$python cannot make a virtual environment (Debian: apt install python3-venv)" >&2; \
		exit 2; }
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt >.venv/uv.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt

.PHONY: help demo up check test proof bench simulate corpus lock clean
