package stream

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// lagFrom is the first version that keeps count of what a group has read.
const lagFrom = "7.0"

// before tells whether the fixture's server is older than a version.
func (f *fixture) before(version string) bool {
	f.Helper()
	info, err := f.client.Info(f.Context(), "server").Result()
	if err != nil {
		f.Fatal(err)
	}
	var major, minor, wantMajor, wantMinor int
	fmt.Sscanf(info[strings.Index(info, "redis_version:"):], "redis_version:%d.%d", &major, &minor)
	fmt.Sscanf(version, "%d.%d", &wantMajor, &wantMinor)
	return major < wantMajor || major == wantMajor && minor < wantMinor
}

func (f *fixture) inspect() State {
	f.Helper()
	state, err := Inspect(f.Context(), f.client, f.stream, "g")
	if err != nil {
		f.Fatal(err)
	}
	return state
}

// text is a state without what depends on the time.
func text(s State) string {
	lag := "?"
	if s.Lag != nil {
		lag = fmt.Sprint(*s.Lag)
	}
	return fmt.Sprintf("exists=%t wrong=%t group=%t length=%d first=%s last=%s delivered=%s lag=%s pending=%d oldest=%s",
		s.Exists, s.WrongType, s.GroupExists, s.Length, s.FirstID, s.LastID, s.LastDeliveredID, lag, s.Pending, s.OldestPendingID)
}

func TestInspect(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)
	do(t, connect(t, server.URL()), "ACL", "SETUSER", "plain", "on", ">pw", "~*", "&*", "+@all", "-eval")
	plain, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	plain.User = url.UserPassword("plain", "pw")
	for name, address := range map[string]string{
		"with scripts":    server.URL(),
		"without scripts": plain.String(),
		"over RESP2":      server.URL() + "?protocol=2",
	} {
		t.Run(name, func(t *testing.T) { testInspect(t, server.URL(), address) })
	}
}

