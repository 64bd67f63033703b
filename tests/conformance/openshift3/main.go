// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Says what the ImagePolicy plug-in of OpenShift 3.11 makes of a policy and of an image, and how its names and its
// wildcards are read: one JSON case a line on stdin, one answer a line on stdout. Decoding, the look at the API and the
// cache of the plug-in cannot be built without a Kubernetes of 2018.
package main

import (
	"log"
	"strings"

	"github.com/openshift/api/image/docker10"
	imageapi "github.com/openshift/origin/pkg/image/apis/image"
	"github.com/openshift/origin/pkg/image/apiserver/admission/apis/imagepolicy"
	"github.com/openshift/origin/pkg/image/apiserver/admission/apis/imagepolicy/validation"
	"github.com/openshift/origin/pkg/image/apiserver/admission/imagepolicy/rules"
	wildcards "github.com/openshift/origin/pkg/util/strings"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"

	"dockyard.openshift/conformance/stream"
)

// Image is what is known of an image; docker labels that are null mean that it has no configuration.
type Image struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	DockerLabels map[string]string `json:"docker_labels"`
}

// Case is a policy with its defaults, and an image that a request for a resource names.
type Case struct {
	Policy     imagepolicy.ImagePolicyConfig `json:"policy"`
	Resource   schema.GroupResource          `json:"resource"`
	Name       string                        `json:"name"`
	Image      *Image                        `json:"image"`
	Integrated bool                          `json:"integrated"`
	Ignored    []string                      `json:"ignored"`
	Pattern    string                        `json:"pattern"`
	Text       string                        `json:"text"`
}

// Answer is what stops the master, else whether the rules are about the resource and accept the image; the name in
// parts, or null; whether the pattern matches the text.
type Answer struct {
	Problems []string  `json:"problems"`
	Covered  bool      `json:"covered"`
	Accepted bool      `json:"accepted"`
	Parts    *[]string `json:"parts"`
	Matches  bool      `json:"matches"`
}

func (i *Image) internal() *imageapi.Image {
	if i == nil {
		return nil
	}
	found := &imageapi.Image{ObjectMeta: metav1.ObjectMeta{Labels: i.Labels, Annotations: i.Annotations}}
	if i.DockerLabels != nil {
		found.DockerImageMetadata.Config = &docker10.DockerConfig{Labels: i.DockerLabels}
	}
	return found
}

func answer(asked Case) Answer {
	found := Answer{Problems: []string{}, Matches: wildcards.IsWildcardMatch(asked.Text, asked.Pattern)}
	name, err := imageapi.ParseDockerImageReference(asked.Name)
	if err == nil {
		found.Parts = &[]string{name.Registry, name.Namespace, name.Name, name.Tag, name.ID, name.Exact()}
	}
	for _, problem := range validation.Validate(&asked.Policy) {
		found.Problems = append(found.Problems, strings.TrimPrefix(problem.Field, imagepolicy.PluginName+"."))
	}
	if len(found.Problems) > 0 {
		return found
	}
	accepter, err := rules.NewExecutionRulesAccepter(asked.Policy.ExecutionRules, rules.NewRegistryMatcher(nil))
	if err != nil {
		log.Fatal(err)
	}
	found.Covered = accepter.Covers(asked.Resource)
	found.Accepted = accepter.Accepts(&rules.ImagePolicyAttributes{
		Resource: asked.Resource, Name: name, Image: asked.Image.internal(), IntegratedRegistry: asked.Integrated,
		ExcludedRules: sets.NewString(asked.Ignored...),
	})
	return found
}

func main() {
	stream.Answer(answer)
}
