// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Answers, one JSON document a line, what the libraries of the machine-config-operator make of a case: the text of
// registries.conf as openshift/runtime-utils edits it and BurntSushi/toml writes it, whether a reader of
// containers/image loads it and from where it pulls, JSON and YAML as the operator encodes them.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/BurntSushi/toml"
	"github.com/containers/image/v5/docker/reference"
	"github.com/containers/image/v5/pkg/sysregistriesv2"
	"github.com/containers/image/v5/types"
	configv1 "github.com/openshift/api/config/v1"
	operatorv1alpha1 "github.com/openshift/api/operator/v1alpha1"
	"github.com/openshift/runtime-utils/pkg/registries"
	"go.yaml.in/yaml/v2"

	"dockyard.openshift/conformance/stream"
)

type question struct {
	Search   []string                                     `json:"search"`
	Insecure []string                                     `json:"insecure"`
	Blocked  []string                                     `json:"blocked"`
	ICSP     []*operatorv1alpha1.ImageContentSourcePolicy `json:"icsp"`
	IDMS     []*configv1.ImageDigestMirrorSet             `json:"idms"`
	ITMS     []*configv1.ImageTagMirrorSet                `json:"itms"`
	Pull     []string                                     `json:"pull"`
	Nested   [][2]string                                  `json:"nested"`
	Quote    []string                                     `json:"quote"`
	Keys     []string                                     `json:"keys"`
}

type source struct {
	Reference string `json:"reference"`
	Location  string `json:"location"`
}

type pulled struct {
	Error   string   `json:"error"`
	Prefix  string   `json:"prefix"`
	Sources []source `json:"sources"`
}

type answer struct {
	Error  string            `json:"error"`
	Text   string            `json:"text"`
	Loads  string            `json:"loads"`
	Pulls  map[string]pulled `json:"pulls"`
	Nested []bool            `json:"nested"`
	Quoted []string          `json:"quoted"`
	JSON   string            `json:"json"`
	YAML   string            `json:"yaml"`
}

func main() {
	directory, err := os.MkdirTemp("", "conformance")
	if err != nil {
		fail(err)
	}
	defer os.RemoveAll(directory)
	number := 0
	stream.Answer(func(asked question) answer {
		// Every case has a file of its own, because the reader keeps what it has read by name.
		number++
		return reply(asked, filepath.Join(directory, fmt.Sprint(number)))
	})
}

func reply(asked question, file string) answer {
	said := answer{Pulls: map[string]pulled{}}
	for _, pair := range asked.Nested {
		said.Nested = append(said.Nested, registries.ScopeIsNestedInsideScope(pair[0], pair[1]))
	}
	for _, text := range asked.Quote {
		said.Quoted = append(said.Quoted, fmt.Sprintf("%q", text))
	}
	said.JSON, said.YAML = encoded(asked.Keys)
	conf := sysregistriesv2.V2RegistriesConf{UnqualifiedSearchRegistries: asked.Search}
	if err := registries.EditRegistriesConfig(&conf, asked.Insecure, asked.Blocked, asked.ICSP, asked.IDMS, asked.ITMS); err != nil {
		said.Error = err.Error()
		return said
	}
	var text bytes.Buffer
	if err := toml.NewEncoder(&text).Encode(conf); err != nil {
		fail(err)
	}
	said.Text = text.String()
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		fail(err)
	}
	system := &types.SystemContext{SystemRegistriesConfPath: file, SystemRegistriesConfDirPath: os.DevNull}
	if _, err := sysregistriesv2.GetRegistries(system); err != nil {
		said.Loads = err.Error()
		return said
	}
	for _, image := range asked.Pull {
		said.Pulls[image] = pull(system, image)
	}
	return said
}

func pull(system *types.SystemContext, image string) pulled {
	named, err := reference.ParseNamed(image)
	if err != nil {
		return pulled{Error: err.Error()}
	}
	registry, err := sysregistriesv2.FindRegistry(system, named.Name())
	if err != nil {
		return pulled{Error: err.Error()}
	}
	if registry == nil {
		return pulled{}
	}
	found := pulled{Prefix: registry.Prefix}
	sources, err := registry.PullSourcesFromReference(named)
	if err != nil {
		return pulled{Error: err.Error(), Prefix: registry.Prefix}
	}
	for _, one := range sources {
		found.Sources = append(found.Sources, source{one.Reference.String(), one.Endpoint.Location})
	}
	return found
}

// encoded shows how maps with these keys are written.
func encoded(keys []string) (string, string) {
	values := map[string]any{}
	for _, key := range keys {
		values[key] = map[string]any{"use-sigstore-attachments": true}
	}
	asJSON, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		fail(err)
	}
	asYAML, err := yaml.Marshal(map[string]any{"docker": values})
	if err != nil {
		fail(err)
	}
	return string(asJSON), string(asYAML)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
