// Command mutants checks the tests: it plants one defect after another into a copy of the repository, each of a kind that
// would lose, double or hold up events, and runs the tests that should see it. A defect that no test sees has survived, and
// means that one is missing. It prints a table, and exits with 1 where any survived.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"
)

// mutant is one defect, and the tests that should see it.
type mutant struct {
	name string
	// find stands in file exactly once, and is replaced. What is left must compile.
	file, find, replace string

	tests
}

// tests are some of those of one package.
type tests struct {
	pkg string
	run string // as -run of go test takes it
	// within is how long they may take, and a defect that keeps them waiting for ever: usual where it is 0.
	within time.Duration
}

const usual = time.Minute

func main() {
	only := flag.String("only", "", "a regular expression: the mutants to run, by name")
	keep := flag.Bool("keep", false, "keep the copy of the repository, to look at")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	survived, err := run(ctx, *only, *keep)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	if err != nil || survived > 0 {
		os.Exit(1)
	}
}

// run runs the mutants that are chosen by name on a copy of the working directory, and returns how many survived.
func run(ctx context.Context, only string, keep bool) (survived int, err error) {
	chosen, err := regexp.Compile(only)
	if err != nil {
		return 0, fmt.Errorf("-only: %w", err)
	}
	mutants := slices.DeleteFunc(slices.Clone(all), func(m mutant) bool { return !chosen.MatchString(m.name) })
	if len(mutants) == 0 {
		return 0, fmt.Errorf("-only: no mutant is called like %q", only)
	}
	r, err := newRepository(ctx, ".")
	if err != nil {
		return 0, err
	}
	r.progress = os.Stderr
	if keep {
		fmt.Fprintln(os.Stderr, "the copy is", r.dir)
	} else {
		defer func() { err = errors.Join(err, r.remove()) }()
	}
	if err := r.check(mutants); err != nil {
		return 0, err
	}
	if err := r.unmutated(ctx, mutants); err != nil {
		return 0, err
	}
	results, err := r.mutated(ctx, mutants)
	print(results)
	for _, result := range results {
		if result.seenBy == "" {
			survived++
		}
	}
	return survived, err
}

func print(results []result) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	for _, r := range results {
		fmt.Fprintln(table, r)
	}
}
