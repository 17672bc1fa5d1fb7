package watermark

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv/tables"
)

func TestMain(m *testing.M) {
	stream.LogTo(slog.New(slog.DiscardHandler))
	testenv.Main(m)
}

const group = "g"

// fixture is a stream of entries that are long past retention, with the watermark's side of a service.
type fixture struct {
	*testing.T
	pool   *pgxpool.Pool
	client redis.UniversalClient
	stream string
	added  int
	log    launch.Buffer // of its keepers
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	pool := tables.Pool(t, testenv.Database(t))
	url, prefix := testenv.Redis(t)
	client, err := stream.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	f := &fixture{T: t, pool: pool, client: client, stream: prefix + "s"}
	f.do("XGROUP", "CREATE", f.stream, group, "0", "MKSTREAM")
	return f
}

func (f *fixture) do(command ...any) {
	f.Helper()
	if err := f.client.Do(f.Context(), command...).Err(); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) exec(sql string) {
	f.Helper()
	if _, err := f.pool.Exec(f.Context(), sql); err != nil {
		f.Fatal(err)
	}
}

// acknowledge adds so many entries, which the group then has acknowledged. They are 1-1, 1-2 and so on.
func (f *fixture) acknowledge(entries int) {
	f.Helper()
	for range entries {
		f.added++
		id := fmt.Sprintf("1-%d", f.added)
		f.do("XADD", f.stream, id, "payload", "x")
		f.do("XREADGROUP", "GROUP", group, "a", "STREAMS", f.stream, ">")
		f.do("XACK", f.stream, group, id)
	}
}

// retention is more than a test takes, on any machine.
const retention = time.Hour

