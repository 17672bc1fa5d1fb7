package stream

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func (f *fixture) probe() error {
	w := NewWatcher(f.client, "g", []string{f.stream}, slog.New(slog.DiscardHandler))
	return w.Probe(f.Context(), f.stream, "a")
}

// wantProbe waits until a probe answers with that error, or with none.
func (f *fixture) wantProbe(prefix string) {
	f.Helper()
	testenv.Eventually(f, 10*time.Second, func() error {
		err := f.probe()
		switch {
		case prefix == "":
			return err
		case redis.HasErrorPrefix(err, prefix):
			return nil
		default:
			return fmt.Errorf("got %w, want %s", err, prefix)
		}
	})
}

func TestProbe(t *testing.T) {
	t.Parallel()

	t.Run("changes nothing", func(t *testing.T) {
		f := newFixture(t)
		f.add("1", "2")
		c := f.consumer("a", few(1))
		f.age("a", f.read(c))
		for range 3 {
			f.wantProbe("")
		}
		list := f.pendingList()
		if len(list) != 1 || list[0].RetryCount != 1 || list[0].Idle < time.Hour {
			t.Errorf("%+v", list)
		}
		f.want(c, "2")
	})

	t.Run("creates a missing group at the start of the stream", func(t *testing.T) {
		f := newFixture(t)
		f.add("1")
		f.wantProbe("")
		f.want(f.consumer("a"), "1")
	})

	t.Run("fails on a replica", func(t *testing.T) {
		f := newFixtureOn(t, testenv.OwnRedis(t).URL())
		f.wantProbe("")
		do(t, f.client, "REPLICAOF", "127.0.0.1", 1)
		f.wantProbe("READONLY")
		do(t, f.client, "PING")
		do(t, f.client, "REPLICAOF", "NO", "ONE")
		f.wantProbe("")
	})

	t.Run("fails while Redis cannot save", func(t *testing.T) {
		f := newFixtureOn(t, testenv.OwnRedis(t).URL())
		f.wantProbe("")
		config, err := f.client.ConfigGet(t.Context(), "dir").Result()
		if err != nil {
			t.Fatal(err)
		}
		obstacle := filepath.Join(config["dir"], "dump.rdb")
		if err := os.Mkdir(obstacle, 0o700); err != nil {
			t.Fatal(err)
		}
		do(t, f.client, "CONFIG", "SET", "save", "3600 1000000")
		do(t, f.client, "BGSAVE")
		f.wantProbe("MISCONF")
		if err := os.Remove(obstacle); err != nil {
			t.Fatal(err)
		}
		do(t, f.client, "BGSAVE")
		f.wantProbe("")
	})

	t.Run("fails without the permission to read", func(t *testing.T) {
		f := newFixtureOn(t, testenv.OwnRedis(t).URL())
		f.wantProbe("")
		do(t, f.client, "ACL", "SETUSER", "default", "-xreadgroup")
		f.wantProbe("NOPERM")
		do(t, f.client, "ACL", "SETUSER", "default", "+xreadgroup")
		f.wantProbe("")
	})

	t.Run("fails on a key of another type and on a server that is away", func(t *testing.T) {
		f := newFixture(t)
		do(t, f.client, "SET", f.stream, "x")
		f.wantProbe("WRONGTYPE")
		f.client = connect(t, "unix:///nonexistent/redis.sock")
		if f.probe() == nil {
			t.Error("it does not")
		}
	})
}
