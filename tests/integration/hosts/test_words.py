# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mirrors, aliases, short_name_mode and allowed, as real clients see them; upstream's docker: test_moby.py."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.engines

PLAIN, MIRROR, PRIVATE = "plain.lab.example:5001", "mirror.lab.example:5003", "registry.lab.example:5000"
INSECURE = [PLAIN, MIRROR, PRIVATE]
HUB = "docker.io/library/hello:1"
# team/app is on the mirror only, apps/hello at its source only
SOURCE, MIRRORED = f"{PLAIN}/apps/hello:1", f"{PLAIN}/team/app"


def apply(controller, node, **words):
    return controller.task(node, "container_registries", {"insecure": INSECURE, **words})


def pull(node, image):
    """Pull an image that is not there yet; return the client's output, and PULLED when it got the image."""
    if node.name == "origin1":
        return node.sh(f"docker rmi {image} >/dev/null 2>&1; docker pull {image} && echo PULLED", check=False)
    return node.sh(f"podman rmi -af >/dev/null 2>&1; podman pull {image} </dev/null 2>&1 && echo PULLED", check=False)


def pulled(node, image):
    return "PULLED" in pull(node, image)


@pytest.fixture
def digest(podman1):
    """Of team/app:1, by its registry's word; asked on a node that no other test has at that time."""
    inspect = f"skopeo inspect --no-tags --tls-verify=false --format '{{{{.Digest}}}}' docker://{MIRROR}/team/app:1"
    return podman1.sh(inspect).strip()


# -- mirrors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "by_tag", "by_digest"), [("all", True, True), ("digest", False, True), ("tag", True, False)]
)
def test_which_pulls_a_mirror_serves(controller, podman1, digest, kind, by_tag, by_digest):
    mirrors = [{"source": f"{PLAIN}/team", "mirrors": [f"{MIRROR}/team"], "pull": kind}]
    assert apply(controller, podman1, mirrors=mirrors).rc == 0
    assert pulled(podman1, f"{MIRRORED}:1") is by_tag
    assert pulled(podman1, f"{MIRRORED}@{digest}") is by_digest


def test_mirrors_of_others_for_some_pulls_stay_so(controller, podman1):
    """The policy does not say that versions matter, the files do: the host is looked at once more."""
    theirs = f'[[registry]]\nlocation = "{PLAIN}/team"\n[[registry.mirror]]\nlocation = "n.example.com"\n'
    podman1.write("/etc/containers/registries.conf.d/50-theirs.conf", theirs + 'pull-from-mirror = "digest-only"\n')
    mirrors = [{"source": f"{PLAIN}/team", "mirrors": [f"{MIRROR}/team"]}]
    first, again = controller.tasks(podman1, *[{"insecure": INSECURE, "mirrors": mirrors}] * 2).tasks
    assert first["changed"] and not again["changed"]
    ours = podman1.read("/etc/containers/registries.conf.d/90-dockyard.conf")
    assert ours.index(f"{MIRROR}/team") < ours.index("n.example.com") < ours.index("digest-only")


@pytest.mark.parametrize("contact", [True, False])
def test_contact_source_decides_whether_the_source_is_asked(controller, podman1, contact):
    mirrors = [{"source": PLAIN, "mirrors": [MIRROR], "contact_source": contact}]
    assert apply(controller, podman1, mirrors=mirrors).rc == 0
    assert pulled(podman1, f"{MIRRORED}:1"), "from the mirror"
    said = pull(podman1, SOURCE)
    assert "PULLED" in said if contact else f"registry {PLAIN} is blocked in" in said


def test_the_first_mirror_that_has_it(controller, podman1):
    mirrors = [{"source": "docker.io", "mirrors": ["dead.lab.example", PLAIN, f"{MIRROR}/hub"]}]
    assert apply(controller, podman1, mirrors=mirrors).rc == 0
    assert pulled(podman1, HUB)
    assert podman1.sh(f"podman run --rm --cgroupns=private --network none {HUB} cat /hello") == (
        "hello from hub/library/hello\n"
    )


def test_mirrors_come_and_go(controller, podman1):
    mirrors = [{"source": "docker.io", "mirrors": [MIRROR]}]
    assert apply(controller, podman1, mirrors=mirrors).rc == 0
    assert pulled(podman1, HUB)
    silent = apply(controller, podman1)
    assert not silent.last["changed"], "a word that is not given is left alone"
    assert apply(controller, podman1, mirrors=[]).last["changed"]
    assert not pulled(podman1, HUB)


