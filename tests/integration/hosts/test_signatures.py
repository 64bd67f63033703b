# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The word signatures on a podman that knows sigstore: what is signed comes, and nothing else of the scope."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.engines

PLAIN = "plain.lab.example:5001"
SOURCE, SCOPE = f"{PLAIN}/apps/hello:1", f"{PLAIN}/signed"
COMES, UNSIGNED, OTHERS = (f"{SCOPE}/{name}:1" for name in ("good", "unsigned", "others"))
INSECURE = {"insecure": [PLAIN]}
COPY = "skopeo copy --src-tls-verify=false --dest-tls-verify=false"
# Signatures are pushed only where registries.d wants them; the word brings its own file, so this one goes again.
SIGN = f"""
cd /root; mkdir -p /etc/containers/registries.d
printf 'docker:\\n  {PLAIN}:\\n    use-sigstore-attachments: true\\n' > /etc/containers/registries.d/signer.yaml
printf secret > passphrase
for name in good others; do
  rm -f $name.pub $name.private
  skopeo generate-sigstore-key --output-prefix $name --passphrase-file passphrase
  {COPY} --sign-by-sigstore-private-key $name.private --sign-passphrase-file passphrase \\
    docker://{SOURCE} docker://{SCOPE}/$name:1
done
{COPY} docker://{SOURCE} docker://{UNSIGNED}
rm -r /etc/containers/registries.d passphrase *.private
"""


@pytest.fixture
def signed(py313):
    py313.sh(SIGN)
    return {"scope": SCOPE, "key": py313.read("/root/good.pub")}


def pulled(node, image):
    node.sh(f"podman rmi --force {image}", check=False)
    return node.sh(f"podman pull --retry 0 {image} && echo PULLED", check=False)


def test_what_is_signed_by_the_key_comes_and_nothing_else(controller, py313, signed):
    assert controller.task(py313, "container_registries", INSECURE).rc == 0
    for image in (COMES, UNSIGNED, OTHERS, SOURCE):
        assert "PULLED" in pulled(py313, image), "as long as nothing is demanded"

    first, again = controller.tasks(py313, *[{**INSECURE, "signatures": [signed]}] * 2).tasks
    assert first["changed"] and not again["changed"], again
    assert "PULLED" in pulled(py313, COMES)
    assert "PULLED" in pulled(py313, SOURCE), "which is outside of the scope"
    for image in (UNSIGNED, OTHERS):
        said = pulled(py313, image)
        assert "PULLED" not in said and "signature" in said, said

    assert controller.task(py313, "container_registries", {**INSECURE, "signatures": []}).rc == 0
    assert "PULLED" in pulled(py313, UNSIGNED)


def test_what_a_run_reports_is_what_podman_does(controller, py313, signed):
    """verify_pull pulls for itself; a plan whose image does not come is taken back."""
    words = {**INSECURE, "signatures": [signed]}
    done = controller.task(
        py313, "container_registries", {**words, "verify_pull": {"comes": [COMES], "refused": [UNSIGNED, OTHERS]}}
    )
    assert done.rc == 0 and [each["ok"] for each in done.last["pulled"]] == [True] * 3, done.output

    before = py313.facts()
    narrower = {**words, "signatures": [signed, {"scope": PLAIN, "key": signed["key"]}]}
    failed = controller.task(py313, "container_registries", {**narrower, "verify_pull": {"comes": [SOURCE]}})
    assert failed.rc == 2 and "everything is as it was before" in failed.last["msg"], failed.output
    assert py313.facts() == before
