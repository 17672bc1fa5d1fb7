package conformance_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// project is a copy of this one, to be changed and built at will.
type project struct{ dir string }

// copyProject copies the module that the test belongs to into a directory that is removed after the test.
func copyProject(t *testing.T) project {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	p := project{t.TempDir()}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if private := strings.HasPrefix(relative, ".") || relative == "bin"; private && entry.IsDir() {
			return fs.SkipDir
		} else if private {
			return nil
		}
		return copyEntry(path, filepath.Join(p.dir, relative), entry)
	})
	if err != nil {
		t.Fatalf("copy project: %v", err)
	}
	return p
}

func copyEntry(from, to string, entry fs.DirEntry) error {
	switch {
	case entry.IsDir():
		return os.Mkdir(to, 0o755)
	case !entry.Type().IsRegular():
		return nil
	}
	content, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) { // an editor's file that is gone already
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// moduleRoot is the nearest directory above that has a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.Join(errors.New("find go.mod: none above the test"), err)
}

// write puts a file into the project.
func (p project) write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, filepath.FromSlash(path)), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// generate runs make generate.
func (p project) generate(t *testing.T) {
	t.Helper()
	p.run(t, "make", "generate")
}

// build builds the service and returns the binary's path.
func (p project) build(t *testing.T) string { return p.buildCommand(t, "./cmd/redis-postgres-sync") }

// buildCommand builds a command of the project. Without paths in it a package is compiled only once for all copies of
// the project.
func (p project) buildCommand(t *testing.T, pkg string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), filepath.Base(pkg))
	p.run(t, "go", "build", "-trimpath", "-buildvcs=false", "-o", binary, pkg)
	return binary
}

func (p project) run(t *testing.T, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = p.dir
	for _, variable := range os.Environ() {
		// A make that runs the tests must not steer ours.
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PWD":
		default:
			command.Env = append(command.Env, variable)
		}
	}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
}

// files returns the content of every file by its path.
func (p project) files(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(p.dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		files[filepath.ToSlash(relative)] = string(content)
		return err
	})
	if err != nil {
		t.Fatalf("read project: %v", err)
	}
	return files
}
