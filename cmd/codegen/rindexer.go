package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/redis-postgres-sync/redis-postgres-sync/codegen"
)

const rindexerUsage = `Usage: go run ./cmd/codegen rindexer [-root directory] [-stream name] [-out directory]

Prints a manifest for rindexer that streams just the events of abi/ to Redis, with comments on what rindexer cannot
carry. Where abi/<name>.deployments.yaml says where a contract is deployed, that is in it; else it takes the address from
the environment. rindexer needs ABIs of its own beside it, which are written with -out.

Example: go run ./cmd/codegen rindexer -out ../indexer

Flags:
`

func rindexerCommand() command {
	flags, root := newFlags("codegen rindexer", rindexerUsage)
	stream := flags.String("stream", codegen.DefaultStream, "the Redis `stream` to write to, one of REDIS_STREAMS")
	out := flags.String("out", "", "write rindexer.yaml and abis/ below this `directory`, in place of what is there")
	return command{flags, func(_ context.Context, arguments []string, stdout, stderr io.Writer) error {
		if err := noArguments(arguments); err != nil {
			return err
		}
		in, err := readInput(*root, stderr)
		if err != nil {
			return err
		}
		files, err := codegen.RindexerProject(in, *stream)
		switch {
		case err != nil:
			return err
		case *out != "":
			return writeProject(*out, files, stdout)
		}
		fmt.Fprintln(stderr, "abis/ is not written; hint: -out names a directory to write it and this manifest to")
		_, err = stdout.Write(files["rindexer.yaml"])
		return err
	}}
}

// writeProject writes the manifest last, so that it never names an ABI that is not there.
func writeProject(dir string, files map[string][]byte, stdout io.Writer) error {
	const manifest = "rindexer.yaml"
	if err := os.MkdirAll(filepath.Join(dir, "abis"), 0o755); err != nil {
		return err
	}
	for path, content := range files {
		if path == manifest {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), content, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, manifest), files[manifest], 0o644); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s and %d ABIs written to %s\n", manifest, len(files)-1, dir)
	return nil
}
