package testenv_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestBuildService(t *testing.T) {
	t.Parallel()
	binary, err := testenv.BuildService(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	help, err := exec.Command(binary, "help").CombinedOutput()
	if err != nil || !strings.Contains(string(help), "redis-postgres-sync") {
		t.Errorf("the binary says, %v:\n%s", err, help)
	}
	if _, err := testenv.BuildService(t.TempDir(), "-unknown"); err == nil || !strings.Contains(err.Error(), "-unknown") {
		t.Errorf("a flag that go does not know: %v", err)
	}
}

// TestBuildServiceInputs reads what go test is told of a test that builds the service, and decides by whether to run it again.
func TestBuildServiceInputs(t *testing.T) {
	t.Parallel()
	told := filepath.Join(t.TempDir(), "told")
	out, err := exec.Command(os.Args[0], "-test.run=^TestBuildService$", "-test.testlogfile="+told).CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	log, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"go.mod", "cmd/redis-postgres-sync/main.go", "internal/ingest", "internal/ingest/loop.go", "schema/deposited_events.gen.sql",
	} {
		if !strings.Contains(string(log), "stat "+filepath.Join(root, path)+"\n") {
			t.Errorf("%s does not count", path)
		}
	}
}
