// Package schema carries the schema files, so that the service needs none beside it.
package schema

import "embed"

// Files are the *.sql files of this folder: the state that the database is brought to.
//
//go:embed *.sql
var Files embed.FS
