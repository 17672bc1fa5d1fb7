package main

import (
	"errors"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestList: each mutant can be planted into the code as it is now, and has a name of its own.
func TestList(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, m := range all {
		if names[m.name] {
			t.Errorf("two are called %q", m.name)
		}
		names[m.name] = true
		text, err := os.ReadFile(filepath.Join("../..", m.file))
		if err != nil {
			t.Error(err)
			continue
		}
		planted, err := m.plant(text)
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if filepath.Ext(m.file) != ".go" {
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), m.file, planted, 0); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// small is a repository with a test, and a function that it tests half of.
var small = map[string]string{
	"go.mod":       "module small\n\ngo 1.26\n",
	"sign/sign.go": "package sign\n\nfunc Of(n int) int {\n\tif n < 0 {\n\t\treturn -1\n\t}\n\tif n > 0 {\n\t\treturn 1\n\t}\n\treturn 0\n}\n",
	"sign/s_test.go": `package sign

import "testing"

func TestOf(t *testing.T) {
	t.Run("below zero", func(t *testing.T) {
		if Of(-5) != -1 {
			t.Error("it is not -1")
		}
	})
}

func TestThatFails(t *testing.T) { t.Error("it fails") }
`,
}

func newSmall(t *testing.T) *repository {
	t.Helper()
	dir := t.TempDir()
	for name, text := range small {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r, err := newRepository(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.remove(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestRepository(t *testing.T) {
	t.Parallel()
	r := newSmall(t)
	below := mutant{name: "m", file: "sign/sign.go", find: "-1", replace: "-2", tests: tests{pkg: "sign", run: "TestOf"}}
	above := below
	above.find, above.replace = "return 1", "return 2"
	if err := errors.Join(r.check([]mutant{below, above}), r.unmutated(t.Context(), []mutant{below, above})); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time finds the file as it was
		results, err := r.mutated(t.Context(), []mutant{below, above})
		if err != nil || len(results) != 2 || results[0].seenBy != "TestOf/below_zero" || results[1].seenBy != "" {
			t.Errorf("%+v, %v", results, err)
		}
	}
	for want, change := range map[string]func(m *mutant){
		"is out of date: 3 places": func(m *mutant) { m.find = "return" },
		"is out of date: open":     func(m *mutant) { m.file = "gone.go" },
		"has no test":              func(m *mutant) { m.run = "TestGone" },
		"without any defect":       func(m *mutant) { m.run = "TestThatFails" },
		"it does not compile":      func(m *mutant) { m.replace = "minus" },
	} {
		m := below
		change(&m)
		err := r.check([]mutant{m})
		if err == nil {
			err = r.unmutated(t.Context(), []mutant{m})
		}
		if err == nil {
			_, err = r.mutated(t.Context(), []mutant{m})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
