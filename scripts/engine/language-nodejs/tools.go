//go:build tools

// Package engine pins the modules that Pulumi's Node language host is built from: later releases of
// github.com/pulumi/pulumi/sdk/v3 no longer carry it.
package engine

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
