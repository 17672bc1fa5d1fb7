package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// process is a holder of leases as another process would be one.
func process(change func(*holder)) holder {
	h := newHolder("host")
	h.Nonce = "another"
	change(&h)
	return h
}

// elsewhere is a process of which nothing can be told from here.
func elsewhere(n int) holder {
	return process(func(h *holder) { h.Host, h.PID, h.Boot = "elsewhere", n, fmt.Sprint("machine ", n) })
}

// ended is a process on this machine that has ended, its pid not in use.
func ended(t *testing.T) holder {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return process(func(h *holder) { h.PID = cmd.Process.Pid })
}

// leases makes leases in one group, which is the test's own.
type leases struct {
	*fixture
	group string
	log   launch.Buffer
}

func newLeases(t *testing.T) *leases {
	f := newFixture(t)
	l := &leases{fixture: f, group: f.stream}
	t.Cleanup(func() { // the keys do not have the prefix that testenv deletes
		ctx := context.Background()
		keys, err := f.client.Keys(ctx, leaseKey(l.group, "*")).Result()
		if err == nil && len(keys) > 0 {
			f.client.Del(ctx, keys...)
		}
	})
	return l
}

func (l *leases) of(me holder) *Lease {
	lease := newLease(l.client, me, slog.New(slog.NewTextHandler(&l.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	lease.ttl = time.Minute
	return lease
}

func (l *leases) acquire(me holder) *Lease {
	l.Helper()
	lease, err := acquire(l.Context(), l.of(me), l.group, "host")
	if err != nil {
		l.Fatal(err)
	}
	return lease
}

func (l *leases) acquireNamed(me holder, name string) *Lease {
	l.Helper()
	lease, err := acquireNamed(l.Context(), l.of(me), l.group, name)
	if err != nil {
		l.Fatal(err)
	}
	return lease
}

func (l *leases) wantName(lease *Lease, want string) {
	l.Helper()
	if lease.Name() != want {
		l.Errorf("got %s, want %s", lease.Name(), want)
	}
}

func (l *leases) wantHolder(name string, want holder) {
	l.Helper()
	if got := l.client.Get(l.Context(), leaseKey(l.group, name)).Val(); got != want.token() {
		l.Errorf("%s is held by %s, want %s", name, got, want.token())
	}
}

// keep runs Keep and returns how to end it, with its error.
func (l *leases) keep(lease *Lease) (end func() error) {
	ctx, cancel := context.WithCancel(l.Context())
	kept := make(chan error, 1)
	go func() { kept <- lease.Keep(ctx) }()
	return func() error {
		cancel()
		return <-kept
	}
}

func TestLease(t *testing.T) {
	t.Parallel()

	t.Run("gives every process a name of its own, and a free one again", func(t *testing.T) {
		l := newLeases(t)
		first, second := l.acquire(elsewhere(1)), l.acquire(elsewhere(2))
		l.wantName(first, "host-0")
		l.wantName(second, "host-1")
		if err := first.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.wantName(l.acquire(elsewhere(3)), "host-0")
		l.wantName(l.acquire(elsewhere(4)), "host-2")
	})

	t.Run("is had by one process only, however many ask at once", func(t *testing.T) {
		l := newLeases(t)
		const processes = 30
		names := make([]string, processes)
		var asking sync.WaitGroup
		for i := range processes {
			asking.Go(func() { names[i] = l.acquire(elsewhere(i)).Name() })
		}
		asking.Wait()
		seen := map[string]bool{}
		for _, name := range names {
			seen[name] = true
		}
		for i := range processes {
			if !seen[fmt.Sprint("host-", i)] {
				t.Errorf("nobody has host-%d of %q", i, names)
			}
		}
	})

	t.Run("finds a slot behind many taken ones", func(t *testing.T) {
		l := newLeases(t)
		for i := range slotsAtOnce {
			do(t, l.client, "SET", leaseKey(l.group, fmt.Sprint("host-", i)), elsewhere(i).token())
		}
		l.wantName(l.acquire(newHolder("host")), fmt.Sprint("host-", slotsAtOnce))
	})

	t.Run("says so when no slot is left", func(t *testing.T) {
		l := newLeases(t)
		var pairs []any
		for i := range slotsMost {
			pairs = append(pairs, leaseKey(l.group, fmt.Sprint("host-", i)), "taken")
		}
		if err := l.client.MSet(t.Context(), pairs...).Err(); err != nil {
			t.Fatal(err)
		}
		_, err := acquire(t.Context(), l.of(newHolder("host")), l.group, "host")
		if err == nil || !strings.Contains(err.Error(), "CONSUMER_NAME") {
			t.Error(err)
		}
	})

	t.Run("is found again by the process that has it without knowing", func(t *testing.T) {
		l := newLeases(t)
		l.acquire(elsewhere(1))
		l.acquire(newHolder("host"))
		l.wantName(l.acquire(newHolder("host")), "host-1")
	})

	t.Run("expires, and says whose it is", func(t *testing.T) {
		l := newLeases(t)
		lease := l.acquire(newHolder("host"))
		ttl := l.client.PTTL(t.Context(), lease.key).Val()
		if ttl < lease.ttl/2 || ttl > lease.ttl {
			t.Errorf("expires in %v", ttl)
		}
		if h := parseHolder(l.client.Get(t.Context(), lease.key).Val()); h.Host != "host" || h.PID != os.Getpid() {
			t.Errorf("%+v", h)
		}
	})
}

func TestLeaseOfCrashedProcess(t *testing.T) {
	t.Parallel()

	t.Run("is had at once by the next one on the same machine, before any free name", func(t *testing.T) {
		l := newLeases(t)
		first, _ := l.acquire(elsewhere(1)), l.acquire(ended(t))
		if err := first.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.wantName(l.acquire(newHolder("host")), "host-1")
	})

	t.Run("is had even if another process has its pid now", func(t *testing.T) {
		l := newLeases(t)
		l.acquire(process(func(h *holder) { h.Started = "1" }))
		l.wantName(l.acquire(newHolder("host")), "host-0")
	})

	t.Run("is had even if nobody has waited for it yet", func(t *testing.T) {
		l := newLeases(t)
		cmd := exec.Command("cat")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started, err := startOf(cmd.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		child := process(func(h *holder) { h.PID, h.Started = cmd.Process.Pid, started })
		l.acquire(child)
		l.wantName(l.acquire(elsewhere(1)), "host-1") // it runs, for all that we know there
		l.wantName(l.acquire(process(func(*holder) {})), "host-2")
		stdin.Close()
		testenv.Eventually(t, 10*time.Second, func() error {
			if _, err := startOf(cmd.Process.Pid); err == nil {
				return errors.New("it has not ended")
			}
			return nil
		})
		l.wantName(l.acquire(newHolder("host")), "host-0")
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})

	for name, change := range map[string]func(*holder){
		"on another machine":      func(h *holder) { h.Boot = "another" },
		"in another container":    func(h *holder) { h.Namespace = "pid:[1]" },
		"where there is no /proc": func(h *holder) { h.Boot, h.Namespace, h.Started = "", "", "" },
		"that runs, as we see":    func(h *holder) { *h = process(func(*holder) {}) },
	} {
		t.Run("is left to a process "+name, func(t *testing.T) {
			l := newLeases(t)
			other := ended(t)
			change(&other)
			l.acquire(other)
			l.wantName(l.acquire(newHolder("host")), "host-1")
		})
	}
}

func TestLeaseKeep(t *testing.T) {
	t.Parallel()

	t.Run("renews", func(t *testing.T) {
		l := newLeases(t)
		lease := l.acquire(elsewhere(1))
		lease.ttl = 3 * time.Second
		do(t, l.client, "PEXPIRE", lease.key, 100_000)
		end := l.keep(lease)
		testenv.Eventually(t, 10*time.Second, func() error {
			if ttl := l.client.PTTL(t.Context(), lease.key).Val(); ttl > lease.ttl {
				return fmt.Errorf("not renewed: %v", ttl)
			}
			return nil
		})
		l.wantHolder("host-0", elsewhere(1))
		if err := end(); err != nil {
			t.Error(err)
		}
	})

	t.Run("takes a forgotten name again", func(t *testing.T) {
		l := newLeases(t)
		lease := l.acquire(elsewhere(1))
		lease.ttl = 300 * time.Millisecond
		do(t, l.client, "DEL", lease.key)
		end := l.keep(lease)
		testenv.Eventually(t, 10*time.Second, func() error { return l.client.Get(t.Context(), lease.key).Err() })
		l.wantHolder("host-0", elsewhere(1))
		if err := end(); err != nil {
			t.Error(err)
		}
	})

	t.Run("ends when another process has the name", func(t *testing.T) {
		l := newLeases(t)
		lease := l.acquire(elsewhere(1))
		lease.ttl = 300 * time.Millisecond
		do(t, l.client, "SET", lease.key, elsewhere(2).token())
		err := lease.Keep(t.Context())
		if !errors.Is(err, ErrLeaseLost) || !strings.Contains(err.Error(), "process 2 on elsewhere") {
			t.Error(err)
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Error(err)
		}
		l.wantHolder("host-0", elsewhere(2))
	})

	t.Run("takes the name back from a process that has crashed", func(t *testing.T) {
		l := newLeases(t)
		me := newHolder("host")
		lease := l.acquire(me)
		lease.ttl = 300 * time.Millisecond
		do(t, l.client, "SET", lease.key, ended(t).token())
		end := l.keep(lease)
		testenv.Eventually(t, 10*time.Second, func() error {
			if l.client.Get(t.Context(), lease.key).Val() != me.token() {
				return errors.New("not taken back")
			}
			return nil
		})
		if err := end(); err != nil {
			t.Error(err)
		}
	})

	t.Run("outlives a server that is away and comes back empty", func(t *testing.T) {
		l := newLeases(t)
		server := testenv.OwnRedis(t)
		l.client = connect(t, server.URL())
		lease := l.acquire(elsewhere(1))
		lease.ttl = 300 * time.Millisecond
		if err := server.Signal(os.Kill); err != nil {
			t.Fatal(err)
		}
		end := l.keep(lease)
		testenv.Eventually(t, 10*time.Second, func() error {
			if !strings.Contains(l.log.String(), "not renewed") {
				return errors.New("it has not noticed")
			}
			return nil
		})
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, 10*time.Second, func() error { return l.client.Get(t.Context(), lease.key).Err() })
		l.wantHolder("host-0", elsewhere(1))
		if err := end(); err != nil {
			t.Error(err)
		}
		if n := strings.Count(l.log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings of one outage:\n%s", n, l.log.String())
		}
	})
}

const sharedName = "is used by another process too"

func TestLeaseNamed(t *testing.T) {
	t.Parallel()

	t.Run("is that name", func(t *testing.T) {
		l := newLeases(t)
		lease := l.acquireNamed(elsewhere(1), "chosen")
		l.wantName(lease, "chosen")
		l.wantHolder("chosen", elsewhere(1))
		if err := lease.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if n := l.client.Exists(t.Context(), lease.key).Val(); n != 0 {
			t.Error("it is still taken")
		}
	})

	t.Run("is used although a process has it that runs, with one warning", func(t *testing.T) {
		l := newLeases(t)
		other := process(func(h *holder) { h.Host = "theirs" })
		l.acquireNamed(other, "chosen")
		lease := l.acquireNamed(newHolder("host"), "chosen")
		l.wantName(lease, "chosen")
		l.wantHolder("chosen", other)
		for _, part := range []string{"level=WARN", sharedName, "other_host=theirs", fmt.Sprint("other_pid=", os.Getpid())} {
			if !strings.Contains(l.log.String(), part) {
				t.Errorf("%q is not in the log:\n%s", part, l.log.String())
			}
		}
		lease.meet(t.Context(), other.token())
		if n := strings.Count(l.log.String(), sharedName); n != 1 {
			t.Errorf("%d warnings", n)
		}
		third := process(func(h *holder) { h.Nonce = "a third" })
		lease.meet(t.Context(), third.token())
		if n := strings.Count(l.log.String(), sharedName); n != 2 {
			t.Errorf("%d warnings of two processes", n)
		}
	})

	t.Run("warns of a process elsewhere only when that has renewed", func(t *testing.T) {
		l := newLeases(t)
		l.acquireNamed(elsewhere(1), "chosen")
		lease := l.acquireNamed(newHolder("host"), "chosen")
		if strings.Contains(l.log.String(), sharedName) {
			t.Errorf("warned of what may have been left behind:\n%s", l.log.String())
		}
		lease.ttl = 300 * time.Millisecond // the other one's is a minute, as if it had renewed
		end := l.keep(lease)
		testenv.Eventually(t, 10*time.Second, func() error {
			if !strings.Contains(l.log.String(), sharedName) {
				return errors.New("no warning")
			}
			return nil
		})
		do(t, l.client, "DEL", lease.key)
		testenv.Eventually(t, 10*time.Second, func() error { return l.client.Get(t.Context(), lease.key).Err() })
		if err := end(); err != nil {
			t.Error(err)
		}
		l.wantHolder("chosen", newHolder("host"))
	})

	t.Run("is had at once when its process has crashed", func(t *testing.T) {
		l := newLeases(t)
		l.acquireNamed(ended(t), "chosen")
		l.acquireNamed(newHolder("host"), "chosen")
		l.wantHolder("chosen", newHolder("host"))
		if strings.Contains(l.log.String(), "WARN") {
			t.Error(l.log.String())
		}
	})
}

func TestLeaseForbidden(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"~other:*", "-eval", "-set"} {
		t.Run(rule, func(t *testing.T) {
			l := newLeases(t)
			client := connect(t, testenv.OwnRedis(t).URL())
			if l.client = client; strings.HasPrefix(rule, "~") {
				do(t, client, "ACL", "SETUSER", "default", "resetkeys")
			}
			do(t, client, "ACL", "SETUSER", "default", rule)

			_, err := acquire(t.Context(), l.of(newHolder("host")), l.group, "host")
			if err == nil || !strings.Contains(err.Error(), "; hint: ") || !strings.Contains(err.Error(), ":consumer:*") {
				t.Error(err)
			}

			lease := l.acquireNamed(newHolder("host"), "chosen")
			l.wantName(lease, "chosen")
			lease.ttl = 30 * time.Millisecond
			end := l.keep(lease)
			testenv.Eventually(t, 10*time.Second, func() error {
				if strings.Count(l.log.String(), "level=DEBUG") < 3 {
					return errors.New("it has not tried")
				}
				return nil
			})
			if err := errors.Join(end(), lease.Release(t.Context())); err != nil {
				t.Error(err)
			}
			if strings.Contains(l.log.String(), "WARN") {
				t.Error(l.log.String())
			}
		})
	}
}

func TestLeaseServerAway(t *testing.T) {
	t.Parallel()
	client, log := connect(t, "unix:///nonexistent/redis.sock"), slog.New(slog.DiscardHandler)
	if _, err := Acquire(t.Context(), client, "g", "host", log); err == nil {
		t.Error("Acquire succeeded")
	}
	if _, err := AcquireNamed(t.Context(), client, "g", "host", "chosen", log); err == nil {
		t.Error("AcquireNamed succeeded")
	}
}
