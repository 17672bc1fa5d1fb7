package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// backlog is enough that a server can be killed in the middle of it.
const (
	backlog   = 4000 // messages
	inMessage = 3    // events
)

func (f *fixture) addBacklog() {
	f.Helper()
	for i := range backlog {
		f.addPayload(f.good(int64(i), inMessage))
	}
}

// inTheMiddle waits until some of the backlog is written, and makes sure that not all of it is.
func (f *fixture) inTheMiddle() {
	f.Helper()
	testenv.Eventually(f, patience, func() error {
		if f.query("SELECT count(*)::text FROM deposited_events")[0] == "0" {
			return errors.New("no rows yet")
		}
		return nil
	})
	if f.drained() == nil {
		f.Fatal("the backlog is done before the fault")
	}
}

// wantBacklog: nothing is lost, nothing is doubled, nothing is left.
func (f *fixture) wantBacklog() {
	f.Helper()
	testenv.Eventually(f, 2*patience, f.drained)
	f.pool.Reset() // of connections that broke
	f.wantRows("deposited_events", backlog*inMessage)
	f.wantLetters()
	f.wantPending(0)
}

// fewAtATime makes batches small, so that there are many of them. What nobody acknowledged for claimAfter is claimed.
func (f *fixture) fewAtATime(name string, claimAfter time.Duration) *ingest.Loop {
	loop := f.loop(name)
	loop.Source = stream.New(stream.Options{
		Client: f.client, Stream: f.stream, Group: group, Name: name,
		Count: 10, Block: 20 * time.Millisecond, ClaimInterval: claimAfter, ClaimMinIdle: claimAfter,
	})
	return loop
}

func TestLoopOutlivesPostgres(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{
		"that crashes":                    os.Kill,
		"that is shut down at once":       syscall.SIGINT,
		"that is shut down in good order": syscall.SIGTERM,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.OwnPostgres(t)
			// The server is set up to forget the last commits in a crash, which a real one is not.
			pool := prepared(t, server.URL()+"&synchronous_commit=on")
			url, prefix := testenv.Redis(t)
			f := newFixtureOn(t, pool, url, prefix+"events")
			f.addBacklog()
			for i := range 2 {
				f.start(f.fewAtATime(fmt.Sprint("c", i), time.Hour))
			}
			f.inTheMiddle()
			if err := server.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.wantBacklog()
		})
	}
}

func TestLoopOutlivesRedis(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)
	f := newFixtureOn(t, newDatabase(t), server.URL(), "events")
	f.addBacklog()
	for i := range 2 {
		f.start(f.fewAtATime(fmt.Sprint("c", i), 500*time.Millisecond))
	}
	f.inTheMiddle()
	// Acknowledgements behind the snapshot are forgotten in the crash. A consumer that did not notice finds its entries
	// by claiming them.
	if err := f.client.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	f.inTheMiddle()
	if err := server.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.wantBacklog()
}

// TestLoopOutlivesBrokenConnections: the connections to both servers break again and again.
func TestLoopOutlivesBrokenConnections(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)
	f := newFixtureOn(t, newDatabase(t), server.URL(), "events")
	f.addBacklog()
	for i := range 2 {
		f.start(f.fewAtATime(fmt.Sprint("c", i), time.Hour))
	}
	for range 5 {
		f.inTheMiddle()
		if err := f.client.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
			t.Fatal(err)
		}
		f.query("SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity " +
			"WHERE datname = current_database() AND pid <> pg_backend_pid()")
		f.pool.Reset()
	}
	f.wantBacklog()
}

func (f *fixture) exec(sql string) {
	f.Helper()
	if _, err := f.pool.Exec(f.Context(), sql); err != nil {
		f.Fatal(err)
	}
}

// locked holds a lock that every write into deposited_events waits for, until release is called.
func (f *fixture) locked() (release func()) {
	f.Helper()
	tx, err := f.pool.Begin(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	if _, err := tx.Exec(f.Context(), "LOCK TABLE deposited_events IN EXCLUSIVE MODE"); err != nil {
		f.Fatal(err)
	}
	return func() {
		f.Helper()
		if err := tx.Rollback(context.Background()); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			f.Error(err)
		}
	}
}

// untilWaiting returns when a write waits for the lock.
func (f *fixture) untilWaiting() {
	f.Helper()
	testenv.Eventually(f, patience, func() error {
		const sql = "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = 'deposited_events'::regclass"
		if f.query(sql)[0] == "0" {
			return errors.New("nobody waits for the lock")
		}
		return nil
	})
}

