# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The distribution's own Python: another one that happens to be first in PATH is not what users have.
PYTHON ?= /usr/bin/python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# What the tools keep between runs stays in this directory; the repository may be a copy without it.
CACHE := .cache
COLLECTION := $(CACHE)/collections/ansible_collections/dockyard/openshift
PODMAN_COLLECTION := $(CACHE)/collections/ansible_collections/containers/podman
PIP := -m pip --quiet --disable-pip-version-check --no-input

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: environment ## bring the lab up and show registries at work on real hosts (root on Debian)
	tests/lab/demo

.PHONY: demo-down
demo-down: ## remove everything the demo and the tests made on this machine
	tests/lab/lab down --images

.PHONY: test
test: ## everything that must pass, with a table of lanes at the end
	/usr/bin/python3 tests/tools/lanes

.PHONY: setup
setup: environment images ## virtual environments, collections, packages and images of the lab

.PHONY: environment
environment: $(CACHE)/stamps/dev $(CACHE)/stamps/core216 $(COLLECTION) $(PODMAN_COLLECTION)

.PHONY: images
images:
	tests/lab/setup
	tests/lab/lab images

.PHONY: lint
lint: ruff mypy yamllint ansible-lint ## ruff, mypy, yamllint, ansible-lint

.PHONY: ruff mypy yamllint ansible-lint
ruff: environment
	ruff check .
mypy: environment
	mypy -p plugins.plugin_utils
yamllint: environment
	yamllint --strict .
ansible-lint: environment
	cd $(COLLECTION) && ansible-lint

.PHONY: unit
unit: environment ## unit and property tests
	pytest tests/unit

.PHONY: docs
docs: environment ## write what follows from the options of tasks: modules, argument specs, tables (a unit test checks it)
	tests/tools/docs

.PHONY: conformance
conformance: environment go ## our rules beside the Go libraries they come from: CASES=400, SEED=the week
	pytest tests/conformance

.PHONY: conformance-full
conformance-full: environment go ## the same for 2500 clusters, hosts and policies, always the same ones
	CASES=2500 SEED=1 pytest tests/conformance

.PHONY: sanity
sanity: environment ## ansible-test sanity with ansible-core 2.19 and 2.16
	tests/tools/sanity

.PHONY: playbooks
playbooks: environment ## roles, playbooks, inventories and filters through ansible-playbook, without hosts
	pytest tests/integration/playbook tests/integration/lanes

# The tests would bring it up once more.
hosts engines trust: export DOCKYARD_LAB_IS_UP = 1

.PHONY: hosts
hosts: environment ## the collection on the nodes of the lab
	tests/lab/lab up
	pytest -m "not engines and not trust" tests/integration/hosts tests/lab

.PHONY: engines
engines: environment ## upstream's docker, mirrors and the other later words, on the nodes of the lab
	tests/lab/lab up
	pytest -m engines tests/integration/hosts tests/lab

# Side by side, because a test mostly waits; a node belongs to one test at a time.
.PHONY: trust
trust: environment ## certificates of registries on the nodes of the lab
	tests/lab/lab up
	pytest -n 4 --maxschedchunk 1 -m trust tests/integration/hosts

.PHONY: molecule
molecule: environment ## the role on a podman node, with molecule and testinfra
	ANSIBLE_HOME=$(CURDIR)/$(CACHE)/molecule ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/$(CACHE)/collections molecule test --all

.PHONY: bench
bench: environment ## what a run without a change costs, beside a ping (50 ssh hosts, a quarter of an hour)
	tests/bench/bench.py --rounds $(or $(ROUNDS),5)

# --- made once, and again when the pins change ---

# A fresh Debian has no venv module; whatever is missing is installed.
.PHONY: python
python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv; }

$(CACHE)/stamps/dev: pyproject.toml | python
	$(PYTHON) -m venv .venv
	.venv/bin/python $(PIP) install --upgrade pip
	.venv/bin/python $(PIP) install --group dev
	@mkdir -p $(@D) && touch $@

# Debian 12 has a Go that is too old to read go.mod; PyPI has a newer one. Nothing is done where Go is new enough.
.PHONY: go
go: $(CACHE)/stamps/dev
	@cd tests/conformance && GOTOOLCHAIN=local go list -m >/dev/null 2>&1 || \
		{ cd $(CURDIR) && .venv/bin/python $(PIP) install --group go; }

$(CACHE)/stamps/core216: pyproject.toml | python
	$(PYTHON) -m venv $(CACHE)/venv-2.16
	$(CACHE)/venv-2.16/bin/python $(PIP) install --upgrade pip
	$(CACHE)/venv-2.16/bin/python $(PIP) install --group core216
	@mkdir -p $(@D) && touch $@

# Ansible finds the checkout under the collection's name.
$(COLLECTION):
	mkdir -p $(@D)
	ln -sfn ../../../.. $@

$(PODMAN_COLLECTION): $(CACHE)/stamps/dev
	rm -rf $(CACHE)/wheels
	.venv/bin/python $(PIP) download --no-deps --dest $(CACHE)/wheels --group collections
	$(PYTHON) tests/tools/extract-collection containers.podman $(CACHE)/wheels/ansible-*.whl $(CACHE)/collections
	@touch $@
