// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Reads YAML as masters of OpenShift 3 read their configuration: one JSON text a line on stdin, one answer a line on
// stdout.
package main

import (
	"encoding/json"

	"github.com/ghodss/yaml"

	"dockyard.openshift/conformance/stream"
)

// Answer is the document as JSON, or why there is none.
type Answer struct {
	Value   json.RawMessage `json:"value"`
	Refused string          `json:"refused"`
}

func answer(text string) Answer {
	value, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return Answer{Refused: err.Error()}
	}
	return Answer{Value: value}
}

func main() {
	stream.Answer(answer)
}