func TestLoopEnds(t *testing.T) {
	t.Parallel()
	t.Run("finishing the batch in hand", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.addPayload(f.good(1, 3))
		release := f.locked()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.loop("c").Run(ctx) }()
		f.untilWaiting()
		cancel()
		f.wantRows("deposited_events", 0)
		select {
		case err := <-ended:
			t.Fatalf("the batch in hand was given up: %v", err)
		default:
		}
		release()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		f.wantRows("deposited_events", 3)
		f.wantPending(0)
	})
	t.Run("finishing a batch that arrives at that moment", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.addPayload(f.good(1, 3))
		ctx, cancel := context.WithCancel(t.Context())
		loop := f.loop("c")
		loop.Source = lastRead{loop.Source, cancel}
		if err := loop.Run(ctx); err != nil {
			t.Error(err)
		}
		f.wantRows("deposited_events", 3)
		f.wantPending(0)
	})
	t.Run("acknowledging what is committed, although PostgreSQL does not answer any more", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.addPayload(f.good(1, 3))
		ctx, cancel := context.WithCancel(t.Context())
		loop := f.loop("c")
		loop.Source = lastAck{loop.Source, func() {
			cancel()
			loop.Breaker.Probed(errors.New("no route to it"))
			time.Sleep(50 * time.Millisecond) // in which the time to write ends
		}}
		if err := loop.Run(ctx); err != nil {
			t.Error(err)
		}
		f.wantRows("deposited_events", 3)
		f.wantPending(0)
	})
	t.Run("giving up a write that never succeeds", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.addPayload(f.good(1, 3))
		release := f.locked()
		loop := f.loop("c")
		loop.ShutdownTimeout = 100 * time.Millisecond
		stop := f.start(loop)
		f.untilWaiting()
		before := time.Now()
		stop()
		if took := time.Since(before); took < loop.ShutdownTimeout || took > patience/2 {
			t.Errorf("it took %v to give up, want about %v", took, loop.ShutdownTimeout)
		}
		f.wantPending(1)
		release()
		f.wantRows("deposited_events", 0)
		f.drain() // the next process of the same name
		f.wantRows("deposited_events", 3)
		f.wantPending(0)
	})
	t.Run("giving up once PostgreSQL does not answer any more", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.addPayload(f.good(1, 3))
		defer f.locked()()
		loop := f.loop("c")
		stop := f.start(loop)
		f.untilWaiting()
		before := time.Now()
		probe := time.AfterFunc(100*time.Millisecond, func() { loop.Breaker.Probed(errors.New("no route to it")) })
		defer probe.Stop()
		stop()
		if took := time.Since(before); took > loop.ShutdownTimeout/2 {
			t.Errorf("it took %v to give up", took)
		}
		f.wantPending(1)
	})
	for name, refuse := range map[string]func(f *fixture){
		"at once while the circuit breaker is open": func(f *fixture) {
			for _, sql := range []string{
				`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
					$$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure'; END $$`,
				"CREATE TRIGGER refuse BEFORE INSERT ON deposited_events FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
			} {
				f.exec(sql)
			}
		},
		"at once while a table is missing": func(f *fixture) { f.exec("ALTER TABLE deposited_events RENAME TO elsewhere") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, newDatabase(t))
			refuse(f)
			f.addPayload(f.good(1, 3))
			loop := f.loop("c")
			loop.Breaker = ingest.NewBreaker(1, time.Hour, loop.Log)
			stop := f.start(loop)
			testenv.Eventually(t, patience, func() error {
				if loop.Breaker.State() == ingest.Closed && len(loop.Pauses.List()) == 0 {
					return errors.New("nothing stands still yet")
				}
				return nil
			})
			before := time.Now()
			stop()
			if took := time.Since(before); took > patience/2 {
				t.Errorf("it took %v to give up", took)
			}
			f.wantPending(1)
			f.wantLetters()
		})
	}
	t.Run("at once where there is nothing to do", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		stop := f.start(f.loop("c"))
		testenv.Eventually(t, patience, func() error {
			return f.client.XInfoStream(t.Context(), f.stream).Err()
		})
		before := time.Now()
		stop()
		if took := time.Since(before); took > patience/2 {
			t.Errorf("it took %v", took)
		}
	})
}

