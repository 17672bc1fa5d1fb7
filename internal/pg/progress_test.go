package pg_test

import (
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv/tables"
)

// TestIncarnation: a database that has been restarted, whether in good order or by a crash, or copied, or restored from a
// dump, is another incarnation, and nobody who does not know writes a watermark into it.
func TestIncarnation(t *testing.T) {
	t.Parallel()
	server := testenv.OwnPostgres(t)
	pool := tables.Pool(t, server.URL())
	progress := pg.NewProgress(pool, "g", time.Hour)
	open := func(database string) (*pgxpool.Pool, *pg.Progress) {
		u, err := url.Parse(server.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/" + database
		pool, err := pg.Connect(t.Context(), u.String(), 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return pool, pg.NewProgress(pool, "g", time.Hour)
	}
	look := func(p *pg.Progress) pg.Incarnation {
		t.Helper()
		now, _, err := p.Look(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		if again, _, err := p.Look(t.Context(), "s"); again != now || err != nil {
			t.Fatalf("%s, and then %s, %v", now, again, err)
		}
		return now
	}
	put := func(p *pg.Progress, in pg.Incarnation, want bool) {
		t.Helper()
		if written, err := p.Put(t.Context(), "s", event.EntryID{MS: 1, Seq: 1}, in); err != nil || written != want {
			t.Errorf("written: %t, error %v; want %t", written, err, want)
		}
	}
	exec := func(pool *pgxpool.Pool, sql ...string) {
		t.Helper()
		for _, s := range sql {
			if _, err := pool.Exec(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := look(progress)
	put(progress, before, true)
	put(progress, "", false)
	// changed says that what has happened makes another incarnation, in which the watermark is still an old one's. The server
	// may have lost the last that was written: it commits without waiting for its disk.
	changed := func(what string, p *pg.Progress) {
		t.Helper()
		put(p, before, false)
		now, mark, err := p.Look(t.Context(), "s")
		if err != nil || now == before || mark.Low.String() != "1-1" || mark.Incarnation == now {
			t.Errorf("%s: incarnation %s, was %s; watermark %+v, error %v", what, now, before, mark, err)
		}
		before = look(p)
		put(p, before, true)
	}
	restarted := func(what string, signal os.Signal) {
		t.Helper()
		if err := server.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		pool.Reset()
		changed(what, progress)
	}
	// In this order: the crash may lose the watermark that was written last, and there has to be one before it on disk.
	restarted("shut down", syscall.SIGINT)
	restarted("crashed", os.Kill)
	// What pg_dump writes is the row as it was, whatever the table.
	exec(pool, "CREATE TEMPORARY TABLE dump AS SELECT * FROM server_incarnation", "TRUNCATE server_incarnation",
		"INSERT INTO server_incarnation SELECT * FROM dump")
	changed("restored from a dump", progress)

	pool.Close()
	admin, _ := open("template1")
	exec(admin, "CREATE DATABASE copy TEMPLATE postgres")
	_, progress = open("copy")
	changed("copied", progress)
}

// TestWatermarkToTrimBelow: it is a watermark that is as old as asked for.
func TestWatermarkToTrimBelow(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	progress := pg.NewProgress(f.pool, "g", time.Hour)
	put := func(low, want string) {
		t.Helper()
		in, _, err := progress.Look(t.Context(), f.network)
		if err != nil {
			t.Fatal(err)
		}
		if written, err := progress.Put(t.Context(), f.network, event.EntryIDOf(low), in); err != nil || !written {
			t.Fatal(written, err)
		}
		if _, mark, err := progress.Look(t.Context(), f.network); err != nil || mark.Low.String() != low || mark.Trim.String() != want {
			t.Errorf("%+v, %v; want %s, and to trim below %s", mark, err, low, want)
		}
	}
	// unwritten is time that passes by the server's clock while nobody writes.
	unwritten := func(d time.Duration) {
		t.Helper()
		if _, err := f.pool.Exec(t.Context(), `UPDATE stream_progress SET sampled_at = sampled_at - make_interval(secs => $1),
			trim_at = trim_at - make_interval(secs => $1), updated_at = updated_at - make_interval(secs => $1)
			WHERE stream = $2`, d.Seconds(), f.network); err != nil {
			t.Fatal(err)
		}
	}
	// later is time in which others write.
	later := func(d time.Duration) {
		t.Helper()
		unwritten(d)
		if _, err := f.pool.Exec(t.Context(), "UPDATE stream_progress SET updated_at = now() WHERE stream = $1", f.network); err != nil {
			t.Fatal(err)
		}
	}
	put("1-0", "0-0")
	put("2-0", "0-0")
	later(59 * time.Minute)
	put("3-0", "0-0")
	later(time.Minute)
	put("4-0", "1-0")
	put("5-0", "1-0")
	later(60 * time.Minute)
	put("6-0", "4-0")

	// The server's clock jumps ahead, or nobody writes for as long, which makes nothing older; and back, after which nothing waits for
	// it to come there again.
	const days = 400 * 24 * time.Hour
	later(30 * time.Minute)
	unwritten(days)
	put("7-0", "4-0")
	later(29 * time.Minute)
	put("8-0", "4-0")
	later(time.Minute)
	put("9-0", "6-0")
	later(30 * time.Minute)
	unwritten(-days)
	put("10-0", "6-0")
	later(29 * time.Minute)
	put("11-0", "6-0")
	later(time.Minute)
	put("12-0", "9-0")
	later(60 * time.Minute)
	put("13-0", "12-0")

	// Whoever wants to keep more, from now on, is not told of a watermark that is too young for that.
	careful := pg.NewProgress(f.pool, "g", 3*time.Hour)
	trimID := func(want string) {
		t.Helper()
		if _, mark, err := careful.Look(t.Context(), f.network); err != nil || mark.Trim.String() != want {
			t.Errorf("%+v, %v; want to trim below %s", mark, err, want)
		}
	}
	trimID("0-0")
	unwritten(days)
	trimID("0-0")
	unwritten(-days)
	later(119 * time.Minute)
	trimID("0-0")
	later(time.Minute)
	trimID("12-0")

	// A stream that has begun anew may have lower ids, which are young.
	_, mark, err := progress.Look(t.Context(), f.network)
	if err != nil {
		t.Fatal(err)
	}
	stale := mark
	stale.Low = event.EntryID{MS: 1}
	for _, c := range []struct {
		mark pg.Watermark
		want bool
	}{{stale, false}, {mark, true}, {mark, false}} {
		if reset, err := progress.Reset(t.Context(), f.network, c.mark); err != nil || reset != c.want {
			t.Fatalf("reset from %s: %v, %v, want %v", c.mark.Low, reset, err, c.want)
		}
	}
	put("1-0", "0-0")
	put("2-0", "0-0")
	later(60 * time.Minute)
	put("3-0", "1-0")
}
