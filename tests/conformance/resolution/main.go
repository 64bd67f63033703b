// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Says what containers/image makes of configurations and references: one JSON case a line on stdin, one answer a line
// on stdout. Nothing is contacted, and nothing of this machine's own configuration is read.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/containers/image/v5/docker"
	"github.com/containers/image/v5/docker/reference"
	"github.com/containers/image/v5/pkg/shortnames"
	"github.com/containers/image/v5/pkg/sysregistriesv2"
	"github.com/containers/image/v5/signature"
	"github.com/containers/image/v5/types"

	"dockyard.openshift/conformance/stream"
)

// Case is one host and the references to be pulled there. A nil text: there is no such file.
type Case struct {
	Main       *string           `json:"main"`
	DropIns    map[string]string `json:"drop_ins"`
	Policy     *string           `json:"policy"`
	References []string          `json:"references"`
}

// Answer is what containers/image makes of a Case.
type Answer struct {
	LoadError   string         `json:"load_error"`
	PolicyError string         `json:"policy_error"`
	Registries  []RegistryFact `json:"registries"`
	Search      []string       `json:"search"`
	Mode        string         `json:"short_name_mode"`
	References  []Resolution   `json:"references"`
}

// RegistryFact is one entry in force.
type RegistryFact struct {
	Prefix       string       `json:"prefix"`
	Location     string       `json:"location"`
	Insecure     bool         `json:"insecure"`
	Blocked      bool         `json:"blocked"`
	ByDigestOnly bool         `json:"mirror_by_digest_only"`
	Mirrors      []MirrorFact `json:"mirrors"`
}

// MirrorFact is one mirror of an entry.
type MirrorFact struct {
	Location string `json:"location"`
	Insecure bool   `json:"insecure"`
	Pull     string `json:"pull_from_mirror"`
}

// Resolution is what becomes of one reference.
type Resolution struct {
	Parsed     *Parts      `json:"parsed"`     // as it is written; nil: not a reference
	Normalized *Parts      `json:"normalized"` // as docker normalises it
	Error      string      `json:"error"`      // why it has no candidates
	Candidates []Candidate `json:"candidates"`
}

// Parts is a reference taken apart.
type Parts struct {
	Text   string `json:"text"`
	Domain string `json:"domain"`
	Path   string `json:"path"`
	Tag    string `json:"tag"`
	Digest string `json:"digest"`
}

// Candidate is one full name that a reference may stand for.
type Candidate struct {
	Reference string     `json:"reference"`
	Prefix    string     `json:"prefix"`
	Error     string     `json:"error"`
	Endpoints []Endpoint `json:"endpoints"`
	Scope     *string    `json:"scope"` // of policy.json; nil: the default decides
	Lookup    []string   `json:"lookup"`
}

// Endpoint is one place that a pull would contact.
type Endpoint struct {
	Reference string `json:"reference"`
	Location  string `json:"location"`
	Insecure  bool   `json:"insecure"`
	Blocked   bool   `json:"blocked"`
}

var modes = map[types.ShortNameMode]string{
	types.ShortNameModeDisabled:   "disabled",
	types.ShortNameModePermissive: "permissive",
	types.ShortNameModeEnforcing:  "enforcing",
}

func main() {
	root, err := os.MkdirTemp("", "conformance")
	check(err)
	defer os.RemoveAll(root)
	check(os.Setenv("HOME", filepath.Join(root, "home")))
	stream.Answer(func(c Case) Answer { return answer(root, c) })
}

func answer(root string, c Case) Answer {
	sys := &types.SystemContext{
		RootForImplicitAbsolutePaths: root,
		UserShortNameAliasConfPath:   filepath.Join(root, "recorded-aliases.conf"),
	}
	write(root, c)
	sysregistriesv2.InvalidateCache()
	var a Answer
	var policy *signature.Policy
	if c.Policy != nil {
		var err error
		if policy, err = signature.NewPolicyFromBytes([]byte(*c.Policy)); err != nil {
			a.PolicyError = err.Error()
		}
	}
	conf, err := sysregistriesv2.TryUpdatingCache(sys)
	if err != nil {
		a.LoadError = err.Error()
		return a
	}
	a.Search = conf.UnqualifiedSearchRegistries
	mode, err := sysregistriesv2.GetShortNameMode(sys)
	check(err)
	a.Mode = modes[mode]
	for _, registry := range conf.Registries {
		a.Registries = append(a.Registries, registryFact(registry))
	}
	for _, text := range c.References {
		a.References = append(a.References, resolve(sys, policy, text))
	}
	return a
}