@pytest.mark.parametrize("origin1", ["sysconfig", "registries-toml"], indirect=True)
def test_mirrors_of_docker_hub_come_and_go(controller, origin1):
    mirrors = [{"source": "docker.io", "mirrors": [MIRROR]}]
    assert not pulled(origin1, HUB)
    done = apply(controller, origin1, mirrors=mirrors)
    assert done.rc == 0, done.output
    assert f"\nRegistry Mirrors:\n https://{MIRROR}/\n http://{MIRROR}/\n" in origin1.sh("docker info")
    assert pulled(origin1, HUB)
    assert not apply(controller, origin1, mirrors=mirrors).last["changed"]
    assert apply(controller, origin1, mirrors=[]).last["changed"]
    assert "Mirrors" not in origin1.sh("docker info") and not pulled(origin1, HUB)


BEYOND_DOCKER = {
    "docker mirrors docker.io only, all of it": {"source": PLAIN, "mirrors": [MIRROR]},
    "docker uses a mirror for all pulls": {"source": "docker.io", "mirrors": [MIRROR], "pull": "tag"},
    "a mirror of docker is a whole registry, without a path": {"source": "docker.io", "mirrors": [f"{MIRROR}/hub"]},
}


def test_mirrors_that_docker_cannot_use_are_refused_before_anything_is_written(controller, origin1):
    before = origin1.facts()
    policies = [{"insecure": INSECURE, "mirrors": [mirrored]} for mirrored in BEYOND_DOCKER.values()]
    run = controller.tasks(origin1, *policies)
    for sentence, task in zip(BEYOND_DOCKER, run.tasks, strict=True):
        assert sentence in task["msg"]
    assert origin1.facts() == before


# -- short names ------------------------------------------------------------------------------------------------------


def test_an_alias_comes_before_the_search(controller, podman1):
    assert apply(controller, podman1, search=[PRIVATE], aliases={"hello": f"{PLAIN}/apps/hello"}).rc == 0
    assert f"{PLAIN}/apps/hello:1" in pull(podman1, "hello:1")
    assert pulled(podman1, "hello:1")
    assert apply(controller, podman1, aliases={}).last["changed"]
    assert not pulled(podman1, "hello:1")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("enforcing", "short-name resolution enforced but cannot prompt without a TTY"),
        ("permissive", "PULLED"),
        ("disabled", "PULLED"),
    ],
)
def test_short_name_mode(controller, podman1, mode, said):
    assert apply(controller, podman1, search=[PRIVATE, PLAIN], short_name_mode=mode).rc == 0
    assert said in pull(podman1, "apps/hello:1")


# -- allowed ----------------------------------------------------------------------------------------------------------


def test_podman_pulls_from_allowed_scopes_only(controller, podman1):
    assert apply(controller, podman1, search=[], allowed=[f"{PLAIN}/apps"]).rc == 0
    assert pulled(podman1, SOURCE)
    for image in (f"{PRIVATE}/tools/hello:1", f"{MIRROR}/team/app:1"):
        assert "is rejected by policy" in pull(podman1, image)


def test_mirrored_sources_are_allowed(controller, podman1):
    mirrors = [{"source": f"{PLAIN}/team", "mirrors": [f"{MIRROR}/team"]}]
    assert apply(controller, podman1, search=[], blocked="all", mirrors=mirrors).rc == 0
    assert pulled(podman1, f"{MIRRORED}:1")
    assert "is rejected by policy" in pull(podman1, f"{MIRROR}/team/app:1"), "a mirror serves as a mirror only"
    assert "is rejected by policy" in pull(podman1, SOURCE)


def test_docker_of_red_hat_allows_searched_registries(controller, origin1):
    refused = apply(controller, origin1, search=[PLAIN], allowed=[PLAIN, PRIVATE])
    assert refused.rc == 2
    assert (
        f"allowed '{PRIVATE}': under 'all' this docker pulls only from registries that are searched"
        in (refused.last["msg"])
    )
    assert apply(controller, origin1, search=[PLAIN], allowed=[PLAIN]).rc == 0
    assert pulled(origin1, SOURCE)
    assert "All endpoints blocked." in pull(origin1, f"{PRIVATE}/tools/hello:1")
