# Everything runs in .venv, which the first target that needs it makes; `make help` lists the targets.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?=
PROFILE ?= smoke
EXECUTE ?=
# Once chosen, the GPU build stays chosen for as long as .venv lives.
GPU ?= $(if $(wildcard .venv/.installed-gpu),1)
export TF_CPP_MIN_LOG_LEVEL ?= 3

BIN := .venv/bin
INSTALLED := .venv/.installed$(if $(GPU),-gpu)
SOURCES := helpers tools tests grading $(wildcard benchmarks notebooks/source)
# What pytest runs side by side: two notebooks with TensorFlow are what 8 GB of memory hold.
JOBS ?= 2

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  SUBMISSIONS=folder   with grade: a folder for each student, with notebooks in it"
	@echo "  JOBS=2               with test: how many tests and notebooks run side by side"
	@echo "  PROFILE=cpu          with course: train for half an hour a notebook, not for a minute (gpu: needs a GPU)"
	@echo "  EXECUTE=1            with notebooks: also run the solutions and keep their pictures"
	@echo "  PYTHON=python3.12    with setup: the Python to use, 3.11 to 3.13"
	@echo "  GPU=1                with setup: TensorFlow for NVIDIA GPUs on Linux instead of the CPU build"

.PHONY: setup
setup: $(INSTALLED) ## install everything into .venv (the other targets do this by themselves)
	@echo "Everything is installed in .venv, with $$($(BIN)/python --version)."

.PHONY: course
course: $(INSTALLED) ## run all notebooks and show their pictures on build/course/index.html
	@COVERGAN_PROFILE=$(PROFILE) $(BIN)/python tools/run_course.py

.PHONY: test
test: $(INSTALLED) ## check style, run the unit tests, check and run the notebooks
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --ignore tests/exercises
	$(BIN)/python tools/build_notebooks.py --check
	@# nbval runs copies, each in a folder of its own, because a notebook writes what it builds and trains beside itself
	rm -rf build/nbval
	for notebook in notebooks/solutions/*.ipynb; do \
		folder=build/nbval/$$(basename $$notebook .ipynb) && mkdir -p $$folder && cp $$notebook $$folder || exit 1; done
	COVERGAN_PROFILE=smoke $(BIN)/python -m pytest -p no:cacheprovider -n $(JOBS) --dist loadscope \
		--nbval-lax --nbval-current-env --nbval-cell-timeout=240 --nbval-sanitize-with tests/nbval_sanitize.cfg build/nbval
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope tests/exercises

.PHONY: release
release: $(INSTALLED) ## write the notebooks that an instructor hands out, with nbgrader's marks, to grading/class/release
	@$(BIN)/python grading/release.py

.PHONY: grade
grade: $(INSTALLED) ## grade the submissions in SUBMISSIONS=folder; grades and feedback go to grading/class
	@$(BIN)/python grading/grade.py "$(SUBMISSIONS)"

.PHONY: grade-demo
grade-demo: $(INSTALLED) ## grade a made-up class of six and print its gradebook
	@$(BIN)/python grading/demo.py

.PHONY: site
site: $(INSTALLED) ## build the course's web site from the executed solutions, offline, in build/site/html
	@$(BIN)/python tools/build_site.py

.PHONY: colab
colab: $(INSTALLED) ## run the notebooks with the versions of packages that Google Colab has
	@$(BIN)/python tools/colab_environment.py $(if $(PYTHON),--python $(PYTHON))

.PHONY: lab
lab: $(INSTALLED) ## open JupyterLab at the first notebook
	@$(BIN)/jupyter lab $(wildcard notebooks/00_*.ipynb)

.PHONY: notebooks
notebooks: $(INSTALLED) ## make the student and solution notebooks from notebooks/source
	@$(BIN)/python tools/build_notebooks.py $(if $(EXECUTE),--execute)

.PHONY: bench
bench: $(INSTALLED) ## run the benchmarks, one after the other
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

.PHONY: lock
lock: $(INSTALLED) ## choose the newest versions that pyproject.toml allows and write them to requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra cpu --extra jax --extra content --extra dask --extra grading --extra site --extra dev --universal --python-version 3.11 \
		--upgrade --no-annotate --no-emit-index-url --custom-compile-command "make lock" --quiet -o requirements.lock

.PHONY: clean
clean: ## delete build/ and all caches, but not .venv
	rm -rf build .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -exec rm -rf {} +

# A Python is good enough when it runs, is 3.11 to 3.13 and can make environments. An environment that was left half
# made, or whose Python has gone, is made anew.
$(INSTALLED): requirements.lock pyproject.toml
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		found=; bare=; \
		for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
			"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
			if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
			bare=$$python; \
		done; \
		if [ -z "$$found$$bare" ]; then \
			echo "No Python 3.11, 3.12 or 3.13 was found$(if $(PYTHON), at $(PYTHON)): install one," \
				"or name it, as in: make setup PYTHON=/opt/python/bin/python3.12" >&2; exit 1; \
		elif [ -z "$$found" ]; then \
			echo "$$bare cannot make virtual environments: install its venv module" \
				"(on Debian and Ubuntu: sudo apt install python3-venv) and try again." >&2; exit 1; \
		fi; \
		echo "Making .venv with $$("$$found" --version)."; \
		"$$found" -m venv --clear .venv; \
	fi
	@echo "Installing the locked packages into .venv; the first time this takes a few minutes."
	@rm -f .venv/.installed*
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
ifneq ($(GPU),)
	@$(BIN)/python -m pip uninstall --quiet --yes tensorflow-cpu tensorflow
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -c requirements.lock -e '.[gpu]'
endif
	@touch $@