// write puts the files of a case where this process takes /etc/containers to be.
func write(root string, c Case) {
	etc := filepath.Join(root, "etc", "containers")
	check(os.RemoveAll(etc))
	dropIns := filepath.Join(etc, "registries.conf.d")
	check(os.MkdirAll(dropIns, 0o700))
	if c.Main != nil {
		check(os.WriteFile(filepath.Join(etc, "registries.conf"), []byte(*c.Main), 0o600))
	}
	for name, text := range c.DropIns {
		check(os.WriteFile(filepath.Join(dropIns, name), []byte(text), 0o600))
	}
}

func registryFact(registry sysregistriesv2.Registry) RegistryFact {
	fact := RegistryFact{registry.Prefix, registry.Location, registry.Insecure, registry.Blocked, registry.MirrorByDigestOnly, nil}
	for _, mirror := range registry.Mirrors {
		fact.Mirrors = append(fact.Mirrors, MirrorFact{mirror.Location, mirror.Insecure, mirror.PullFromMirror})
	}
	return fact
}

func resolve(sys *types.SystemContext, policy *signature.Policy, text string) Resolution {
	var r Resolution
	if parsed, err := reference.Parse(text); err == nil {
		r.Parsed = parts(parsed.(reference.Named))
	}
	if normalized, err := reference.ParseNormalizedNamed(text); err == nil {
		r.Normalized = parts(normalized)
	}
	resolved, err := shortnames.Resolve(sys, text)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	for _, found := range resolved.PullCandidates {
		r.Candidates = append(r.Candidates, candidate(sys, policy, found.Value))
	}
	return r
}

func parts(named reference.Named) *Parts {
	p := &Parts{Text: named.String(), Domain: reference.Domain(named), Path: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		p.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		p.Digest = digested.Digest().String()
	}
	return p
}

// candidate follows docker.newImageSource, up to where it would contact the registry.
func candidate(sys *types.SystemContext, policy *signature.Policy, named reference.Named) Candidate {
	c := Candidate{Reference: named.String()}
	c.Lookup = lookup(named)
	if policy != nil {
		c.Scope = scope(policy, c.Lookup)
	}
	registry, err := sysregistriesv2.FindRegistry(sys, named.Name())
	check(err)
	if registry == nil {
		everything := sysregistriesv2.Endpoint{Location: named.String()}
		registry = &sysregistriesv2.Registry{Prefix: named.String(), Endpoint: everything}
	} else {
		c.Prefix = registry.Prefix
	}
	sources, err := registry.PullSourcesFromReference(named)
	if err != nil {
		c.Error = err.Error()
		return c
	}
	for _, source := range sources {
		physical, err := sysregistriesv2.FindRegistry(sys, source.Reference.Name())
		check(err)
		c.Endpoints = append(c.Endpoints, Endpoint{
			Reference: source.Reference.String(),
			Location:  source.Endpoint.Location,
			Insecure:  source.Endpoint.Insecure,
			Blocked:   physical != nil && physical.Blocked,
		})
	}
	return c
}

// lookup is the keys of policy.json that count for a reference, the most specific first.
func lookup(named reference.Named) []string {
	if canonical, ok := named.(reference.Canonical); ok { // podman and CRI-O drop the tag beside a digest
		bare, err := reference.WithDigest(reference.TrimNamed(named), canonical.Digest())
		check(err)
		named = bare
	}
	ref, err := docker.NewReference(named)
	check(err)
	keys := append([]string{ref.PolicyConfigurationIdentity()}, ref.PolicyConfigurationNamespaces()...)
	return append(keys, "")
}

func scope(policy *signature.Policy, keys []string) *string {
	for _, key := range keys {
		if _, ok := policy.Transports[docker.Transport.Name()][key]; ok {
			return &key
		}
	}
	return nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
