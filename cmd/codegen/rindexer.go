package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/redis-postgres-sync/redis-postgres-sync/codegen"
)

const rindexerUsage = `Usage: go run ./cmd/codegen rindexer [-root directory] [-stream name] [-out directory] [-overwrite]

Prints a manifest for rindexer that streams just the events of abi/ to Redis, with comments on what rindexer cannot
carry. Where abi/<name>.deployments.yaml says where a contract is deployed, that is in it; else it takes the address from
the environment. rindexer needs ABIs of its own beside it, which are written with -out.

Example: go run ./cmd/codegen rindexer -out ../indexer

Flags:
`

func rindexerCommand() command {
	flags, root := newFlags("codegen rindexer", rindexerUsage)
	stream := flags.String("stream", codegen.DefaultStream, "the Redis `stream` to write to, one of REDIS_STREAMS")
	out := flags.String("out", "", "write rindexer.yaml and abis/ below this `directory`")
	overwrite := flags.Bool("overwrite", false, "replace a rindexer.yaml that somebody has written or changed")
	return command{flags, func(_ context.Context, arguments []string, stdout, stderr io.Writer) error {
		if err := noArguments(arguments); err != nil {
			return err
		}
		in, err := readInput(*root, stderr)
		if err != nil {
			return err
		}
		files, warnings, err := codegen.RindexerProject(in, *stream)
		if err != nil {
			return err
		}
		for _, w := range warnings {
			fmt.Fprintln(stderr, "warning:", w)
		}
		if *out != "" {
			return writeProject(*out, files, *overwrite, stdout)
		}
		fmt.Fprintln(stderr, "abis/ is not written; hint: -out names a directory to write it and this manifest to")
		_, err = stdout.Write(files[manifest])
		return err
	}}
}

const manifest = "rindexer.yaml"

// writeProject writes the manifest last, so that it never names an ABI that is not there.
func writeProject(dir string, files map[string][]byte, overwrite bool, stdout io.Writer) error {
	path := filepath.Join(dir, manifest)
	standing, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err == nil && !overwrite && !bytes.Equal(standing, files[manifest]) {
		return fmt.Errorf("%s stands and is another; hint: without -out the manifest is printed, to take over what you need; "+
			"-overwrite replaces it", path)
	}
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
	if err := os.WriteFile(path, files[manifest], 0o644); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s and %d ABIs written to %s\n", manifest, len(files)-1, dir)
	return nil
}
