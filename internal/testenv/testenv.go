// Package testenv gives tests a real PostgreSQL, a real Redis and the service's binary. It is imported by tests only, and
// has no fakes: where a server's binaries are missing, the test fails and says what to install.
//
// The servers are started on first use, one of each in a test process, or are those of TEST_DATABASE_URL (a role that
// may create databases) and TEST_REDIS_URL. The invariant: a test sees and touches only what is its own, a database or
// a key prefix, so that all tests run in parallel and on any server.
package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

// startTimeout is far above the 0.6 s that a start takes, for a machine where all packages are tested at once.
const startTimeout = time.Minute

// Main runs a package's tests, stops the servers, and fails where goroutines are left over then. Use it as
//
//	func TestMain(m *testing.M) { testenv.Main(m) }
//
// Without it the servers end with the process as well, but their files stay until a later start removes them, and the
// goroutines that wait for the servers look like leaks to goleak.
func Main(m *testing.M, options ...goleak.Option) {
	code := m.Run()
	err := stopServers()
	if err == nil && code == 0 {
		err = goleak.Find(options...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// OwnPostgres starts a PostgreSQL for this test alone, to be killed, frozen or restarted.
func OwnPostgres(tb testing.TB) *launch.Server {
	tb.Helper()
	return own(tb, launch.Postgres)
}

// OwnRedis starts a Redis for this test alone, to be killed, frozen, restarted or flushed.
func OwnRedis(tb testing.TB) *launch.Server {
	tb.Helper()
	return own(tb, launch.Redis)
}

// OwnDurableRedis is OwnRedis, but that the server keeps everything over a restart.
func OwnDurableRedis(tb testing.TB) *launch.Server {
	tb.Helper()
	return own(tb, launch.DurableRedis)
}

type starter func(context.Context) (*launch.Server, error)

func own(tb testing.TB, start starter) *launch.Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	server, err := start(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return server
}

// shared is a server for all tests of the process: the one that a variable of the environment names, or one of ours.
type shared struct {
	variable string
	start    starter

	once   sync.Once
	url    string
	err    error
	server *launch.Server // nil where the environment named one
}

var (
	sharedPostgres = shared{variable: "TEST_DATABASE_URL", start: launch.Postgres}
	sharedRedis    = shared{variable: "TEST_REDIS_URL", start: launch.Redis}
)

func (s *shared) URL(tb testing.TB) string {
	tb.Helper()
	s.once.Do(s.begin)
	if s.err != nil {
		tb.Fatal(s.err)
	}
	return s.url
}

// begin uses a context of its own: the server outlives the test that happens to be first.
func (s *shared) begin() {
	if s.url = os.Getenv(s.variable); s.url != "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if s.server, s.err = s.start(ctx); s.err == nil {
		s.url = s.server.URL()
	}
}

func (s *shared) stop() error {
	if s.server == nil {
		return nil
	}
	return s.server.Stop()
}

// stopServers is called when no test runs any more.
func stopServers() error {
	return errors.Join(sharedPostgres.stop(), sharedRedis.stop())
}