func (f *fixture) keeper() *Keeper {
	return New(Options{
		Redis: f.client, Progress: pg.NewProgress(f.pool, group, retention), Stream: f.stream, Group: group, Trim: true, Retention: retention,
		Engine: replay.New(f.pool, replay.Options{
			Catalog: events.Catalog, MaxPayload: 1 << 20, Timeout: time.Minute,
			Writer: pg.Options{Finality: func(int64) int64 { return 1000 }, MaxRefusals: 3},
		}),
		Passable: func(ctx context.Context) error { return ctx.Err() },
		Metrics:  NewMetrics(nil), Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
}

// forgotten returns a keeper that has seen the group acknowledge 1-1 to 1-10, and not 1-11 to 1-20, after a restore of a
// server that may lack the latter.
func (f *fixture) forgotten() *Keeper {
	f.Helper()
	k := f.keeper()
	f.look(k) // with nothing there
	f.acknowledge(10)
	f.look(k)
	f.acknowledge(10)
	f.exec("TRUNCATE server_incarnation")
	return k
}

func (f *fixture) look(k *Keeper) finding {
	f.Helper()
	found, err := k.look(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return found
}

func (f *fixture) wantWatermark(want string) {
	f.Helper()
	_, mark, err := pg.NewProgress(f.pool, group, retention).Look(f.Context(), f.stream)
	if err != nil || mark.Low.String() != want {
		f.Errorf("the watermark is %q, error %v; want %q", mark.Low, err, want)
	}
}

// letters counts the dead letters, which all of these entries are, if they are read again.
func (f *fixture) letters() (n int) {
	f.Helper()
	const sql = "SELECT count(*) FROM dead_letters WHERE stream = $1"
	if err := f.pool.QueryRow(f.Context(), sql, f.stream).Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}

// said checks how often a line with a text was logged.
func (f *fixture) said(text string, want int) {
	f.Helper()
	if n := strings.Count(f.log.String(), text); n != want {
		f.Errorf("%q was said %d times, want %d:\n%s", text, n, want, f.log.String())
	}
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	t.Run("trims below a watermark that has stood, and no more", func(t *testing.T) {
		f := newFixture(t)
		k := f.keeper()
		f.look(k) // with nothing there
		for range 2 {
			f.acknowledge(250)
			f.look(k)
			f.exec("UPDATE stream_progress SET sampled_at = sampled_at - interval '2 hours'")
			f.look(k)
		}
		f.wantWatermark("1-501")
		if err := k.act(t.Context(), f.look(k)); err != nil {
			t.Fatal(err)
		}
		f.said("another group keeps entries", 0)
		// Redis removes whole nodes of a hundred.
		if n := f.client.XLen(t.Context(), f.stream).Val(); n < 250 || n > 350 {
			t.Errorf("%d entries are left, want the 250 that a backup may not know, and some more", n)
		}
	})
	t.Run("reads again what another incarnation of the server may lack, and moves nothing before", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		for _, k := range []*Keeper{k, f.keeper()} {
			found := f.look(k)
			if found.reread == nil || found.reread.First.String() != "1-11" || found.reread.Last.String() != "1-20" {
				t.Errorf("to be read again: %+v", found.reread)
			}
			f.wantWatermark("1-11")
		}
		f.exec("ALTER TABLE dead_letters RENAME TO elsewhere") // which all of these entries are
		if k.act(t.Context(), f.look(k)) == nil {
			t.Error("it was read again without a table to write to")
		}
		f.exec("ALTER TABLE elsewhere RENAME TO dead_letters")
		found := f.look(k)
		if found.reread == nil {
			t.Fatal("it is not to be read again after a failure")
		}
		if err := k.act(t.Context(), found); err != nil {
			t.Fatal(err)
		}
		if found := f.look(k); found.reread != nil {
			t.Errorf("to be read again after that: %+v", found.reread)
		}
		f.wantWatermark("1-21")
	})
	t.Run("goes on where somebody was killed who read again", func(t *testing.T) {
		f := newFixture(t)
		first := f.look(f.forgotten()).reread
		if err := first.Decided(t.Context(), event.EntryID{MS: 1, Seq: 14}); err != nil { // and then it is killed
			t.Fatal(err)
		}
		f.wantWatermark("1-15")
		k := f.keeper()
		found := f.look(k)
		if found.reread == nil || found.reread.First.String() != "1-15" || found.reread.Last.String() != "1-20" {
			t.Fatalf("to be read again: %+v", found.reread)
		}
		f.exec("TRUNCATE server_incarnation") // and what was decided by the first may be lost as well
		if err := found.reread.Decided(t.Context(), event.EntryID{MS: 1, Seq: 17}); !errors.Is(err, errOvertaken) {
			t.Errorf("it goes on: %v", err)
		}
		f.wantWatermark("1-15")
		found = f.look(k)
		if err := k.act(t.Context(), found); err != nil {
			t.Fatal(err)
		}
		f.wantWatermark("1-21")
		if found := f.look(f.keeper()); found.reread != nil {
			t.Errorf("to be read again after that: %+v", found.reread)
		}
	})
	t.Run("leaves it to another who is ahead with reading again, and then reads what it has not seen it come past", func(t *testing.T) {
		f := newFixture(t)
		survivor := f.forgotten()
		first, second := f.keeper(), f.keeper()
		others := []*Keeper{survivor, second}
		begun := []finding{f.look(survivor), f.look(second)}
		if err := f.look(first).reread.Decided(t.Context(), event.EntryID{MS: 1, Seq: 14}); err != nil {
			t.Fatal(err)
		}
		for i, k := range others {
			begun[i].reread.Last = event.EntryID{MS: 1, Seq: 12} // as if a page ended before that of the first
			if err := k.act(t.Context(), begun[i]); err != nil {
				t.Fatal(err)
			}
			f.wantWatermark("1-15")
			if found := f.look(k); found.reread == nil || found.reread.First.String() != "1-15" {
				t.Errorf("to be read again: %+v", found.reread)
			}
		}
		f.said("msg=\"read again\"", 0)
		if err := first.act(t.Context(), f.look(first)); err != nil {
			t.Fatal(err)
		}
		f.look(first)
		f.wantWatermark("1-21")
		for _, k := range others {
			found := f.look(k)
			if found.reread == nil || found.reread.First.String() != "1-15" || found.reread.Last.String() != "1-20" {
				t.Fatalf("to be read again: %+v", found.reread)
			}
			if err := k.act(t.Context(), found); err != nil {
				t.Fatal(err)
			}
			if found := f.look(k); found.reread != nil {
				t.Errorf("to be read again after that: %+v", found.reread)
			}
		}
		f.said("entries above its watermark are read again", 3) // once each
		if found := f.look(f.keeper()); found.reread != nil {
			t.Errorf("to be read again by somebody new: %+v", found.reread)
		}
	})
	t.Run("does not take a group for one that has begun anew because somebody read again what is pending", func(t *testing.T) {
		f := newFixture(t)
		k := f.keeper()
		f.look(k)
		f.acknowledge(10)
		f.look(k)
		f.do("XADD", f.stream, "1-11", "payload", "x")
		f.do("XREADGROUP", "GROUP", group, "a", "STREAMS", f.stream, ">") // and does not acknowledge it
		f.added++
		f.acknowledge(9)
		f.exec("TRUNCATE server_incarnation")
		if err := f.look(k).reread.Decided(t.Context(), event.EntryID{MS: 1, Seq: 20}); err != nil {
			t.Fatal(err)
		}
		f.wantWatermark("1-11")
		if again := f.look(f.keeper()).reread; again == nil || again.First.String() != "1-11" {
			t.Errorf("to be read again: %+v", again)
		}
	})
	t.Run("goes on where somebody was killed who read again what a group that has begun anew was given", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		f.do("XGROUP", "DESTROY", f.stream, group)
		f.do("XGROUP", "CREATE", f.stream, group, "0")
		f.do("XREADGROUP", "GROUP", group, "a", "COUNT", 8, "STREAMS", f.stream, ">")
		for i := range 5 {
			f.do("XACK", f.stream, group, fmt.Sprintf("1-%d", i+1))
		}
		wantReread := func(k *Keeper, first string) *replay.Stretch {
			t.Helper()
			reread := f.look(k).reread
			if reread == nil || reread.First.String() != first || reread.Last.String() != "1-8" {
				t.Fatalf("to be read again: %+v", reread)
			}
			return reread
		}
		if err := wantReread(k, "0-0").Decided(t.Context(), event.EntryID{MS: 1, Seq: 3}); err != nil { // and then it is killed
			t.Fatal(err)
		}
		f.wantWatermark("1-4")
		k = f.keeper()
		stale := wantReread(f.keeper(), "1-4")
		if err := stale.Decided(t.Context(), event.EntryID{MS: 1, Seq: 4}); err != nil {
			t.Fatal(err)
		}
		_, mark, err := k.o.Progress.Look(t.Context(), f.stream)
		if err != nil {
			t.Fatal(err)
		}
		mark.Low = event.EntryID{MS: 1, Seq: 4} // as it was before
		if reset, err := k.o.Progress.Reset(t.Context(), f.stream, mark); err != nil || reset {
			t.Fatal(reset, err)
		}
		f.wantWatermark("1-5")
		wantReread(k, "1-5")
		if err := k.act(t.Context(), f.look(k)); err != nil {
			t.Fatal(err)
		}
		if found := f.look(k); found.reread != nil {
			t.Errorf("to be read again after that: %+v", found.reread)
		}
		f.wantWatermark("1-6")
		f.said("stands before its watermark", 1)
	})
	t.Run("reads again what it saw written to a server that is no more, wherever others are with the new one", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		other := f.keeper()
		if err := other.act(t.Context(), f.look(other)); err != nil {
			t.Fatal(err)
		}
		f.look(other)
		f.wantWatermark("1-21")
		for range 2 {
			if found := f.look(k); found.reread == nil || found.reread.First.String() != "1-11" {
				t.Errorf("to be read again: %+v", found.reread)
			}
			f.exec("TRUNCATE server_incarnation") // and that one is no more either
		}
	})
	t.Run("does not take a Redis that is empty for a moment for one that has nothing to be read again", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		f.do("RENAME", f.stream, f.stream+"-away")
		if found := f.look(k); found.reread != nil {
			t.Errorf("to be read again of nothing: %+v", found.reread)
		}
		f.wantWatermark("1-11")
		f.do("RENAME", f.stream+"-away", f.stream)
		if found := f.look(k); found.reread == nil || found.reread.First.String() != "1-11" {
			t.Errorf("to be read again: %+v", found.reread)
		}
	})
	t.Run("does not take it for that after the group was set back either", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		f.do("XGROUP", "SETID", f.stream, group, "1-5")
		f.look(k)
		f.do("RENAME", f.stream, f.stream+"-away")
		if found := f.look(k); found.reread != nil {
			t.Errorf("to be read again of nothing: %+v", found.reread)
		}
		f.do("RENAME", f.stream+"-away", f.stream)
		if found := f.look(k); found.reread == nil || found.reread.First.String() != "0-0" {
			t.Errorf("to be read again: %+v", found.reread)
		}
	})
	t.Run("reads again from the beginning what a group was given that was set back, wherever others are", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		other := f.keeper()
		if err := other.act(t.Context(), f.look(other)); err != nil {
			t.Fatal(err)
		}
		f.do("XGROUP", "SETID", f.stream, group, "1-5")
		f.look(other)
		f.wantWatermark("1-6")
		if found := f.look(k); found.reread == nil || found.reread.First.String() != "0-0" || found.reread.Last.String() != "1-5" {
			t.Errorf("to be read again: %+v", found.reread)
		}
	})
	t.Run("touches nothing while nothing should be written", func(t *testing.T) {
		f := newFixture(t)
		k := f.keeper()
		f.look(k) // with nothing there
		f.acknowledge(10)
		ctx, end := context.WithCancel(t.Context())
		k.o.Passable = func(ctx context.Context) error {
			end()
			<-ctx.Done()
			return ctx.Err()
		}
		ready := 0
		k.Run(ctx, func() { ready++ })
		if ready != 1 {
			t.Errorf("who waits for it was told %d times", ready)
		}
		f.wantWatermark("0-0")
		if letters := f.letters(); letters != 0 {
			t.Errorf("%d dead letters", letters)
		}
	})
	t.Run("writes down at once what it has read again", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		ctx, end := context.WithCancel(t.Context())
		asked := 0
		k.o.Passable = func(ctx context.Context) error {
			// Before it looks, before the one page is decided, and before it looks again when some time has passed.
			if asked++; asked == 3 {
				f.wantWatermark("1-21")
				if found := f.look(f.keeper()); !found.unbroken {
					t.Error("the watermark is still one of a server that is no more")
				}
				end()
			}
			return ctx.Err()
		}
		k.Run(ctx, func() {})
	})
	t.Run("stands still while nothing should be written any more, in the middle of reading again", func(t *testing.T) {
		f := newFixture(t)
		f.acknowledge(200) // several pages
		barred := errors.New("the key is missing")
		for _, passing := range []int{0, 1} {
			k := f.keeper()
			k.o.Passable = func(context.Context) error {
				if passing--; passing < 0 {
					return barred
				}
				return nil
			}
			before := f.letters()
			found := f.look(k)
			pages := passing
			if err := k.act(t.Context(), found); !errors.Is(err, barred) {
				t.Errorf("it goes on: %v", err)
			}
			if letters := f.letters() - before; letters < pages || letters > 100*pages {
				t.Errorf("%d of 200 entries were decided, want %d pages", letters, pages)
			}
		}
	})
	t.Run("reads a stream that has begun anew from its beginning", func(t *testing.T) {
		f := newFixture(t)
		k := f.keeper()
		f.look(k)
		f.acknowledge(10)
		f.look(k)
		f.do("DEL", f.stream)
		f.do("XGROUP", "CREATE", f.stream, group, "0", "MKSTREAM")
		f.added = 0
		f.acknowledge(5)
		f.exec("TRUNCATE server_incarnation")
		if found := f.look(k); found.reread == nil || found.reread.First.String() != "0-0" || found.reread.Last.String() != "1-5" {
			t.Errorf("to be read again: %+v", found.reread)
		}
	})
	t.Run("trims nothing of a stream that has begun anew, whose ids may be below those of the one before", func(t *testing.T) {
		f := newFixture(t)
		k := f.keeper()
		f.look(k)
		for range 2 {
			f.acknowledge(10)
			f.look(k)
			f.exec("UPDATE stream_progress SET sampled_at = sampled_at - interval '2 hours'")
			f.look(k)
		}
		if found := f.look(k); found.trim == nothing {
			t.Fatal("there is nothing to trim before that either")
		}
		f.do("DEL", f.stream)
		f.do("XGROUP", "CREATE", f.stream, group, "0", "MKSTREAM")
		f.added = 0
		f.acknowledge(5)
		for range 2 {
			if found := f.look(k); found.trim != nothing {
				t.Errorf("to trim below %s", found.trim)
			}
		}
	})
	t.Run("leaves it to the next look when somebody writes a watermark of the stream before", func(t *testing.T) {
		f := newFixture(t)
		k := f.keeper()
		f.look(k)
		f.acknowledge(10)
		f.look(k)
		f.do("DEL", f.stream)
		f.do("XGROUP", "CREATE", f.stream, group, "0", "MKSTREAM")
		f.added = 0
		f.acknowledge(5)
		other, err := f.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer other.Rollback(t.Context())
		if _, err := other.Exec(t.Context(), "UPDATE stream_progress SET low_id = '1-12', trim_id = '1-9'"); err != nil {
			t.Fatal(err)
		}
		k.timeout = time.Minute
		looked := make(chan error, 1)
		go func() {
			_, err := k.look(t.Context())
			looked <- err
		}()
		testenv.Eventually(t, time.Minute, func() error {
			var waiting bool
			const sql = `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE stream_progress%')`
			if err := f.pool.QueryRow(t.Context(), sql).Scan(&waiting); err != nil || !waiting {
				return fmt.Errorf("it does not wait: %v", err)
			}
			return nil
		})
		if err := other.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-looked; err != nil {
			t.Fatal(err)
		}
		f.wantWatermark("1-12")
		f.look(k)
		f.wantWatermark("1-6")
		var ids []string
		const trim = "SELECT ARRAY[sample_id, trim_id] FROM stream_progress"
		if err := f.pool.QueryRow(t.Context(), trim).Scan(&ids); err != nil || !slices.Equal(ids, []string{"0-0", "0-0"}) {
			t.Errorf("to trim below %v, %v", ids, err)
		}
	})
	t.Run("says once who keeps entries from being trimmed", func(t *testing.T) {
		f := newFixture(t)
		f.do("XGROUP", "CREATE", f.stream, "forgotten", "0")
		k := f.keeper()
		f.look(k)
		for range 3 {
			f.acknowledge(250)
			f.look(k)
			f.exec("UPDATE stream_progress SET sampled_at = sampled_at - interval '2 hours'")
			if err := k.act(t.Context(), f.look(k)); err != nil {
				t.Fatal(err)
			}
		}
		if n := f.client.XLen(t.Context(), f.stream).Val(); n != 750 {
			t.Errorf("%d entries are left of 750 that another group has not read", n)
		}
		f.said("another group keeps entries from being trimmed", 1)
		f.said("group=forgotten", 1)
	})
	t.Run("says that the group stands before its watermark", func(t *testing.T) {
		f := newFixture(t)
		k := f.keeper()
		f.acknowledge(10)
		if err := k.act(t.Context(), f.look(k)); err != nil {
			t.Fatal(err)
		}
		f.look(k)
		f.said("stands before its watermark", 0)
		f.do("XGROUP", "SETID", f.stream, group, "1-5")
		f.look(k)
		f.look(k)
		f.said("stands before its watermark", 1)
		f.wantWatermark("1-6")
	})
	t.Run("says that entries which PostgreSQL may lack are not in the stream any more", func(t *testing.T) {
		f := newFixture(t)
		k := f.forgotten()
		f.do("XDEL", f.stream, "1-13")
		// A row among what is read again: that says that PostgreSQL has lost some.
		payload := fmt.Sprintf(`{"event_name":"Odd","event_signature_hash":"0x%064x","network":"n","event_data":[{"a":"1",`+
			`"transaction_information":{"chain_id":1,"network":"n","address":"0x%040x","block_hash":"0x%064x","block_number":1,`+
			`"block_timestamp":"0x1","transaction_hash":"0x%064x","log_index":"0x0","transaction_index":0}}]}`, 9, 8, 7, 6)
		f.do("XADD", f.stream, "1-21", "payload", payload)
		f.do("XREADGROUP", "GROUP", group, "a", "STREAMS", f.stream, ">")
		f.do("XACK", f.stream, group, "1-21")
		if err := k.act(t.Context(), f.look(k)); err != nil {
			t.Fatal(err)
		}
		f.said("entries behind the watermark are not in the stream any more", 1)
		f.said("restored=1", 1)
	})
	t.Run("does not keep the service from reading while PostgreSQL is away", func(t *testing.T) {
		f := newFixture(t)
		f.pool.Close()
		ctx, end := context.WithCancel(t.Context())
		f.keeper().Run(ctx, end)
	})
}
