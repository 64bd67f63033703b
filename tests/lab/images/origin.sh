#!/bin/sh
# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A node that looks like CentOS 7 where it matters here: Python 2.7 alone, the CA layout of p11-kit, the release files.
set -eu
root=$1

ln -sf python2.7 "$root/usr/bin/python2"
ln -sf python2.7 "$root/usr/bin/python"
ln -sf bash "$root/bin/sh"

echo 'CentOS Linux release 7.9.2009 (Core)' >"$root/etc/centos-release"
ln -sf centos-release "$root/etc/redhat-release"
rm -f "$root/etc/os-release" "$root/etc/debian_version"
cat >"$root/etc/os-release" <<'RELEASE'
NAME="CentOS Linux"
VERSION="7 (Core)"
ID="centos"
ID_LIKE="rhel fedora"
VERSION_ID="7"
PRETTY_NAME="CentOS Linux 7 (Core)"
RELEASE

source=/etc/pki/ca-trust/source
mkdir -p "$root$source/anchors" "$root$source/blacklist" "$root/etc/pki/tls/certs" "$root/etc/docker/certs.d" \
  "$root/usr/share/pki/ca-trust-source/anchors" "$root/etc/pki/ca-trust/extracted/openssl" \
  "$root/etc/pki/ca-trust/extracted/pem" "$root/etc/pki/ca-trust/extracted/java" "$root/etc/pkcs11/modules" \
  "$root/etc/sysconfig" "$root/etc/containers" "$root/usr/libexec"
cp "$root/etc/ssl/certs/ca-certificates.crt" "$root/usr/share/pki/ca-trust-source/anchors/distribution.crt"
cat >"$root/etc/pkcs11/modules/p11-kit-trust.module" <<MODULE
module: p11-kit-trust.so
priority: 1
trust-policy: yes
x-trust-lookup: pkcs11:library-description=PKCS%2311%20Kit%20Trust%20Module
x-init-reserved: paths='$source:/usr/share/pki/ca-trust-source'
MODULE

cat >"$root/usr/bin/update-ca-trust" <<'SCRIPT'
#!/bin/sh
# Stand-in for the program of ca-certificates on EL7: the same files, extracted by the real p11-kit.
set -eu
out=/etc/pki/ca-trust/extracted
extract() { trust extract --overwrite --comment "$@"; }
extract --format=openssl-bundle --filter=certificates "$out/openssl/ca-bundle.trust.crt"
extract --format=pem-bundle --filter=ca-anchors --purpose=server-auth "$out/pem/tls-ca-bundle.pem"
extract --format=pem-bundle --filter=ca-anchors --purpose=email "$out/pem/email-ca-bundle.pem"
extract --format=pem-bundle --filter=ca-anchors --purpose=code-signing "$out/pem/objsign-ca-bundle.pem"
trust extract --overwrite --format=java-cacerts --filter=ca-anchors --purpose=server-auth "$out/java/cacerts"
SCRIPT
chmod 0755 "$root/usr/bin/update-ca-trust"
# `trust anchor --store` ends with a call of this program
mkdir -p "$root/usr/libexec/p11-kit"
ln -sf /usr/bin/update-ca-trust "$root/usr/libexec/p11-kit/trust-extract-compat"
ln -sf /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem "$root/etc/pki/tls/certs/ca-bundle.crt"
chroot "$root" update-ca-trust