// lastAck is a source before whose acknowledgements something happens.
type lastAck struct {
	ingest.Source
	before func()
}

func (s lastAck) Ack(ctx context.Context, ids []string) error {
	s.before()
	return s.Source.Ack(ctx, ids)
}

// lastRead is a source during whose first read with messages the service is told to end.
type lastRead struct {
	ingest.Source
	end context.CancelFunc
}

func (s lastRead) Read(ctx context.Context) ([]event.Message, error) {
	messages, err := s.Source.Read(ctx)
	if len(messages) > 0 {
		s.end()
	}
	return messages, err
}

// TestLoopHolds: what is worked on for long is held again and again, so that no other consumer takes it over.
func TestLoopHolds(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	f.addPayload(f.good(1, 3))
	release := f.locked()
	loop := f.loop("c")
	loop.HoldInterval, loop.ShutdownTimeout = 20*time.Millisecond, time.Second
	f.start(loop)
	f.untilWaiting()
	for range 3 {
		aged := f.client.Do(t.Context(), "XCLAIM", f.stream, group, "c", 0, f.lastID, "IDLE", 2*time.Hour.Milliseconds(), "JUSTID")
		if err := aged.Err(); err != nil {
			t.Fatal(err)
		}
		testenv.Eventually(t, patience/3, func() error {
			pending, err := f.client.XPendingExt(t.Context(), &redis.XPendingExtArgs{
				Stream: f.stream, Group: group, Start: "-", End: "+", Count: 1,
			}).Result()
			if err != nil || len(pending) != 1 || pending[0].Idle > time.Hour {
				return fmt.Errorf("pending: %+v, error %v", pending, err)
			}
			return nil
		})
	}
	// Others may take it over while PostgreSQL does not answer this process.
	idle := func(from, to time.Duration) error {
		pending, err := f.client.XPendingExt(t.Context(), &redis.XPendingExtArgs{
			Stream: f.stream, Group: group, Start: "-", End: "+", Count: 1,
		}).Result()
		if err != nil || len(pending) != 1 || pending[0].Idle < from || pending[0].Idle > to {
			return fmt.Errorf("pending: %+v, error %v", pending, err)
		}
		return nil
	}
	loop.Breaker.Probed(errors.New("no route to it"))
	testenv.Eventually(t, patience, func() error { return idle(20*loop.HoldInterval, time.Hour) })
	loop.Breaker.Probed(nil)
	testenv.Eventually(t, patience, func() error { return idle(0, 5*loop.HoldInterval) })
	release()
	testenv.Eventually(t, patience, f.drained)
	f.wantRows("deposited_events", 3)
}

// TestLoopReconnects: connections to a server that has become read-only, as one that is a standby now, are not kept when
// there is one that takes rows.
func TestLoopReconnects(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	readOnly := func(to string) {
		f.exec("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = " + to + "', current_database()); END $$")
	}
	other, err := pg.Connect(t.Context(), f.pool.Config().ConnString(), 1) // of the loop
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	readOnly("on")
	if err := other.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	readOnly("off")
	f.addPayload(f.good(1, 3))
	loop := f.loop("c")
	loop.Sink = pg.NewWriter(other, pg.Options{Finality: func(int64) int64 { return 1000 }, MaxRefusals: 3})
	f.start(loop)
	testenv.Eventually(t, patience, f.drained)
	f.wantRows("deposited_events", 3)
	f.wantLetters()
}