func testInspect(t *testing.T, admin, address string) {
	three := []string{"XADD @ 1-1 payload a", "XADD @ 1-2 payload b", "XADD @ 2-1 payload c"}
	grouped := append(three[:3:3], "XGROUP CREATE @ g 0")
	read := func(n int) string { return fmt.Sprintf("XREADGROUP GROUP g a COUNT %d STREAMS @ >", n) }
	for _, tt := range []struct {
		name     string
		commands []string
		want     string
		old      string // the lag before Redis 7, where that differs
	}{
		{"no stream", nil,
			"exists=false wrong=false group=false length=0 first= last= delivered= lag=0 pending=0 oldest=", ""},
		{"no stream but another key", []string{"SET @ x"},
			"exists=true wrong=true group=false length=0 first= last= delivered= lag=? pending=0 oldest=", ""},
		{"empty stream", []string{"XADD @ 1-1 payload a", "XDEL @ 1-1", "XGROUP CREATE @ g 0"},
			"exists=true wrong=false group=true length=0 first= last=1-1 delivered=0-0 lag=0 pending=0 oldest=", ""},
		{"no group", three,
			"exists=true wrong=false group=false length=3 first=1-1 last=2-1 delivered= lag=3 pending=0 oldest=", ""},
		{"another group", append(three[:3:3], "XGROUP CREATE @ other $"),
			"exists=true wrong=false group=false length=3 first=1-1 last=2-1 delivered= lag=3 pending=0 oldest=", ""},
		{"nothing read", grouped,
			"exists=true wrong=false group=true length=3 first=1-1 last=2-1 delivered=0-0 lag=3 pending=0 oldest=", ""},
		{"part read", append(grouped[:4:4], read(1)),
			"exists=true wrong=false group=true length=3 first=1-1 last=2-1 delivered=1-1 lag=2 pending=1 oldest=1-1", "?"},
		{"part acknowledged", append(grouped[:4:4], read(2), "XACK @ g 1-1"),
			"exists=true wrong=false group=true length=3 first=1-1 last=2-1 delivered=1-2 lag=1 pending=1 oldest=1-2", "?"},
		{"all read", append(grouped[:4:4], read(3)),
			"exists=true wrong=false group=true length=3 first=1-1 last=2-1 delivered=2-1 lag=0 pending=3 oldest=1-1", ""},
		{"all acknowledged", append(grouped[:4:4], read(3), "XACK @ g 1-1 1-2 2-1"),
			"exists=true wrong=false group=true length=3 first=1-1 last=2-1 delivered=2-1 lag=0 pending=0 oldest=", ""},
		{"unread entry deleted", append(grouped[:4:4], read(1), "XDEL @ 1-2"),
			"exists=true wrong=false group=true length=2 first=1-1 last=2-1 delivered=1-1 lag=? pending=1 oldest=1-1", ""},
		{"all that was unread deleted", append(grouped[:4:4], read(1), "XDEL @ 1-2 2-1"),
			"exists=true wrong=false group=true length=1 first=1-1 last=2-1 delivered=1-1 lag=0 pending=1 oldest=1-1", ""},
		{"trimmed beyond what was read", append(grouped[:4:4], read(1), "XTRIM @ MAXLEN 1"),
			"exists=true wrong=false group=true length=1 first=2-1 last=2-1 delivered=1-1 lag=1 pending=1 oldest=1-1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixtureOn(t, address)
			f.stream = t.Name()
			owner := connect(t, admin)
			for _, command := range tt.commands {
				var args []any
				for _, arg := range strings.Fields(command) {
					if arg == "@" {
						arg = f.stream
					}
					args = append(args, arg)
				}
				do(t, owner, args...)
			}
			want := tt.want
			if tt.old != "" && f.before(lagFrom) {
				want = want[:strings.Index(want, "lag=")] + "lag=" + tt.old + want[strings.Index(want, " pending="):]
			}
			if got := text(f.inspect()); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// TestMissing: what is removed before the group was given it is counted, once.
func TestMissing(t *testing.T) {
	f := newFixture(t)
	if f.before(lagFrom) {
		t.Skip("Redis tells from 7.0 on what was removed")
	}
	add := func(ids ...string) {
		for _, id := range ids {
			do(t, f.client, "XADD", f.stream, id, "payload", "x")
		}
	}
	read := func(n int) { do(t, f.client, "XREADGROUP", "GROUP", "g", "me", "COUNT", n, "STREAMS", f.stream, ">") }
	seen := &look{}
	vanished := func(step string, look *look, want int64) {
		t.Helper()
		state, err := Inspect(t.Context(), f.client, f.stream, "g")
		if err != nil {
			t.Fatal(err)
		}
		if n := look.vanished(state); n != want {
			t.Errorf("%s: %d vanished, want %d; %+v", step, n, want, state)
		}
	}
	vanished("no stream", seen, 0)
	add("1-0", "2-0", "3-0", "4-0", "5-0", "6-0")
	do(t, f.client, "XTRIM", f.stream, "MINID", "2-0")
	do(t, f.client, "XGROUP", "CREATE", f.stream, "g", "0")
	vanished("trimmed before the group was there", seen, 0)
	read(2)
	vanished("some are read", seen, 0)
	do(t, f.client, "XTRIM", f.stream, "MINID", "5-0")
	vanished("one of the unread is trimmed", seen, 1)
	vanished("nothing since", seen, 0)
	vanished("a service that starts now", &look{}, 1)
	read(1)
	vanished("read on", seen, 0)
	read(1)
	vanished("all is read", seen, 0)
	vanished("a service that starts behind all that", &look{}, 0)
	add("7-0", "8-0", "9-0")
	do(t, f.client, "XDEL", f.stream, "7-0", "8-0", "9-0")
	vanished("all that is unread is deleted", seen, 3)
	do(t, f.client, "XTRIM", f.stream, "MAXLEN", "0")
	vanished("what was read is trimmed", seen, 0)
	add("10-0")
	read(1)
	do(t, f.client, "XTRIM", f.stream, "MAXLEN", "0")
	vanished("read, and trimmed", seen, 0)
	do(t, f.client, "DEL", f.stream)
	vanished("the stream is gone", seen, 0)
}

func TestInspectAges(t *testing.T) {
	t.Parallel()
	const slack = time.Minute

	// at adds an entry of some age by the server's clock.
	at := func(f *fixture, age time.Duration) {
		f.Helper()
		now, err := f.client.Time(f.Context()).Result()
		if err != nil {
			f.Fatal(err)
		}
		do(f.T, f.client, "XADD", f.stream, fmt.Sprintf("%d-1", now.Add(-age).UnixMilli()), "payload", "x")
	}
	near := func(f *fixture, name string, got, want time.Duration) {
		f.Helper()
		if got < want || got > want+slack {
			f.Errorf("%s: got %v, want %v", name, got, want)
		}
	}

	t.Run("are those of what is not delivered", func(t *testing.T) {
		f := newFixture(t)
		at(f, 3*time.Hour)
		state := f.inspect()
		near(f, "undecided", state.UndecidedAge, 3*time.Hour)
		near(f, "pending", state.OldestPendingAge, 0)
	})

	t.Run("and of what is pending, whichever is older", func(t *testing.T) {
		f := newFixture(t)
		at(f, 3*time.Hour)
		at(f, 2*time.Hour)
		at(f, time.Hour)
		c := f.consumer("a", few(2))
		msgs := f.read(c)
		do(t, f.client, "XACK", f.stream, "g", msgs[0].ID)
		state := f.inspect()
		near(f, "undecided", state.UndecidedAge, 2*time.Hour)
		near(f, "pending", state.OldestPendingAge, 2*time.Hour)
	})

	t.Run("are none when all is decided", func(t *testing.T) {
		f := newFixture(t)
		at(f, time.Hour)
		f.readAcked(f.consumer("a"))
		if state := f.inspect(); state.UndecidedAge != 0 || state.OldestPendingAge != 0 {
			t.Errorf("%+v", state)
		}
	})

	t.Run("are not negative for an entry from the future", func(t *testing.T) {
		f := newFixture(t)
		at(f, -time.Hour)
		f.read(f.consumer("a"))
		if state := f.inspect(); state.UndecidedAge != 0 || state.OldestPendingAge != 0 || state.Pending != 1 {
			t.Errorf("%+v", state)
		}
	})
}

func TestInspectMembers(t *testing.T) {
	f := newFixture(t)
	f.add("1", "2", "3")
	f.read(f.consumer("a", few(1)))
	f.read(f.consumer("b", func(o *Options) { o.Group = "other" }))
	f.read(f.consumer("c", few(2)))
	var got []string
	for _, m := range f.inspect().Members {
		got = append(got, fmt.Sprint(m.Name, m.Pending))
		if m.Idle < 0 || m.Idle > time.Minute {
			t.Errorf("idle: %+v", m)
		}
	}
	if fmt.Sprint(got) != "[a1 c2]" {
		t.Errorf("got %v", got)
	}
}

func TestInspectCarriesNoPayload(t *testing.T) {
	f := newFixture(t)
	f.add(strings.Repeat("x", 1<<20), strings.Repeat("y", 1<<20), strings.Repeat("z", 1<<20))
	f.readAcked(f.consumer("a", few(1)))
	p, address := newProxy(t, f.url)
	f.client = connect(t, address)
	if state := f.inspect(); state.LastDeliveredID == "" || state.UndecidedAge > time.Hour {
		t.Errorf("%+v", state)
	}
	if n := p.passed.Load(); n > 10_000 {
		t.Errorf("%d bytes of replies", n)
	}
}

func TestInspectFails(t *testing.T) {
	t.Parallel()
	_, err := Inspect(t.Context(), connect(t, "unix:///nonexistent/redis.sock"), "name", "g")
	if err == nil || !strings.HasPrefix(err.Error(), "stream name: inspect group g: ") {
		t.Error(err)
	}

	server := testenv.OwnRedis(t)
	client := connect(t, server.URL())
	do(t, client, "XADD", "s", "*", "payload", "x")
	do(t, client, "ACL", "SETUSER", "default", "-xinfo")
	if _, err = Inspect(t.Context(), client, "s", "g"); !redis.HasErrorPrefix(err, "NOPERM") {
		t.Error(err)
	}
}
