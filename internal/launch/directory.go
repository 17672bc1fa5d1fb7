package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// directory holds all files of one server. Its lock is held by us and, inherited, by every process of the server; when
// the last of them is gone the kernel releases it, and the next process that comes here removes what was left behind.
type directory struct {
	path string
	lock *os.File
}

const (
	directoryPrefix = "redis-postgres-sync-"
	// abandonedAfter keeps a sweep away from a directory whose owner has not come to locking it yet.
	abandonedAfter = time.Minute
	// logTailBytes is enough for the last few messages of a server's log.
	logTailBytes = 2000
)

var sweepOnce = sync.OnceFunc(func() {
	sweep(baseDir())
	sweep(os.TempDir())
})

// baseDir is TMPDIR where it is set, else in memory, else the system's directory for temporary files.
func baseDir() string {
	if os.Getenv("TMPDIR") == "" {
		if dir, ok := memoryDir(); ok {
			return dir
		}
	}
	return os.TempDir()
}

func newDirectory(parent string) (*directory, error) {
	sweepOnce()
	path, err := os.MkdirTemp(parent, directoryPrefix)
	if err != nil {
		return nil, fmt.Errorf("create server directory: %w", err)
	}
	lock, err := lockDirectory(path, os.O_CREATE)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock server directory: %w", err), os.RemoveAll(path))
	}
	return &directory{path: path, lock: lock}, nil
}

// lockDirectory fails at once where somebody holds the lock, and where there is none and flags does not say to create.
func lockDirectory(path string, flags int) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|syscall.O_NOFOLLOW|flags, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// sweep removes directories of servers whose owner was killed before it could. It touches only our own user's, and
// what it cannot remove it leaves to the next sweep.
func sweep(parent string) {
	paths, _ := filepath.Glob(filepath.Join(parent, directoryPrefix+"*"))
	for _, path := range paths {
		if !abandoned(path) {
			continue
		}
		if lock, err := lockDirectory(path, 0); err == nil {
			_ = os.RemoveAll(path)
			lock.Close()
		}
	}
}

func abandoned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || time.Since(info.ModTime()) < abandonedAfter {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// remove deletes everything. It tries again for a while, because the sessions of a killed postgres need a moment to
// notice, and until then write to the directory under our hands.
func (d *directory) remove() error {
	defer d.lock.Close()
	deadline := time.Now().Add(stopGrace)
	for {
		err := os.RemoveAll(d.path)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove server directory: %w", err)
		}
		time.Sleep(pollInterval)
	}
}

func (d *directory) join(name string) string { return filepath.Join(d.path, name) }

// createLog starts the log anew: what is in it belongs to the latest start.
func (d *directory) createLog() (*os.File, error) {
	log, err := os.Create(d.join("log"))
	if err != nil {
		return nil, fmt.Errorf("create server log: %w", err)
	}
	return log, nil
}

// logTail is the end of the log on one line, for an error.
func (d *directory) logTail() string {
	log, err := os.ReadFile(d.join("log"))
	if err != nil {
		return err.Error()
	}
	tail := log[max(0, len(log)-logTailBytes):]
	return strings.Join(strings.FieldsFunc(string(tail), func(r rune) bool { return r == '\n' }), " | ")
}
