package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// controlGroup bounds what the processes in it may have of something, which takes root. Its files are those of one of the two
// versions.
type controlGroup struct {
	dir     string
	version int
}

// newControlGroup makes one for a controller, or skips the test.
func newControlGroup(t *testing.T, controller string) controlGroup {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skipf("control groups: %v", err)
	}
	var g controlGroup
	for line := range strings.Lines(string(text)) {
		switch parts := strings.SplitN(strings.TrimSpace(line), ":", 3); {
		case len(parts) != 3:
		case parts[1] == controller:
			g = controlGroup{filepath.Join("/sys/fs/cgroup", controller, parts[2]), 1}
		case parts[1] == "" && g.dir == "":
			g = controlGroup{filepath.Join("/sys/fs/cgroup", parts[2]), 2}
		}
	}
	g.dir = filepath.Join(g.dir, fmt.Sprintf("redis-postgres-sync-%s-%d", controller, os.Getpid()))
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Skipf("make a control group: %v", err)
	}
	t.Cleanup(func() {
		testenv.Eventually(t, patience, func() error { return os.Remove(g.dir) })
	})
	return g
}

// bound sets a bound, or skips the test.
func (g controlGroup) bound(t *testing.T, file, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, file), []byte(value), 0o644); err != nil {
		t.Skipf("bound a control group: %v", err)
	}
}

func (g controlGroup) add(t *testing.T, pid int) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		t.Fatal(err)
	}
}
