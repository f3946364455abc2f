# The commands of the project. `make` lists them.
# Needs GNU make, a POSIX shell and Python 3.11 or newer; everything else is installed into .venv.

SHELL = /bin/sh
.SHELLFLAGS = -ec
.DEFAULT_GOAL = help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PORT ?= 8000
PYTHON ?=
PYTEST_ARGS ?=
# Number of generated projects in benchmarks, and an empty PostgreSQL database to measure besides SQLite.
BENCH_PROJECTS ?= 200000
BENCH_DATABASE ?=
# Minutes and generated projects of an endurance run.
MINUTES ?= 60
SOAK_PROJECTS ?= 20000
LIGHTHOUSE_VERSION = 12.2.3
BIOME_VERSION = 2.6.8
ARGS ?=
# Processes that share the tests: one more than cores, because browser tests often wait. A part of the suite is run by one
# process, which starts sooner.
TEST_WORKERS ?= $(if $(strip $(PYTEST_ARGS)),0,$(shell expr $$(getconf _NPROCESSORS_ONLN) + 1))
# Per cent of statements that the whole suite must run. 0 does not measure it.
COVERAGE ?= $(if $(strip $(PYTEST_ARGS)),0,95)
# Run the tests as on another day, such as TEST_DAY='2028-02-29 12:00' in the portal's time zone (needs faketime), and with
# another time zone of the portal, such as TEST_TIME_ZONE=UTC.
TEST_DAY ?=
TEST_TIME_ZONE ?=
WITH_ZONE = $(if $(TEST_TIME_ZONE),TIME_ZONE=$(TEST_TIME_ZONE))
ON_DAY = $(if $(TEST_DAY),TZ=$(or $(TEST_TIME_ZONE),Asia/Seoul) FAKETIME_DONT_FAKE_MONOTONIC=1 faketime '$(TEST_DAY)')
MEASURE = $(if $(filter-out 0,$(COVERAGE)),--cov=portal --cov=issues --cov=projects --cov-report=term --cov-fail-under=$(COVERAGE))

VENV = .venv
PY = $(VENV)/bin/python
MANAGE = $(PY) manage.py
RUNTIME = $(VENV)/.requirements
TOOLS = $(VENV)/.requirements-dev
COLLECTED = staticfiles/staticfiles.json
INTEROP_PYTHON = .venv-interop/.requirements
INTEROP_NODE = .node/interop/.packages
# Python compiles a module when it is first imported. Most modules of the packages never are.
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --no-compile

# Variables of the shell must not change the tests. Only DATABASE_URL may.
CLEAN_ENV = env -u DEBUG -u SECRET_KEY -u SECRET_KEY_FALLBACKS -u ALLOWED_HOSTS -u PUBLIC_URL -u ID_BASE_URL -u CSRF_TRUSTED_ORIGINS -u HTTPS -u BEHIND_PROXY \
	-u EMBED_ANCESTORS -u TIME_ZONE -u LOG_LEVEL -u LOG_FORMAT -u METRICS_NETWORKS -u PROMETHEUS_MULTIPROC_DIR -u WEB_CONCURRENCY -u COUNT_USAGE \
	-u CACHE_URL -u REPLICA_URL -u DOI_LOOKUP_URL -u EMAIL_URL -u EMAIL_FROM -u CONTACT_EMAIL -u STAFF_MFA -u REVIEW_OWN \
	-u DATA_DIR -u S3_BUCKET -u S3_ENDPOINT_URL -u MOST_PICTURE_MB -u MOST_ATTACHMENT_MB -u MOST_STORED_MB \
	-u LIMIT_PAGES -u LIMIT_SEARCH -u LIMIT_EXPORT -u LIMIT_API -u LIMIT_REPORTS -u LIMIT_AT_ONCE

.PHONY: help run port migrated seeded indexed collected test lint lint-web bench bench-programs soak soak-programs cluster cluster-programs audit advisories interop interop-programs shots messages lock clean

