// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Says which login podman, CRI-O, docker and the kubelet take for an image: one JSON case a line on stdin, one answer a
// line on stdout. Nothing is contacted; files are written to a directory of its own, which is the home of this process.
package main

import (
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/containers/image/v5/docker/reference"
	"github.com/containers/image/v5/pkg/docker/config"
	"github.com/containers/image/v5/types"
	"github.com/docker/cli/cli/config/configfile"
	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"

	"dockyard.openshift/conformance/stream"
)

// Case is an image, the auth files by their place below the home, first the one that is read first, and pull secrets.
type Case struct {
	Image   string `json:"image"`
	Files   []File `json:"files"`
	Secrets []File `json:"secrets"`
}

// File is a text by its place, or the text of a secret by its type.
type File struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// Login is what a registry would be offered.
type Login struct {
	Kind     string `json:"kind"`
	Username string `json:"username"`
}

// Answer is what an engine tries in turn, or why it refuses.
type Answer struct {
	Tried []Login `json:"tried"`
	Error string  `json:"error"`
}

var home string

// places are where containers/image looks below a home and its runtime directory, in its order.
var places = []string{"run/containers/auth.json", ".config/containers/auth.json", ".docker/config.json", ".dockercfg"}

func login(user, password, token string) []Login {
	switch {
	case token != "":
		return []Login{{"token", user}}
	case user != "" || password != "":
		return []Login{{"basic", user}}
	}
	return []Login{}
}

func write(place, content string) string {
	path := filepath.Join(home, place)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		log.Fatal(err)
	}
	return path
}

func containersImage(name reference.Named, authFile string) Answer {
	none := filepath.Join(home, "none")
	system := &types.SystemContext{SystemRegistriesConfPath: "/dev/null", SystemRegistriesConfDirPath: none, AuthFilePath: authFile}
	found, err := config.GetCredentialsForRef(system, name)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return Answer{Tried: login(found.Username, found.Password, found.IdentityToken)}
}

func docker(name reference.Named, content string) Answer {
	file := configfile.New("config.json")
	if err := file.LoadFromReader(strings.NewReader(content)); err != nil {
		return Answer{Error: err.Error()}
	}
	key := reference.Domain(name)
	if key == "docker.io" {
		key = "https://index.docker.io/v1/"
	}
	found, err := file.GetAuthConfig(key)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return Answer{Tried: login(found.Username, found.Password, found.IdentityToken)}
}

func kubelet(name reference.Named, files, texts []File) Answer {
	node := &credentialprovider.BasicDockerKeyring{}
	if len(files) > 0 {
		place, read := "kubelet/config.json", credentialprovider.ReadDockerConfigJSONFile
		if strings.HasSuffix(files[0].Name, ".dockercfg") {
			place, read = "kubelet/.dockercfg", credentialprovider.ReadDockercfgFile
		}
		if found, err := read([]string{filepath.Dir(write(place, files[0].Content))}); err == nil {
			node.Add(nil, found)
		}
		os.Remove(filepath.Join(home, place))
	}
	var kept []v1.Secret
	for _, text := range texts {
		key := v1.DockerConfigJsonKey
		if text.Name == string(v1.SecretTypeDockercfg) {
			key = v1.DockerConfigKey
		}
		kept = append(kept, v1.Secret{Type: v1.SecretType(text.Name), Data: map[string][]byte{key: []byte(text.Content)}})
	}
	ring, err := secrets.MakeDockerKeyring(kept, node)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	answer := Answer{Tried: []Login{}}
	found, _ := ring.Lookup(name.Name())
	for _, one := range found {
		tried := login(one.Username, one.Password, one.IdentityToken)
		if len(tried) == 0 {
			tried = []Login{{"empty", ""}}
		}
		answer.Tried = append(answer.Tried, tried...)
	}
	return answer
}

func answer(asked Case) map[string]Answer {
	name, err := reference.ParseNormalizedNamed(asked.Image)
	if err != nil {
		log.Fatal(err)
	}
	for _, place := range places {
		os.Remove(filepath.Join(home, place))
	}
	for _, file := range asked.Files {
		write(file.Name, file.Content)
	}
	found := map[string]Answer{"podman": containersImage(name, ""), "kubelet": kubelet(name, asked.Files, asked.Secrets)}
	if len(asked.Files) > 0 {
		first := asked.Files[0].Content
		found["crio"] = containersImage(name, write("crio.json", first))
		found["docker"] = docker(name, first)
	}
	return found
}

func main() {
	var err error
	if home, err = os.MkdirTemp("", "credentials"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(home)
	// No helper is found, and no file but those of a case.
	for name, value := range map[string]string{"HOME": home, "PATH": home, "XDG_RUNTIME_DIR": filepath.Join(home, "run")} {
		os.Setenv(name, value)
	}
	os.Unsetenv("DOCKER_CONFIG")
	os.Unsetenv("REGISTRY_AUTH_FILE")
	stream.Answer(answer)
}
