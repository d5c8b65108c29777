//go:build tools

// Package engine pins the modules that the Pulumi engine is built from.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