help:
	@echo 'make run       start the portal on http://127.0.0.1:$(PORT)/ (another port: make run PORT=8001)'
	@echo 'make test      all tests (some of them: make test PYTEST_ARGS="tests/issues -k timeline")'
	@echo 'make lint      style of code and templates, checks of Django, missing migrations'
	@echo 'make lint-web  style and likely errors of stylesheets and scripts (needs npm)'
	@echo 'make bench     benchmarks with $(BENCH_PROJECTS) generated projects (also on PostgreSQL: BENCH_DATABASE=postgres://…)'
	@echo 'make soak      an endurance run of $(MINUTES) minutes with faults (shorter: make soak MINUTES=10)'
	@echo 'make cluster   let servers of a portal on several machines fail, all on this one (some: make cluster ARGS=primary_dies)'
	@echo 'make advisories  known vulnerabilities of all packages (asks PyPI)'
	@echo 'make audit     Lighthouse on each kind of page, as a slow phone (needs npm and Chromium)'
	@echo 'make interop   read the portal with programs of others (some: make interop ARGS="--only pandas"; needs npm and GDAL)'
	@echo 'make shots     screenshots of the key pages into shots/ (some: make shots ARGS="--page issue --lang ko")'
	@echo 'make messages  collect the strings of the interface into portal/locale and compile them (needs gettext)'
	@echo 'make lock      pin the packages of the image, with hashes (newer versions: make lock ARGS=--upgrade)'
	@echo 'make clean     remove generated files; the database, .env.local and .venv stay'
	@echo
	@echo 'DATABASE_URL=postgres://… uses another database than db.sqlite3, in every target.'

# ── The environment ──────────────────────────────────────────────────────────────────────────────────────────

$(PY):
	@wanted='import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'; \
	for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if "$$candidate" -c "$$wanted" >/dev/null 2>&1; then \
			echo "Making $(VENV) with $$($$candidate --version)"; \
			"$$candidate" -m venv $(VENV); \
			exit $$?; \
		fi; \
	done; \
	echo 'No Python 3.11 or newer with its venv module was found. Install one (on Debian and Ubuntu: python3 and' >&2; \
	echo 'python3-venv), or name it: make run PYTHON=/path/to/python3.12' >&2; \
	exit 1

$(RUNTIME): requirements.txt | $(PY)
	@echo 'Installing the packages of the portal (requirements.txt)'
	@$(PY) $(PIP_INSTALL) -r requirements.txt
	@touch $@

$(TOOLS): requirements-dev.txt requirements.txt | $(PY)
	@echo 'Installing the packages of tests and tools (requirements-dev.txt)'
	@$(PY) $(PIP_INSTALL) -r requirements-dev.txt
	@# libhxl writes its parser tables into its package at the first import. Test processes would read them half written.
	@$(PY) -W ignore -c 'import hxl'
	@touch $@ $(RUNTIME)

.env.local:
	@echo 'Writing a secret key for this machine into .env.local'
	@umask 077; $(PY) -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(50))' > $@

# Migrations and the server must use the same key: a migration encrypts second factors.
WITH_KEY = if [ -z "$$SECRET_KEY" ]; then . ./.env.local; export SECRET_KEY; fi

# ── Run ──────────────────────────────────────────────────────────────────────────────────────────────────────

run: port $(RUNTIME) migrated seeded indexed collected
	@$(WITH_KEY); \
	echo; \
	echo 'The portal is on http://127.0.0.1:$(PORT)/ — stop it with Ctrl+C.'; \
	if [ -z "$$PUBLIC_URL$$ALLOWED_HOSTS" ]; then export PUBLIC_URL=http://127.0.0.1:$(PORT); fi; \
	MALLOC_ARENA_MAX=2 exec $(PY) -m gunicorn --bind 127.0.0.1:$(PORT)

# Check that the port is a number and free, before anything else.
port: | $(PY)
	@case '$(PORT)' in *[!0-9]*|'') echo 'PORT=$(PORT) is not a number. For example: make run PORT=8001' >&2; exit 1;; esac; \
	$(PY) -c 'import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", $(PORT)))' 2>/dev/null || { \
		echo 'Port $(PORT) is taken by another program (or not allowed). Choose another, for example: make run PORT=8001' >&2; exit 1; }

migrated: $(RUNTIME) .env.local
	@echo 'Migrating the database'
	@$(WITH_KEY); $(MANAGE) migrate --noinput --verbosity 0

seeded: migrated
	@echo 'Loading the content, if the database has none'
	@$(MANAGE) seed

indexed: seeded
	@echo 'Checking the search index'
	@$(MANAGE) rebuild_search_index --if-needed

collected: $(COLLECTED)

# Hashing and compressing take seconds, so they run again only after a change. A folder changes when a file comes or goes.
$(COLLECTED): $(RUNTIME) portal/settings.py $(shell find static)
	@echo 'Collecting static files into staticfiles/'
	@$(MANAGE) collectstatic --noinput --verbosity 0

# ── Check ────────────────────────────────────────────────────────────────────────────────────────────────────

