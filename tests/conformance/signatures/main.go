// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Signs images and pulls them with containers/image, as podman and CRI-O do: a registry in memory on loopback, two keys,
// one image signed by each, one by nobody, and one that lies at a mirror under another name. The first line on stdout
// says where and with which keys; then one JSON case a line on stdin is answered by one line on stdout.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/containers/image/v5/copy"
	"github.com/containers/image/v5/directory"
	"github.com/containers/image/v5/docker"
	"github.com/containers/image/v5/docker/reference"
	"github.com/containers/image/v5/signature"
	"github.com/containers/image/v5/signature/sigstore"
	"github.com/containers/image/v5/types"
	"github.com/google/go-containerregistry/pkg/registry"
)

// Case is a host that pulls an image.
type Case struct {
	Policy string            `json:"policy"`
	Places map[string]string `json:"places"` // files of registries.d by name
	Main   string            `json:"main"`   // registries.conf
	Image  string            `json:"image"`
}

// Answer is what comes of it.
type Answer struct {
	Error string `json:"error"`
}

// Start is what the registry holds.
type Start struct {
	Registry string   `json:"registry"`
	Keys     []string `json:"keys"`
}

const passphrase = "of a test"

type lab struct {
	directory string
	image     types.ImageReference
	name      string
}

func main() {
	log.SetFlags(0)
	place, err := os.MkdirTemp("", "signatures")
	must(err)
	defer os.RemoveAll(place)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	name := "localhost:" + server.URL[strings.LastIndex(server.URL, ":")+1:]
	l := &lab{place, writeImage(filepath.Join(place, "image")), name}
	one, first := l.key("one")
	two, second := l.key("two")
	l.push("team/signed:1", one, "")
	l.push("team/another:1", two, "")
	l.push("team/plain:1", "", "")
	l.push("elsewhere/plain:1", "", "")
	l.push("mirror/app:1", one, "images.example.com/team/app:1")
	l.push("mirror/plain:1", "", "")
	answer := json.NewEncoder(os.Stdout)
	must(answer.Encode(Start{name, []string{first, second}}))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var one Case
		must(json.Unmarshal(lines.Bytes(), &one))
		must(answer.Encode(l.pull(one)))
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// key makes a pair of keys and returns the file of the private one, and the public one.
func (l *lab) key(name string) (string, string) {
	pair, err := sigstore.GenerateKeyPair([]byte(passphrase))
	must(err)
	file := filepath.Join(l.directory, name+".key")
	must(os.WriteFile(file, pair.PrivateKey, 0o600))
	return file, string(pair.PublicKey)
}

// push puts the image into the registry, signed under its own name or another one.
func (l *lab) push(image, key, as string) {
	places := map[string]string{"all.yaml": "default-docker: {use-sigstore-attachments: true}\n"}
	system, policy := l.system(`{"default": [{"type": "insecureAcceptAnything"}]}`, places, "")
	to, err := docker.ParseReference("//" + l.name + "/" + image)
	must(err)
	options := &copy.Options{DestinationCtx: system}
	if key != "" {
		options.SignBySigstorePrivateKeyFile, options.SignSigstorePrivateKeyPassphrase = key, []byte(passphrase)
	}
	if as != "" {
		options.SignIdentity, err = reference.ParseNormalizedNamed(as)
		must(err)
	}
	_, err = copy.Image(context.Background(), policy, to, l.image, options)
	must(err)
}

// pull says whether the image comes.
func (l *lab) pull(one Case) Answer {
	system, policy := l.system(one.Policy, one.Places, one.Main)
	if policy == nil {
		return Answer{"the policy is refused"}
	}
	from, err := docker.ParseReference("//" + one.Image)
	must(err)
	target, err := os.MkdirTemp(l.directory, "pulled")
	must(err)
	to, err := directory.NewReference(target)
	must(err)
	options := &copy.Options{SourceCtx: system, RemoveSignatures: true}
	if _, err = copy.Image(context.Background(), policy, to, from, options); err != nil {
		return Answer{err.Error()}
	}
	return Answer{}
}

// system returns a machine with these files and no others; no policy for one that the library refuses.
func (l *lab) system(policy string, places map[string]string, conf string) (*types.SystemContext, *signature.PolicyContext) {
	root, err := os.MkdirTemp(l.directory, "host")
	must(err)
	for _, name := range []string{"registries.d", "registries.conf.d"} {
		must(os.Mkdir(filepath.Join(root, name), 0o700))
	}
	for name, text := range places {
		must(os.WriteFile(filepath.Join(root, "registries.d", name), []byte(text), 0o600))
	}
	main := filepath.Join(root, "registries.conf")
	must(os.WriteFile(main, []byte(conf), 0o600))
	system := &types.SystemContext{
		RegistriesDirPath:           filepath.Join(root, "registries.d"),
		SystemRegistriesConfPath:    main,
		SystemRegistriesConfDirPath: filepath.Join(root, "registries.conf.d"),
		DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
		AuthFilePath:                filepath.Join(root, "auth.json"),
	}
	read, err := signature.NewPolicyFromBytes([]byte(policy))
	if err != nil {
		return system, nil
	}
	context, err := signature.NewPolicyContext(read)
	must(err)
	return system, context
}

// writeImage writes the smallest image that there is into a directory.
func writeImage(place string) types.ImageReference {
	must(os.Mkdir(place, 0o700))
	blob := func(text string) string {
		digest := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		must(os.WriteFile(filepath.Join(place, digest), []byte(text), 0o600))
		return fmt.Sprintf(`"digest": "sha256:%s", "size": %d`, digest, len(text))
	}
	config := blob(`{"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}`)
	manifest := fmt.Sprintf(`{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
		"config": {"mediaType": "application/vnd.oci.image.config.v1+json", %s}}`, config)
	must(os.WriteFile(filepath.Join(place, "manifest.json"), []byte(manifest), 0o600))
	must(os.WriteFile(filepath.Join(place, "version"), []byte("Directory Transport Version: 1.1\n"), 0o600))
	found, err := directory.NewReference(place)
	must(err)
	return found
}
