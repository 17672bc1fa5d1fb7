package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// repository is a copy of the repository, to plant defects into.
type repository struct {
	dir      string
	progress io.Writer
}

// newRepository copies the files of a directory that git knows, or would add, as they are now.
func newRepository(ctx context.Context, from string) (_ *repository, err error) {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = from
	names, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the files of the repository: %w", err)
	}
	r := &repository{progress: io.Discard}
	if r.dir, err = os.MkdirTemp("", "mutants-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.remove())
		}
	}()
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(r.dir, name), filepath.Join(from, name)); err != nil {
			return nil, fmt.Errorf("copy the repository: %w", err)
		}
	}
	return r, nil
}

// copyFile passes over what has been deleted, which git knows until that is committed, and what is no file.
func copyFile(to, from string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

func (r *repository) remove() error { return os.RemoveAll(r.dir) }

// check finds all mutants that are out of date, before minutes are spent on the others.
func (r *repository) check(mutants []mutant) error {
	var all []error
	for _, m := range mutants {
		text, err := os.ReadFile(filepath.Join(r.dir, m.file))
		if err == nil {
			_, err = m.plant(text)
		}
		if err != nil {
			all = append(all, fmt.Errorf("mutant %q is out of date: %w", m.name, err))
		}
	}
	return errors.Join(all...)
}

// plant returns the text of the mutant's file with the defect in it.
func (m mutant) plant(text []byte) ([]byte, error) {
	if n := bytes.Count(text, []byte(m.find)); n != 1 {
		return nil, fmt.Errorf("%d places in %s are like %q, want 1; hint: cmd/mutants says what the defect is", n, m.file, m.find)
	}
	return bytes.Replace(text, []byte(m.find), []byte(m.replace), 1), nil
}

// unmutated runs the tests of all mutants on the code as it is: only where they pass does a failure say anything.
func (r *repository) unmutated(ctx context.Context, mutants []mutant) error {
	seen := make(map[tests]bool)
	for _, m := range mutants {
		if seen[m.tests] {
			continue
		}
		seen[m.tests] = true
		o, err := r.test(ctx, m.tests)
		switch {
		case err != nil:
			return err
		case o.failed != "":
			return fmt.Errorf("%s of %s fails without any defect:\n%s", o.failed, m.pkg, o.output)
		case o.passed == 0:
			return fmt.Errorf("mutant %q is out of date: %s has no test %q", m.name, m.pkg, m.run)
		}
		fmt.Fprintf(r.progress, "%6.1f s  without a defect: %s %q\n", o.took.Seconds(), m.pkg, m.run)
	}
	return nil
}

// result is what became of a mutant.
type result struct {
	mutant
	seenBy string // the first test that failed, "" if none did
	took   time.Duration
}

// String is a row of the table.
func (r result) String() string {
	verdict := "caught"
	if r.seenBy == "" {
		verdict = "SURVIVED"
	}
	return fmt.Sprintf("%s\t%s\t%.1f s\t%s", verdict, r.name, r.took.Seconds(), r.seenBy)
}

// mutated plants one defect after another and runs its tests. After an error the results are those until then.
func (r *repository) mutated(ctx context.Context, mutants []mutant) (results []result, err error) {
	for _, m := range mutants {
		o, err := r.plantAndTest(ctx, m)
		if err != nil {
			return results, fmt.Errorf("mutant %q: %w", m.name, err)
		}
		result := result{m, o.failed, o.took}
		results = append(results, result)
		fmt.Fprintln(r.progress, strings.ReplaceAll(result.String(), "\t", "  "))
	}
	return results, nil
}

func (r *repository) plantAndTest(ctx context.Context, m mutant) (o outcome, err error) {
	path := filepath.Join(r.dir, m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return o, err
	}
	planted, err := m.plant(text)
	if err != nil {
		return o, err
	}
	if err := os.WriteFile(path, planted, 0o644); err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(path, text, 0o644)) }()
	// A mutant that does not compile would be caught by any test.
	build := r.command(ctx, "build", "-o", os.DevNull, "./"+filepath.Dir(m.file))
	if out, err := build.CombinedOutput(); err != nil {
		return o, fmt.Errorf("it does not compile: %w\n%s", err, out)
	}
	return r.test(ctx, m.tests)
}

// command is one of the go tool in the copy. With -trimpath, what was compiled for one copy is there for the next.
func (r *repository) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", slices.Insert(args, 1, "-trimpath")...)
	cmd.Dir = r.dir
	endTogether(cmd)
	return cmd
}