test: $(TOOLS)
	@echo 'Running the tests on $(if $(DATABASE_URL),the database of DATABASE_URL,SQLite)$(if $(TEST_DAY), as on $(TEST_DAY))'
	@[ -z '$(TEST_DAY)' ] || command -v faketime >/dev/null || { \
		echo 'faketime is missing. On Debian and Ubuntu: apt-get install faketime' >&2; exit 1; }
	@$(CLEAN_ENV) $(WITH_ZONE) $(ON_DAY) $(PY) -m pytest -n $(TEST_WORKERS) --dist worksteal $(MEASURE) $(PYTEST_ARGS)

lint: $(TOOLS)
	@echo 'ruff: code'
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@echo 'import-linter: layers'
	@PYTHONPATH=$(CURDIR) $(VENV)/bin/lint-imports --no-cache --no-logo
	@echo 'mypy: types of core, graphics, search and facets'
	@$(CLEAN_ENV) $(PY) -m mypy
	@echo 'bandit: unsafe code'
	@$(PY) -m bandit --quiet --configfile pyproject.toml --recursive portal issues projects
	@echo 'hadolint: the image'
	@$(VENV)/bin/hadolint Dockerfile
	@echo 'djade: templates'
	@find templates -name '*.html' -exec $(VENV)/bin/djade --check --target-version 5.2 {} +
	@echo 'Django: settings as on a public host'
	@$(CLEAN_ENV) ALLOWED_HOSTS=example.org SECRET_KEY=this-key-only-serves-the-check-0123456789-abcdefghijklmnopqrstuvwxyz \
		$(MANAGE) check --deploy --fail-level WARNING
	@echo 'Django: migrations'
	@$(CLEAN_ENV) $(MANAGE) makemigrations --check --dry-run

# npm puts Biome into .node, once for each version.
lint-web:
	@command -v npm >/dev/null || { echo 'npm is missing. On Debian and Ubuntu: apt-get install npm' >&2; exit 1; }
	@grep -qs '"version": "$(BIOME_VERSION)"' .node/biome/node_modules/@biomejs/biome/package.json || { \
		echo 'Installing Biome $(BIOME_VERSION)'; \
		npm install --prefix .node/biome --no-audit --no-fund --loglevel error @biomejs/biome@$(BIOME_VERSION); }
	@echo 'Biome: stylesheets and scripts'
	@.node/biome/node_modules/.bin/biome check --error-on-warnings

bench: bench-programs $(TOOLS) collected
	@$(CLEAN_ENV) $(PY) -m pytest tests/benchmarks -p no:xdist $(PYTEST_ARGS)
	@mkdir -p bench-results
	@echo 'Loading the content into bench-results/content.sqlite3, if it is missing'
	@export DATABASE_URL=sqlite:///$(CURDIR)/bench-results/content.sqlite3 PATH="$$PATH:/usr/sbin"; \
		$(CLEAN_ENV) $(MANAGE) migrate --noinput --verbosity 0; \
		$(CLEAN_ENV) $(MANAGE) seed; \
		$(CLEAN_ENV) $(MANAGE) rebuild_search_index --if-needed; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.pages; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.engines; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.ceilings
	@for database in sqlite:///$(CURDIR)/bench-results/load.sqlite3 $(BENCH_DATABASE); do \
		export DATABASE_URL="$$database"; \
		echo "Generating $(BENCH_PROJECTS) projects in $$database, if they are missing"; \
		$(CLEAN_ENV) $(MANAGE) migrate --noinput --verbosity 0; \
		$(CLEAN_ENV) $(MANAGE) seed; \
		$(CLEAN_ENV) $(MANAGE) generate_test_data --projects $(BENCH_PROJECTS); \
		$(CLEAN_ENV) $(MANAGE) rebuild_search_index --if-needed; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.search; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.engines; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.formats; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.load; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.pages; \
		$(CLEAN_ENV) $(PY) -m tests.benchmarks.burst; \
	done

# Checked first, because the benchmarks need them only after some minutes.
bench-programs:
	@export PATH="$$PATH:/usr/sbin"; for program in wrk nginx varnishd; do \
		command -v $$program >/dev/null || { \
			echo "$$program is missing. On Debian and Ubuntu: apt-get install wrk nginx-light varnish varnish-modules" >&2; exit 1; }; \
	done

soak: soak-programs $(TOOLS)
	@$(CLEAN_ENV) $(PY) -m tests.soak --minutes $(MINUTES) --projects $(SOAK_PROJECTS)

