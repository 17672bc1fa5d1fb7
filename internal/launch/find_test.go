package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The tests of this file set PATH and so run alone.

func TestMissingBinaries(t *testing.T) {
	tests := []struct {
		tool string
		want string
	}{
		{"apt-get", "apt-get install -y postgresql redis-server"},
		{"dnf", "dnf install -y postgresql-server redis"},
		{"", "install them so that they are in PATH"},
	}
	for _, tt := range tests {
		t.Run("where there is "+tt.tool, func(t *testing.T) {
			onlyProgram(t, tt.tool)
			_, postgresErr := Postgres(t.Context())
			_, redisErr := Redis(t.Context())
			for _, err := range []error{postgresErr, redisErr} {
				checkMissing(t, err, tt.want)
			}
		})
	}
}

func checkMissing(t *testing.T, err error, command string) {
	t.Helper()
	var missing *MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, want a MissingError", err)
	}
	if !slices.Equal(missing.Programs, []Program{PostgreSQL, RedisServer}) {
		t.Errorf("programs: %v", missing.Programs)
	}
	if text := err.Error(); !strings.HasSuffix(text, command) || strings.Contains(text, "\n") {
		t.Errorf("got %q, want one line that ends with %q", text, command)
	}
}

// onlyProgram hides all that is installed and puts one empty program in its place, or none.
func onlyProgram(t *testing.T, name string) {
	t.Helper()
	dir := t.TempDir()
	if name != "" {
		writeScript(t, filepath.Join(dir, name), "exit 1")
	}
	t.Setenv("PATH", dir)
	t.Setenv("PG_BIN", "")
	places := postgresPlaces
	postgresPlaces = nil
	t.Cleanup(func() { postgresPlaces = places })
}

func writeScript(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestPGBinWithoutPostgres(t *testing.T) {
	t.Setenv("PG_BIN", t.TempDir())
	if _, err := Postgres(t.Context()); err == nil || !strings.Contains(err.Error(), "PG_BIN") {
		t.Errorf("got %v, want an error that names PG_BIN", err)
	}
}

func TestNewestPostgresFirst(t *testing.T) {
	t.Parallel()
	got := []string{"/usr/lib/postgresql/9.6/bin", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/9.10/bin",
		"/usr/lib/postgresql/17/bin"}
	slices.SortFunc(got, newestFirst)
	if got[0] != "/usr/lib/postgresql/17/bin" || got[1] != "/usr/lib/postgresql/15/bin" {
		t.Errorf("got %v", got)
	}
}
