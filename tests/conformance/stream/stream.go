// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package stream lets a program answer questions, each one line of JSON.
package stream

import (
	"encoding/json"
	"log"
	"os"
)

// Answer answers every question of the standard input on the standard output, until there is none.
func Answer[Question, Said any](answer func(Question) Said) {
	decoder, encoder := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for decoder.More() {
		var asked Question
		if err := decoder.Decode(&asked); err != nil {
			log.Fatal(err)
		}
		if err := encoder.Encode(answer(asked)); err != nil {
			log.Fatal(err)
		}
	}
}
