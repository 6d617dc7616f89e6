// Package examples holds complete pipelines: a folder each, with a template and
// what belongs to it. They are part of the binary, so that they run from any
// working directory without the source tree.
package examples

import "embed"

// Files are the folders of the examples.
//
//go:embed status-codes
var Files embed.FS
