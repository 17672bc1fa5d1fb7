package launch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	const old = 2 * abandonedAfter
	tests := []struct {
		name   string
		path   string
		age    time.Duration
		locked bool
		kept   bool
	}{
		{"removes what a killed process left", directoryPrefix + "left", old, false, false},
		{"keeps what is in use", directoryPrefix + "used", old, true, true},
		{"keeps what is too young to be locked", directoryPrefix + "young", 0, false, true},
		{"keeps what is not ours", "other-left", old, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir := filepath.Join(parent, tt.path)
			leaveDirectory(t, dir, tt.locked)
			modified := time.Now().Add(-tt.age)
			if err := os.Chtimes(dir, modified, modified); err != nil {
				t.Fatal(err)
			}
			sweep(parent)
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) == tt.kept {
				t.Errorf("kept %v, want %v", !tt.kept, tt.kept)
			}
		})
	}
}

func leaveDirectory(t *testing.T, dir string, locked bool) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := lockDirectory(dir, os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if locked {
		t.Cleanup(func() { lock.Close() })
		return
	}
	lock.Close()
}
