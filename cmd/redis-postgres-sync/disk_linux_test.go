package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestFullDisk fills the disk of a server under load. The service waits, gives nothing up, and goes on by itself when there
// is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size string
		dir  string // of the server's, on a disk of its own
		of   string
		// exhaust makes the server need room at once, where the load would take longer.
		exhaust string
		want    string // in what /readyz says
	}{
		"tables":           {size: "40m", of: "postgres", dir: "base", want: "53100"},
		"write-ahead log":  {size: "56m", of: "postgres", dir: "pg_wal", exhaust: "SELECT pg_switch_wal()", want: "postgres"},
		"append-only file": {size: "8m", of: "redis", dir: "appendonlydir", want: "redis"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			postgres, redisServer := testenv.OwnPostgres(t), testenv.OwnDurableRedis(t)
			client, err := stream.Connect(redisServer.URL())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			// With "always" Redis ends itself.
			if err := errors.Join(client.ConfigSet(t.Context(), "appendfsync", "everysec").Err(), client.ConfigRewrite(t.Context()).Err()); err != nil {
				t.Fatal(err)
			}
			server, home := redisServer, client.ConfigGet(t.Context(), "dir").Val()["dir"]
			if c.of == "postgres" {
				server = postgres
				if err := connect(t, postgres.URL()).QueryRow(t.Context(), "SHOW data_directory").Scan(&home); err != nil {
					t.Fatal(err)
				}
			}
			small := filepath.Join(home, c.dir)
			ownDisk(t, server, small, c.size)

			load := startProducer(t, client, "stream")
			p := startService(t, "DATABASE_URL="+postgres.URL()+"&synchronous_commit=on", "REDIS_URL="+redisServer.URL(), "REDIS_STREAMS=stream")
			awaitRows(t, connect(t, postgres.URL()), 100)
			p.awaitStatus(t, "/readyz", 200)

			ballast := fill(t, small)
			if c.exhaust != "" {
				exhaust(t, postgres.URL(), c.exhaust)
			}
			_, said := p.awaitStatus(t, "/readyz", 503)
			testenv.Eventually(t, patience, func() error {
				_, said = p.get(t, "/readyz")
				return contains(said, c.want)
			})
			t.Logf("full: %s", said)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			freed := time.Now()
			testenv.Eventually(t, patience, func() error {
				if gone(server) {
					t.Log("the server has ended itself")
					if err := server.Restart(t.Context()); err != nil {
						return err
					}
					freed = time.Now()
				}
				if status, body := p.get(t, "/readyz"); status != 200 {
					return fmt.Errorf("%d %s", status, body)
				}
				return nil
			})
			t.Logf("ready %v after there was room", time.Since(freed).Round(100*time.Millisecond))
			total := load.finish()
			db := connect(t, postgres.URL())
			awaitRows(t, db, total)
			awaitNonePending(t, client, "stream")
			compareLedger(t, db, total)
		})
	}
}

// exhaust repeats a statement until PostgreSQL has no room for it.
func exhaust(t *testing.T, url, sql string) {
	t.Helper()
	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return // there is none already
	}
	defer db.Close(t.Context())
	for range 100 {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			return
		}
	}
	t.Fatalf("there is still room after %s, a hundred times", sql)
}

// ownDisk puts a directory of a server on a small disk of its own, which takes root.
func ownDisk(t *testing.T, server *launch.Server, dir, size string) {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	options := fmt.Sprintf("size=%s,mode=0%o,uid=%d,gid=%d", size, info.Mode().Perm(), owner.Uid, owner.Gid)
	aside := dir + ".aside"
	server.Signal(syscall.SIGINT)
	testenv.Eventually(t, patience, func() error {
		if !gone(server) {
			return errors.New("the server has not ended")
		}
		return nil
	})
	if err := errors.Join(os.Rename(dir, aside), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		server.Signal(os.Kill)
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if out, err := exec.Command("cp", "-a", aside+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// gone reports whether a server's process has ended.
func gone(server *launch.Server) bool { return server.Signal(syscall.Signal(0)) != nil }

// fill leaves no room on a disk, and returns the file that takes it.
func fill(t *testing.T, dir string) (ballast string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, strings.NewReader(strings.Repeat("x", 64<<20))); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	return f.Name()
}
