# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The distribution's own Python: another one that happens to be first in PATH is not what users have.
PYTHON ?= /usr/bin/python3
# What the tools keep between runs stays in this directory; the repository may be a copy without it.
CACHE := .cache
# The go of the last one is there only where the machine's own is too old for tests/conformance.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/$(CACHE)/venv-go/bin:$(CURDIR)/$(CACHE)/python2.7/bin:$(PATH)
COLLECTION := $(CACHE)/collections/ansible_collections/dockyard/openshift
# What Ansible and its tools write for a user stays in the checkout too.
export ANSIBLE_HOME := $(CURDIR)/$(CACHE)/ansible

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- what needs root on Debian ---

.PHONY: demo
demo: machine environment ## bring the lab up and show registries at work on real hosts
	tests/lab/demo

.PHONY: demo-down
demo-down: ## remove everything the demo and the tests made on this machine
	tests/lab/lab down --images

.PHONY: test
test: machine ## everything that must pass, with a table of lanes at the end
	$(PYTHON) tests/tools/lanes

.PHONY: fresh
fresh: ## `make demo test` in a Debian of its own that nobody prepared: TARGETS, SUITE, NO_CACHE=1; see tests/tools/fresh
	tests/tools/fresh $(TARGETS)

.PHONY: setup
setup: machine environment go images ## virtual environments, collections, packages and images of the lab

.PHONY: machine images
machine:
	tests/lab/setup
images: machine
	tests/lab/lab images

# --- what needs no root, and leaves everything outside the checkout as it is ---

.PHONY: environment
environment: ## virtual environments, exactly as tests/requirements says
	@$(PYTHON) tests/tools/environment dev core216 collections
	@tests/tools/python27

.PHONY: go
go:
	@$(PYTHON) tests/tools/environment go

.PHONY: lock
lock: environment ## renew tests/requirements from the groups of pyproject.toml
	$(PYTHON) tests/tools/environment --lock dev core216 go collections page docs rulebook

.PHONY: quick
quick: environment ruff mypy ## what a change breaks most often, in half a minute
	pytest -q -n 2 --dist worksteal -m "not slow" tests/unit

.PHONY: sentences
sentences: environment ## writes tests/data/sentences: all that people read while tests run, to be reviewed
	SENTENCES=write pytest -q -n 0 -m "not slow" tests/unit

.PHONY: lint
lint: ruff mypy yamllint ansible-lint codespell ## ruff, mypy, yamllint, ansible-lint, codespell

.PHONY: ruff mypy yamllint ansible-lint
ruff: environment
	ruff check .
mypy: environment
	mypy -p plugins.plugin_utils
yamllint: environment
	yamllint --strict .
ansible-lint: environment
	cd $(COLLECTION) && ansible-lint

.PHONY: docs-environment codespell site release
docs-environment:
	@$(PYTHON) tests/tools/environment docs
codespell: docs-environment
	$(CACHE)/venv-docs/bin/codespell .

site: environment docs-environment ## the documentation as a site below .cache/site: a page for each task, filter and role
	tests/tools/site

release: environment ## the release in a copy: changelog, tarball, its content and quick starts checked; changes nothing here
	tests/tools/release

.PHONY: unit
unit: environment ## unit and property tests
	pytest -n 2 --dist worksteal tests/unit

.PHONY: fuzz
fuzz: environment ## hostile input at every public door: COUNT=20000, SEED=1, REPEAT=door:number for one that was found
	pytest -n 2 --dist worksteal tests/fuzz

.PHONY: docs
docs: environment ## write what follows from the options of tasks: modules, argument specs, tables (a unit test checks it)
	tests/tools/docs

.PHONY: conformance
conformance: environment go ## our rules beside the Go libraries they come from: CASES=400, SEED=the week
	pytest -n 2 --dist loadfile tests/conformance

.PHONY: conformance-full
conformance-full: environment go ## the same for 2500 clusters, hosts and policies, always the same ones
	CASES=2500 SEED=1 pytest -n 2 --dist loadfile tests/conformance

.PHONY: sanity
sanity: environment ## ansible-test sanity with ansible-core 2.19 and 2.16
	tests/tools/sanity

.PHONY: playbooks
playbooks: environment ## roles, playbooks, inventories and filters through ansible-playbook, without hosts
	pytest -n 2 --dist worksteal tests/integration/playbook tests/integration/tools

# --- real hosts: root again ---

# Side by side, because a test mostly waits; a node belongs to one test at a time.
.PHONY: hosts
hosts: export DOCKYARD_LAB_IS_UP = 1
hosts: machine environment images ## the collection on the nodes of the lab; one part of it: PYTEST_ADDOPTS="-m trust"
	tests/lab/lab down podman1 origin1 moby1 # what a demo left there would let pulls pass that must be refused
	tests/lab/lab up
	pytest -n 4 tests/integration/hosts tests/lab

.PHONY: crio
crio: export DOCKYARD_LAB_IS_UP = 1
crio: export DOCKYARD_CRIO = 1
crio: machine environment images go ## the collection on a stand-in for CRI-O that answers the real crictl
	tests/lab/lab up registry crio1
	pytest tests/integration/hosts/test_crio.py

