// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build tools

// Package tools names what go.mod pins: the object store that stands for a cloud's.
package tools

import (
	_ "github.com/versity/versitygw/cmd/versitygw"
)
