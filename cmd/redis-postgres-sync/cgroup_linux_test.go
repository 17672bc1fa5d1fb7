package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// controlGroup is one of version 1 or 2, whose files have different names: it bounds what the processes in it may have of
// something. It takes root.
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
		case slices.Contains(strings.Split(parts[1], ","), controller):
			g = controlGroup{filepath.Join("/sys/fs/cgroup", controller, parts[2]), 1}
		case parts[1] == "" && g.dir == "":
			g = controlGroup{filepath.Join("/sys/fs/cgroup", parts[2]), 2}
		}
	}
	if g.dir == "" {
		t.Skip("there are no control groups")
	}
	g.dir = filepath.Join(g.dir, fmt.Sprintf("redis-postgres-sync-%s-%d", controller, os.Getpid()))
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Skipf("make a control group: %v", err)
	}
	t.Cleanup(func() {
		testenv.Eventually(t, patience, func() error { return os.Remove(g.dir) })
	})
	if _, err := os.Stat(filepath.Join(g.dir, "cgroup.procs")); err != nil {
		t.Skipf("a directory that is no control group: %v", err)
	}
	return g
}

// set writes one of its files, or skips the test where the kernel does not take it.
func (g controlGroup) set(t *testing.T, file, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, file), []byte(value), 0o644); err != nil {
		t.Skipf("set %s of a control group: %v", file, err)
	}
}

func (g controlGroup) add(t *testing.T, pid int) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		t.Fatal(err)
	}
}