// TestLoopWaits: what an operator has to mend is waited out, and costs nothing but time.
func TestLoopWaits(t *testing.T) {
	t.Parallel()
	t.Run("for a write that takes longer than it may", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.addPayload(f.good(1, 3))
		release := f.locked()
		loop := f.loop("c")
		loop.WriteTimeout = 50 * time.Millisecond
		f.start(loop)
		for range 3 {
			f.untilWaiting()
			testenv.Eventually(t, patience, f.nobodyWaits)
		}
		release()
		testenv.Eventually(t, patience, f.drained)
		f.wantRows("deposited_events", 3)
		f.wantLetters()
	})
	t.Run("dividing messages that take too long together", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		// A message takes PostgreSQL more than a tenth of the deadline, ten more than all of it.
		for _, sql := range []string{
			`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN PERFORM pg_sleep(0.15); RETURN NEW; END $$`,
			"CREATE TRIGGER dawdle BEFORE INSERT ON deposited_events FOR EACH ROW EXECUTE FUNCTION dawdle()",
		} {
			if _, err := f.pool.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 10 {
			f.addPayload(f.good(int64(i+1), 1))
		}
		loop := f.loop("c")
		loop.WriteTimeout = time.Second
		f.start(loop)
		testenv.Eventually(t, patience, f.drained)
		f.wantRows("deposited_events", 10)
		f.wantLetters()
		// Longer deadlines would get them written as well, with the stream paused until then.
		if f.query("SELECT count(DISTINCT xmin::text)::text FROM deposited_events")[0] == "1" {
			t.Error("they were written together")
		}
	})
	t.Run("longer for a message that takes long by itself", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		const n = 300
		refused, conflicting := make([]any, n), make([]any, n)
		for i := range n {
			refused[i] = f.deposited(1, int64(i)).with("assets", json.RawMessage("1e999999"))
			conflicting[i] = f.deposited(2, 0).with("assets", fmt.Sprint(i))
		}
		f.addPayload(f.message("Unheard", unknownTopic, refused...).String())
		f.addPayload(f.message("Deposited", depositedTopic, conflicting...).String())
		f.addPayload(f.good(3, 1))
		loop := f.loop("c")
		loop.WriteTimeout = 100 * time.Millisecond
		f.start(loop)
		testenv.Eventually(t, patience, f.drained)
		f.wantRows("deposited_events", 2)
		f.want("SELECT concat_ws(' ', reason_code, count(*)) FROM dead_letters WHERE network = $1 GROUP BY reason_code ORDER BY 1",
			fmt.Sprintf("key_conflict %d", n-1), fmt.Sprintf("rejected %d", n))
	})
	t.Run("for a table that is missing", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.exec("ALTER TABLE deposited_events RENAME TO elsewhere")
		f.addPayload(f.good(1, 3))
		var log launch.Buffer
		loop := f.loop("c")
		loop.Log = slog.New(slog.NewTextHandler(&log, nil))
		loop.MaxRetries, loop.Breaker = 1, ingest.NewBreaker(1, time.Hour, loop.Log)
		f.start(loop)
		testenv.Eventually(t, patience, func() error {
			if !strings.Contains(log.String(), "write failed") {
				return errors.New("no write was refused yet")
			}
			return nil
		})
		f.wantPending(1)
		f.wantLetters()
		if paused := loop.Pauses.List(); len(paused) != 1 || paused[0].Reason != ingest.PauseEnvironment {
			t.Errorf("paused: %v", paused)
		}
		if state := loop.Breaker.State(); state != ingest.Closed {
			t.Errorf("the circuit breaker is %s, although the server answers", state)
		}
		f.exec("ALTER TABLE elsewhere RENAME TO deposited_events")
		testenv.Eventually(t, patience, f.drained)
		f.wantRows("deposited_events", 3)
		f.wantLetters()
		testenv.Eventually(t, patience, func() error {
			if !strings.Contains(log.String(), "writing again") || !strings.Contains(log.String(), "42P01") {
				return fmt.Errorf("the log is %q", log.String())
			}
			return nil
		})
		if paused := loop.Pauses.List(); len(paused) != 0 {
			t.Errorf("still paused: %v", paused)
		}
	})
	t.Run("for somebody to end a storm of dead letters", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		const bad = 1000
		for range bad {
			f.addPayload(f.message("Deposited", depositedTopic, f.deposited(1, 0).with("assets", "much")).String())
		}
		for i := range 500 {
			f.addPayload(f.good(int64(i+1), 1))
		}
		loop := f.loop("c")
		f.start(loop)
		testenv.Eventually(t, patience, func() error {
			if len(loop.Pauses.List()) == 0 {
				return errors.New("not paused")
			}
			return nil
		})
		f.wantPending(0)
		if f.drained() == nil {
			t.Fatal("the stream was read to its end")
		}
		loop.Storm.Resume()
		testenv.Eventually(t, patience, f.drained)
		f.wantRows("deposited_events", 500)
		f.want("SELECT count(*)::text FROM dead_letters WHERE network = $1", fmt.Sprint(bad))
	})
}

func (f *fixture) nobodyWaits() error {
	const sql = "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = 'deposited_events'::regclass"
	if n := f.query(sql)[0]; n != "0" {
		return fmt.Errorf("%s wait for the lock", n)
	}
	return nil
}