soak-programs:
	@lacking=; export PATH="$$PATH:/usr/lib/postgresql/$$(ls /usr/lib/postgresql 2>/dev/null | sort -n | tail -n 1)/bin"; \
	for pair in redis-server:redis-server initdb:postgresql; do \
		command -v "$${pair%:*}" >/dev/null || lacking="$$lacking $${pair#*:}"; done; \
	[ -z "$$lacking" ] || { echo "Programs are missing. On Debian and Ubuntu: apt-get install$$lacking" >&2; exit 1; }

# It starts its own database, caches and proxies, on ports of its own.
cluster: cluster-programs $(TOOLS)
	@$(CLEAN_ENV) -u DATABASE_URL $(PY) -m tests.cluster $(ARGS)

# Debian does not add the programs of PostgreSQL to PATH.
cluster-programs:
	@export PATH="$$PATH:/usr/sbin"; lacking=; \
	for pair in haproxy:haproxy etcd:etcd-server patroni:patroni pgbouncer:pgbouncer redis-server:redis-server wrk:wrk; do \
		command -v "$${pair%:*}" >/dev/null || lacking="$$lacking $${pair#*:}"; done; \
	/usr/bin/python3 -c 'import etcd' 2>/dev/null || lacking="$$lacking python3-etcd"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || lacking="$$lacking postgresql"; \
	[ -z "$$lacking" ] || { echo "Programs are missing. On Debian and Ubuntu: apt-get install$$lacking" >&2; exit 1; }

advisories: $(TOOLS)
	@$(PY) -m tests.advisories

# A running portal (PORTAL_URL) has its content already.
audit: $(TOOLS) $(if $(PORTAL_URL),,indexed)
	@[ -x .node/lighthouse/node_modules/.bin/lighthouse ] || { \
		echo 'Installing Lighthouse $(LIGHTHOUSE_VERSION)'; \
		npm install --prefix .node/lighthouse --no-audit --no-fund --loglevel error lighthouse@$(LIGHTHOUSE_VERSION); }
	@$(PY) -m tests.audit $(ARGS)

interop: interop-programs $(TOOLS) $(INTEROP_PYTHON) $(INTEROP_NODE) indexed
	@$(PY) -m tests.interop $(ARGS)

# Checked first, because the clients need them only after some minutes.
interop-programs:
	@lacking=; for pair in npm:npm node:nodejs curl:curl ogr2ogr:gdal-bin xmllint:libxml2-utils; do \
		command -v "$${pair%:*}" >/dev/null || lacking="$$lacking $${pair#*:}"; done; \
	[ -z "$$lacking" ] || { echo "Programs are missing. On Debian and Ubuntu: apt-get install$$lacking" >&2; exit 1; }

# Clients have an environment of their own: their versions are pinned, and the tests do not need them.
$(INTEROP_PYTHON): tests/interop/requirements.txt | $(PY)
	@echo 'Installing clients in Python (tests/interop/requirements.txt)'
	@$(PY) -m venv .venv-interop
	@.venv-interop/bin/python $(PIP_INSTALL) -r tests/interop/requirements.txt
	@touch $@

$(INTEROP_NODE): tests/interop/package.json
	@echo 'Installing clients in JavaScript (tests/interop/package.json)'
	@mkdir -p .node/interop
	@cp tests/interop/package.json .node/interop/
	@npm install --prefix .node/interop --no-audit --no-fund --ignore-scripts --loglevel error
	@touch $@

shots: $(TOOLS) $(if $(PORTAL_URL),,indexed)
	@$(PY) -m tests.shots $(ARGS)

# ── Maintain ─────────────────────────────────────────────────────────────────────────────────────────────────────

messages: $(RUNTIME)
	@command -v msgfmt >/dev/null || { echo 'gettext is missing. On Debian and Ubuntu: apt-get install gettext' >&2; exit 1; }
	@$(MANAGE) makemessages --locale ko --locale ru --add-location file --no-obsolete --no-wrap \
		--ignore staticfiles --ignore tests
	@$(MANAGE) compilemessages --locale en --locale ko --locale ru --ignore '.*'

# The image installs exactly these versions and checks their hashes. Run it after a change of requirements.txt.
lock: $(TOOLS)
	@$(VENV)/bin/uv pip compile --quiet --no-config --generate-hashes --python-version 3.13 \
		--custom-compile-command 'make lock' --output-file requirements.lock $(ARGS) requirements.txt

clean:
	@rm -rf staticfiles shots bench-results test-results .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -not -path './.*' -prune -exec rm -rf {} +
	@echo 'Removed generated files. The database, .env.local and .venv are still there.'
