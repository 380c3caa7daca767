# `make demo` installs Colophon and curates the example; `make test` checks everything that is quick to check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := schemas filters pipelines runners
SOURCES := pyproject.toml $(shell find $(ROOMS) .src/colophon/__init__.py -type f -not -path '*/__pycache__/*')

.PHONY: demo test test-all flink prism bench lint types lock clean

demo: $(VENV)/installed
	$(BIN)/colophon run examples/recipe.yaml --output datasets-demo/colophon-example --replace
	$(BIN)/colophon verify datasets-demo/colophon-example

# Doctests, which compile every kernel once, and types take one core each and a minute; the tests take all cores.
test: $(VENV)/tested
	$(MAKE) --jobs --output-sync --no-print-directory lint types doctests
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

test-all: $(VENV)/slow $(VENV)/tested flink prism
	COLOPHON_FLINK_LIB=$${COLOPHON_FLINK_LIB:-$(CURDIR)/$(VENV)/flink/lib} COLOPHON_PRISM=$${COLOPHON_PRISM:-$(CURDIR)/$(VENV)/prism/prism} \
		$(BIN)/python -m pytest -m slow

# Flink itself, 312 MB, for the tests that start a cluster of it; they are skipped where it cannot be had.
flink: $(VENV)/slow
	@[ -n "$$COLOPHON_FLINK_LIB" ] || [ -d $(VENV)/flink/lib ] || { \
		rm -rf $(VENV)/flink && mkdir $(VENV)/flink && \
		$(BIN)/python -m pip download --quiet --no-deps --no-build-isolation --require-hashes -r .ci/flink.lock --dest $(VENV)/flink && \
		tar -xzf $(VENV)/flink/*.tar.gz -C $(VENV)/flink && rm $(VENV)/flink/*.tar.gz && mv $(VENV)/flink/*/deps/lib $(VENV)/flink && rm -rf $(VENV)/flink/apache_flink_libraries-*; \
	} || echo "Flink could not be fetched: tests of its cluster are skipped"

# Beam's engine for trials, in the version of Beam that is installed; its test is skipped where Go cannot build it.
prism: $(VENV)/slow
	@[ -n "$$COLOPHON_PRISM" ] || [ -x $(VENV)/prism/prism ] || \
		GOBIN=$(CURDIR)/$(VENV)/prism go install github.com/apache/beam/sdks/v2/go/cmd/prism@v$$($(BIN)/python -c "from importlib.metadata import version; print(version('apache-beam'))") \
		|| echo "Prism could not be built: its test is skipped"

bench: $(VENV)/tested
	$(BIN)/python -m benchmarks

lint: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/tested
	$(BIN)/mypy .src/colophon

doctests: $(VENV)/tested
	$(BIN)/python -m pytest --doctest-modules --pyargs colophon

# The environment: everything pinned by hash. Tests run against the built package, as users have it.
$(VENV)/made:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/runtime: .ci/runtime.lock $(VENV)/made
	$(BIN)/python -m pip install --quiet --require-hashes -r .ci/runtime.lock
	touch $@

$(VENV)/dev: .ci/dev.lock $(VENV)/made
	$(BIN)/python -m pip install --quiet --require-hashes -r .ci/dev.lock
	touch $@ $(VENV)/runtime

$(VENV)/slow: .ci/slow.lock $(VENV)/dev
	$(BIN)/python -m pip install --quiet --require-hashes -r .ci/slow.lock
	touch $@

$(VENV)/installed: $(VENV)/runtime $(SOURCES)
	rm -rf build .src/*.egg-info
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --force-reinstall .
	touch $@

$(VENV)/tested: $(VENV)/dev $(VENV)/installed
	touch $@

# Needs uv. Hashes and no addresses.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
		-c .ci/limits.in pyproject.toml .ci/build.in -o .ci/runtime.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
		--extra dev -c .ci/runtime.lock pyproject.toml .ci/build.in -o .ci/dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
		--extra dev --extra slow -c .ci/dev.lock pyproject.toml .ci/build.in -o .ci/slow.lock

clean:
	rm -rf $(VENV) build .src/*.egg-info datasets-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