.PHONY: masters
masters: export DOCKYARD_LAB_IS_UP = 1
masters: export DOCKYARD_MASTERS = 1
masters: machine environment images ## masters of OpenShift 3 whose services are stand-ins: one that does not come back, kills
	tests/lab/lab up registry master1 master2
	pytest -m "not bench" tests/integration/hosts/test_masters_on_hosts.py; status=$$?; tests/lab/lab down master1 master2; exit $$status

# A control plane of its own on loopback: no root, no lab of hosts.
.PHONY: control-plane object-store cluster cluster-up cluster-down
control-plane: environment go ## build the cluster lab's programs (once: eight minutes on two cores)
	tests/lab/cluster/cluster build

object-store: control-plane ## build the object store (S3) of tests of the registry (once: five minutes on two cores)
	tests/lab/cluster/cluster store

cluster: control-plane object-store ## tasks about clusters on a real API server with OpenShift's kinds
	pytest -n 2 --dist loadfile tests/integration/cluster; status=$$?; tests/lab/cluster/cluster down; exit $$status

cluster-up: control-plane ## the cluster lab, to be used by hand; prints the path of a kubeconfig
	tests/lab/cluster/cluster up

cluster-down:
	tests/lab/cluster/cluster down

.PHONY: demo-cluster demo-cluster-down
demo-cluster: control-plane ## an old 3.11 inventory on a cluster of OpenShift 4: forecast, guards, rollout, verify, a drain
	tests/lab/cluster/demo

demo-cluster-down: cluster-down ## remove everything that demo-cluster made on this machine
	rm -rf .cache/cluster/demo

.PHONY: page
page: machine environment ## the page of a run in Chromium: no fault for axe-core, 1,000 hosts, the pictures of docs/page.md
	tests/lab/setup chromium chromium-driver
	@$(PYTHON) tests/tools/environment page
	pytest tests/page

.PHONY: rulebook
rulebook: machine environment ## the example for Event-Driven Ansible in ansible-rulebook, which needs Java
	tests/lab/setup openjdk-17-jre-headless
	@$(PYTHON) tests/tools/environment rulebook
	pytest -n 0 tests/rulebook

# A machine of its own, emulated: nothing else should run beside it. Building it takes root once.
.PHONY: disks storage-full
disks: export ANSIBLE_COLLECTIONS_PATH = $(CURDIR)/$(CACHE)/collections
disks: machine environment ## storage of hosts on real LVM: all refusals, the week's share of layouts and kills: SEED, LAYOUTS, KILLS
	tests/lab/setup qemu-system-x86 qemu-utils e2fsprogs
	tests/lab/disks/disks up
	pytest -n $(or $(GUESTS),0) --dist worksteal tests/integration/disks; status=$$?; molecule test --scenario-name node_storage || status=1; \
	    tests/lab/disks/disks down; exit $$status

storage-full: export FULL = 1
storage-full: GUESTS = 2
storage-full: disks ## the same, every layout and every moment, in two machines side by side (up to two hours): SEED

.PHONY: way
way: export DOCKYARD_LAB_IS_UP = 1
way: export DOCKYARD_WAY = 1
way: machine environment images control-plane ## from a node and a master of OpenShift 3 to a cluster of 4, by the documented commands
	tests/lab/lab up registry podman1 origin1 master2
	pytest tests/integration/hosts/test_from_3_to_4.py; status=$$?; tests/lab/cluster/cluster down; tests/lab/lab down master2; \
	    exit $$status

.PHONY: molecule
molecule: export ANSIBLE_HOME = $(CURDIR)/$(CACHE)/molecule
molecule: export ANSIBLE_COLLECTIONS_PATH = $(CURDIR)/$(CACHE)/collections
molecule: export CONTAINERS_CONF = $(CURDIR)/$(CACHE)/lab/containers.conf
molecule: machine environment images control-plane ## the roles on nodes, masters and the cluster lab, with molecule and testinfra
	molecule test --all --exclude masters --exclude node_storage
	PATH="$(CURDIR)/$(CACHE)/venv-2.16/bin:$$PATH" "$(CURDIR)/.venv/bin/molecule" test --scenario-name masters

.PHONY: bench bench-hosts bench-masters bench-cluster bench-projects
bench: bench-hosts bench-masters bench-cluster bench-projects ## what everything costs beside what it is compared with (half an hour)

bench-hosts: machine environment images ## a run without a change beside a ping: ROUNDS, BASE=revision (50 ssh hosts, a quarter of an hour)
	tests/bench/bench.py --rounds $(or $(ROUNDS),5) $(if $(BASE),--base $(BASE))

bench-projects: control-plane ## what a secret in 1,000 projects costs on the cluster lab, the first time and again: PROJECTS
	.venv/bin/python tests/bench/projects.py $(PROJECTS); status=$$?; tests/lab/cluster/cluster down; exit $$status

bench-cluster: control-plane ## objects without a change beside kubernetes.core.k8s, and a drain beside kubectl: ROUNDS
	.venv/bin/python tests/bench/cluster.py $(ROUNDS); status=$$?; tests/lab/cluster/cluster down; exit $$status

bench-masters: export DOCKYARD_LAB_IS_UP = 1
bench-masters: export DOCKYARD_MASTERS = 1
bench-masters: machine environment images ## a master without a change beside a ping
	tests/lab/lab up registry master1
	pytest -s -m bench tests/integration/hosts/test_masters_on_hosts.py; status=$$?; tests/lab/lab down master1; exit $$status
