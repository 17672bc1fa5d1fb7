// Command codegen generates the Go code, tables and queries of the events that the ABIs in abi/ declare. It reads
// abi/*.json and what stands beside them below the project directory; package codegen decides, and this command only
// moves files. Nothing is written unless everything could be read. It also prints a manifest for rindexer, and fetches
// ABIs by address.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/redis-postgres-sync/redis-postgres-sync/codegen"
)

const usage = `Usage: go run ./cmd/codegen [-root directory] [-check]
       go run ./cmd/codegen rindexer [-out directory]
       go run ./cmd/codegen fetch -network name -chain-id number address

Generates gen/events, schema/*.gen.sql and queries/*.gen.sql from abi/*.json, and records the names of new tables in
abi/names.lock. Run sqlc after it, as make generate does. rindexer prints a manifest that streams these events, fetch
gets an ABI by its contract's address: each has a -help of its own.

Example: go run ./cmd/codegen -check

Flags:
`

var errStale = errors.New("generated files are stale; hint: run make generate")

// command is what is run: its flags, and what it does once they are parsed.
type command struct {
	flags *flag.FlagSet
	run   func(ctx context.Context, arguments []string, stdout, stderr io.Writer) error
}

// errUsage is the error of wrong use, which exits with 2.
type errUsage struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c, arguments := generateCommand(), os.Args[1:]
	if len(arguments) > 0 {
		switch arguments[0] {
		case "rindexer":
			c, arguments = rindexerCommand(), arguments[1:]
		case "fetch":
			c, arguments = fetchCommand(), arguments[1:]
		}
	}
	c.flags.Parse(arguments) // exits with 2 on wrong use
	err := c.run(ctx, c.flags.Args(), os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "codegen:", err)
	if _, wrong := errors.AsType[errUsage](err); wrong {
		c.flags.Usage()
		os.Exit(2)
	}
	os.Exit(1)
}

// newFlags returns the flags of a command, -root among them, and its usage.
func newFlags(name, usage string) (flags *flag.FlagSet, root *string) {
	flags = flag.NewFlagSet(name, flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	return flags, flags.String("root", ".", "the project `directory`")
}

// noArguments refuses what no flag takes.
func noArguments(arguments []string) error {
	if len(arguments) > 0 {
		return errUsage{fmt.Errorf("unexpected argument %q", arguments[0])}
	}
	return nil
}

func generateCommand() command {
	flags, root := newFlags("codegen", usage)
	check := flags.Bool("check", false, "write nothing; list what is stale and exit with 1 if anything is")
	return command{flags, func(_ context.Context, arguments []string, stdout, stderr io.Writer) error {
		if err := noArguments(arguments); err != nil {
			return err
		}
		if *check {
			return compare(*root, stdout, stderr)
		}
		return write(*root, stdout, stderr)
	}}
}

// write brings the project's generated files up to date.
func write(root string, stdout, stderr io.Writer) error {
	changes, err := plan(root, stderr)
	if err != nil {
		return err
	}
	for _, c := range changes.list {
		if err := c.apply(root); err != nil {
			return err
		}
	}
	changes.report(stdout)
	return nil
}

// compare reports what write would do, and returns errStale where that is anything.
func compare(root string, stdout, stderr io.Writer) error {
	changes, err := plan(root, stderr)
	if err != nil {
		return err
	}
	if len(changes.list) == 0 {
		fmt.Fprintf(stdout, "%d generated files are up to date\n", changes.left)
		return nil
	}
	for _, c := range changes.list {
		fmt.Fprintln(stdout, "stale", c.path)
	}
	return errStale
}

// plan generates everything in memory, and compares it with what stands.
func plan(root string, stderr io.Writer) (changeSet, error) {
	in, err := readInput(root, stderr)
	if err != nil {
		return changeSet{}, err
	}
	out, err := codegen.Generate(in)
	if err != nil {
		return changeSet{}, err
	}
	for _, w := range out.Warnings {
		fmt.Fprintln(stderr, "warning:", w)
	}
	return diff(root, out)
}

// readInput reads what is generated from, and says what of abi/ it does not read. Dot files are an editor's
// business, and *.md a reader's.
func readInput(root string, stderr io.Writer) (codegen.Input, error) {
	in := codegen.Input{ABIs: map[string][]byte{}, Hints: map[string][]byte{}, Deployments: map[string][]byte{}}
	var errs []error
	module, err := modulePath(filepath.Join(root, "go.mod"))
	in.Module, errs = module, append(errs, err)

	entries, err := os.ReadDir(filepath.Join(root, "abi"))
	errs = append(errs, err)
	for _, e := range entries {
		name := e.Name()
		files := in.ABIs
		switch {
		case strings.HasPrefix(name, "."), strings.HasSuffix(name, ".md"), name == filepath.Base(codegen.LockFile):
			continue
		case strings.HasSuffix(name, codegen.HintsSuffix):
			files = in.Hints
		case strings.HasSuffix(name, codegen.DeploymentsSuffix):
			files = in.Deployments
		case strings.Contains(name, ".hints.") || strings.Contains(name, ".deployments."):
			errs = append(errs, fmt.Errorf("abi/%s has another ending than %s and %s; hint: rename it", name,
				codegen.HintsSuffix, codegen.DeploymentsSuffix))
			continue
		case e.IsDir() || !isABI(name):
			fmt.Fprintf(stderr, "warning: abi/%s is not read: ABIs are files abi/<name>.json or abi/<name>.abi\n", name)
			continue
		}
		files[name], err = os.ReadFile(filepath.Join(root, "abi", name))
		errs = append(errs, err)
	}
	in.Lock, err = os.ReadFile(filepath.Join(root, codegen.LockFile))
	if !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	return in, errors.Join(errs...)
}

// isABI goes by the extension: artifacts are .json, and what solc --abi writes is .abi.
func isABI(name string) bool {
	extension := strings.ToLower(filepath.Ext(name))
	return extension == ".json" || extension == ".abi"
}

// modulePath returns the module that a go.mod declares.
func modulePath(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("%w; hint: -root names the project directory", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if module, ok := strings.CutPrefix(lines.Text(), "module "); ok {
			return strings.TrimSpace(module), nil
		}
	}
	return "", errors.Join(fmt.Errorf("%s declares no module", name), lines.Err())
}
