package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// directory is for what all tests use, until they have ended.
var directory string

func TestMain(m *testing.M) {
	var err error
	if directory, err = os.MkdirTemp("", "chaos"); err != nil {
		panic(err)
	}
	// A race ends the instance, which a run does not take for well.
	os.Setenv("GORACE", "halt_on_error=1")
	code := m.Run()
	os.RemoveAll(directory)
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) { return testenv.BuildService(directory, "-race") })

// service returns the path of the service's binary, which has the race detector in it.
func service(t *testing.T) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestChaos is a short run. The seed is another one each time, and printed.
func TestChaos(t *testing.T) {
	o := options{
		binary: service(t), seed: rand.Uint64N(1 << 31), instances: 3, rate: 1500, length: 40 * time.Second, kills: 20, pause: time.Second,
		logf: t.Logf,
	}
	result, err := run(within(t), o)
	t.Logf("%s", result)
	if err != nil || result.failed() {
		t.Errorf("%v; %s\nto repeat: go run ./cmd/chaos -seed %d -rate %d -time %s -kills %d", err, result.First, o.seed, o.rate, o.length, o.kills)
	}
	if result.Events < 10_000 || result.Kills < o.kills || result.Letters == 0 || result.Looks < 50 {
		t.Errorf("that was no chaos: %s", result)
	}
	for _, h := range slices.Concat(harms, killing) {
		if result.Harms[h.name] == 0 {
			t.Errorf("nobody did this: %s", h.name)
		}
	}
}

// within ends before the test binary's time is up, so that what has been waited for is told, and the seed.
func within(t *testing.T) context.Context {
	deadline, ok := t.Deadline()
	if !ok {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-time.Minute))
	t.Cleanup(cancel)
	return ctx
}

// TestSequence: the order of harms follows from the seed, and none is left out.
func TestSequence(t *testing.T) {
	take := func(seed uint64) (names []string) {
		for h := range sequence(harms, rand.New(rand.NewPCG(seed, 2))) {
			if names = append(names, h.name); len(names) == 10*len(harms) {
				break
			}
		}
		return names
	}
	first := take(1)
	if again := take(1); !slices.Equal(first, again) {
		t.Errorf("the same seed, and two orders: %q, %q", first, again)
	}
	if other := take(2); slices.Equal(first, other) {
		t.Errorf("two seeds, and one order: %q", other)
	}
	for _, h := range harms {
		if !slices.Contains(first[:len(harms)], h.name) {
			t.Errorf("%s is not among the first %d", h.name, len(harms))
		}
	}
}

// TestSample: what is said of a process' memory, files and goroutines is read from it.
func TestSample(t *testing.T) {
	w, err := newWorld(t.Context(), service(t), []string{"REDIS_STREAMS=" + streamNames[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if _, err := w.sample(t.Context()); err == nil {
		t.Error("a sample of nobody")
	}
	if _, err := w.begin(witness); err != nil {
		t.Fatal(err)
	}
	var u usage
	err = until(t.Context(), time.Minute, func() (err error) {
		u, err = w.sample(t.Context())
		return err
	})
	if err != nil || u.residentMB < 10 || u.files < 5 || u.goroutine < 5 {
		t.Errorf("%+v, %v", u, err)
	}
	var said string
	tellUsage([]usage{{time.Minute, 10, 5, 7}, {2 * time.Minute, 30, 7, 9}}, func(format string, args ...any) {
		said += fmt.Sprintf(format, args...) + "\n"
	})
	if want := "until minute  1.0:   10.0 MB resident,   5.0 files,   7.0 goroutines\n" +
		"until minute  2.0:   30.0 MB resident,   7.0 files,   9.0 goroutines\n"; said != want {
		t.Errorf("said %q", said)
	}
}

// TestRestore: a backup is restored, and all that was acknowledged since comes back.
func TestRestore(t *testing.T) { testDrill(t, "restore") }

// TestFailover: a standby that was behind is promoted, and all that it lacks comes back.
func TestFailover(t *testing.T) { testDrill(t, "failover") }

// TestRedisFailover: a replica that was behind is promoted: what it has is delivered again, and what it lacks is not missing where
// it was acknowledged.
func TestRedisFailover(t *testing.T) { testDrill(t, "redis-failover") }

// testDrill does one that the command has too.
func testDrill(t *testing.T, name string) {
	t.Parallel()
	l := newLedger(rand.Uint64N(1 << 31))
	if !drillSucceeds(t, drills[name](), l, 5) {
		t.Errorf("to repeat: go run ./cmd/chaos -seed %d -instances 2 -kills 5 -drill %s -before 5000 -after 10000", l.seed, name)
	}
}

func drillSucceeds(t *testing.T, d drill, l *ledger, kills int) bool {
	t.Helper()
	o := options{binary: service(t), seed: l.seed, instances: 2, rate: 5000, kills: kills, logf: t.Logf}
	result, err := runDrill(within(t), o, d, l, 5000, 10_000)
	t.Logf("%s", result)
	ok := err == nil && !result.failed() && result.Events >= 15_000
	if !ok {
		t.Errorf("%v; %s", err, result.First)
	}
	return ok
}

// TestFlush: Redis is emptied under load, and forgets nothing but what it had not been acknowledged for.
func TestFlush(t *testing.T) {
	t.Parallel()
	w, err := options{binary: service(t), instances: 2}.world(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	l := newLedger(rand.Uint64N(1 << 31))
	ctx, end := context.WithCancel(t.Context())
	produced := make(chan error)
	go func() { produced <- l.produce(ctx, w.redis, 2000, math.MaxInt) }()
	for range 5 {
		sleep(ctx, time.Second)
		if err := until(ctx, time.Minute, func() error { return l.flush(ctx, w.redis) }); err != nil {
			t.Error(err)
		}
	}
	sleep(ctx, 200*time.Millisecond)
	end()
	if err := <-produced; err != nil {
		t.Fatal(err)
	}
	v := verdict{Pending: w.drained(t.Context(), time.Minute)}
	if err := w.verify(t.Context(), l, &v); err != nil || v.failed() || v.Events < 3000 || v.Excused > v.Events/2 {
		t.Errorf("seed %d: %+v, %v\n%s", l.seed, v, err, w.logs())
	}
}

// TestExcused: only what was not acknowledged, or is not there any more, may be missing.
func TestExcused(t *testing.T) {
	ctx := t.Context()
	w, err := newWorld(ctx, service(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	l := &ledger{seed: 5, streams: streamNames[:1]}
	name, random := streamNames[0], rand.New(rand.NewPCG(1, 1))
	add := func(n int) (added []message) {
		t.Helper()
		for range n {
			added = append(added, l.next(l.sent(), 1, random))
			if err := l.add(ctx, w.redis, added[len(added)-1:], false); err != nil {
				t.Fatal(err)
			}
		}
		return l.latest(name, n)
	}
	excused := func(want ...int) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(l.excused())); !slices.Equal(got, want) {
			t.Errorf("excused are %v, want %v", got, want)
		}
	}
	if err := l.flush(ctx, w.redis); !errors.Is(err, errSpared) {
		t.Fatalf("nothing is there yet: %v", err)
	}
	ids := add(5)
	slices.Reverse(ids)
	if err := errors.Join(
		w.redis.XGroupCreate(ctx, name, group, "0").Err(),
		w.redis.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "c", Streams: []string{name, ">"}, Count: 3}).Err(),
		w.redis.XAck(ctx, name, group, ids[0].id.String(), ids[2].id.String()).Err(),
		w.redis.XDel(ctx, name, ids[4].id.String()).Err(),
	); err != nil {
		t.Fatal(err)
	}
	excused()
	owed, err := l.owed(ctx, w.redis, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.redis.XDel(ctx, name, ids[0].id.String()).Err(); err != nil { // which is acknowledged
		t.Fatal(err)
	}
	if err := l.forgotten(ctx, w.redis, owed); err != nil {
		t.Fatal(err)
	}
	excused(4)
	if err := l.flush(ctx, w.redis); err != nil {
		t.Fatal(err)
	}
	excused(1, 3, 4)
	if n, err := w.redis.DBSize(ctx).Result(); n != 0 || err != nil {
		t.Errorf("%d keys after FLUSHALL, %v", n, err)
	}
	add(1)
	excused(1, 3, 4)

	// What was acknowledged is not excused because a group knows nothing of it that came after.
	acknowledge := func() error {
		return errors.Join(
			w.redis.XGroupCreate(ctx, name, group, "0").Err(),
			w.redis.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "c", Streams: []string{name, ">"}}).Err(),
			w.redis.XAck(ctx, name, group, l.latest(name, 1)[0].id.String()).Err(),
		)
	}
	if err := errors.Join(
		acknowledge(), l.destroy(ctx, w.redis, name), w.redis.XGroupCreate(ctx, name, group, "0").Err(), l.flush(ctx, w.redis),
	); err != nil {
		t.Fatal(err)
	}
	excused(1, 3, 4)
	if err := l.destroy(ctx, w.redis, name); !errors.Is(err, errSpared) {
		t.Errorf("there is no group to destroy: %v", err)
	}
	add(1)

	// A Redis that knows of nothing takes the place of this one: what was acknowledged here is not excused.
	if err := acknowledge(); err != nil {
		t.Fatal(err)
	}
	add(1)
	if owed, err = l.owed(ctx, w.redis, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.redis.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if missing, err := l.rolledBack(ctx, w.redis, owed); missing != 8 || err != nil {
		t.Errorf("%d are missing, error %v", missing, err)
	}
	excused(1, 3, 4, 7)

	// Of a message that was added twice one entry is acknowledged, and that is enough.
	if err := errors.Join(
		l.add(ctx, w.redis, []message{l.next(l.sent(), 1, random)}, true),
		w.redis.XGroupCreate(ctx, name, group, "0").Err(),
		w.redis.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "c", Streams: []string{name, ">"}}).Err(),
		w.redis.XAck(ctx, name, group, l.latest(name, 1)[0].copied.String()).Err(),
		l.flush(ctx, w.redis),
	); err != nil {
		t.Fatal(err)
	}
	excused(1, 3, 4, 7)
}

// TestCheck: what is wrong in the tables is found, whatever it is.
func TestCheck(t *testing.T) {
	ctx := t.Context()
	w, err := newWorld(ctx, service(t), []string{"REDIS_STREAMS=" + strings.Join(streamNames, ",")})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	i, err := w.begin("only")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.awaitTables(ctx); err != nil {
		t.Fatal(err)
	}
	l := newLedger(5)
	if err := l.produce(ctx, w.redis, 1_000_000, 2500); err != nil {
		t.Fatal(err)
	}
	var twice []message
	for first, random := l.sent(), rand.New(rand.NewPCG(l.seed, 2)); first < 3000; first = twice[len(twice)-1].end {
		twice = append(twice, l.next(first, min(20, 3000-first), random))
	}
	if err := l.add(ctx, w.redis, twice, true); err != nil {
		t.Fatal(err)
	}
	if left := w.drained(ctx, time.Minute); left != 0 {
		t.Fatalf("%d entries are left\n%s", left, w.logs())
	}
	if err := i.service.Stop(); err != nil {
		t.Fatal(err)
	}
	db, err := w.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	check := func() (v verdict) {
		t.Helper()
		if err := l.check(ctx, db, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := check(); v.failed() || v.Events != 3000 || v.Letters == 0 {
		t.Fatalf("nothing was done to it: %+v", v)
	}
	first := func(k kind) (n int) {
		for n = 0; l.kind(n) != k; n++ {
		}
		return n
	}
	place := func(n int) string {
		return "(block_number, log_index) = (" + strconv.Itoa(n/perBlock+1) + ", " + strconv.Itoa(n%perBlock) + ")"
	}
	poisoned := math.MaxInt // in a message that was added once
	for n, m := range l.withLetters() {
		if l.kind(n) == poison && m[0].attempts == 1 {
			poisoned = min(poisoned, n)
		}
	}
	letter := "convert_from(payload, 'UTF8') LIKE '%" + mark + strconv.Itoa(poisoned) + ".%'"
	var copied message // a poisoned one that was added twice
	for n, m := range l.withLetters() {
		if l.kind(n) == poison && m[0].copied != nothing {
			copied = m[0]
		}
	}
	for name, c := range map[string]struct {
		sql  string
		want verdict
	}{
		"a row is missing":                   {"DELETE FROM deposited_events WHERE " + place(first(typed)), verdict{Lost: 1}},
		"a value is another":                 {"UPDATE deposited_events SET shares = shares + 1 WHERE " + place(first(typed)), verdict{Altered: 1}},
		"a time is another":                  {"UPDATE deposited_events SET block_timestamp = block_timestamp + interval '1 s' WHERE " + place(first(typed)), verdict{Altered: 1}},
		"a generic value is another":         {"UPDATE generic_events SET event_data = '{}' WHERE " + place(first(generic)), verdict{Altered: 1}},
		"a generic block is another":         {"UPDATE generic_events SET block_hash = address WHERE " + place(first(generic)), verdict{Altered: 1}},
		"a dead letter is cut off":           {"UPDATE dead_letters SET payload = substr(payload, 1, 40) WHERE " + letter, verdict{Altered: 1}},
		"a dead letter is replayed":          {"UPDATE dead_letters SET state = 'replayed' WHERE " + letter, verdict{Altered: 1}},
		"a dead letter is of elsewhere":      {"UPDATE dead_letters SET event_index = event_index + 1 WHERE " + letter, verdict{Altered: 1}},
		"a dead letter is of another stream": {"UPDATE dead_letters SET stream = 'other' WHERE " + letter, verdict{Altered: 1}},
		"a dead letter has another reason":   {"UPDATE dead_letters SET reason_code = 'rejected' WHERE " + letter, verdict{Altered: 1}},
		"a dead letter is of no entry":       {"UPDATE dead_letters SET message_id = '1-1' WHERE " + letter, verdict{Altered: 1}},
		"a dead letter is of no copy":        {"UPDATE dead_letters SET message_id = '1-1' WHERE (stream, message_id) = ('" + copied.stream + "', '" + copied.copied.String() + "')", verdict{Altered: 1}},
		"a dead letter stands too often": {`CREATE TEMPORARY TABLE twice AS SELECT * FROM dead_letters WHERE ` + letter +
			`; UPDATE twice SET message_id = '9-9'; INSERT INTO dead_letters SELECT * FROM twice`, verdict{Doubled: 1}},
		"a generic row is missing": {"DELETE FROM generic_events WHERE " + place(first(generic)), verdict{Lost: 1}},
		"a dead letter is missing": {"DELETE FROM dead_letters WHERE " + letter, verdict{Lost: 1}},
		"a row stands twice": {`CREATE TEMPORARY TABLE twice AS SELECT * FROM deposited_events WHERE ` + place(first(typed)) +
			`; UPDATE twice SET network = 'other'; INSERT INTO deposited_events SELECT * FROM twice`, verdict{Doubled: 1}},
		"a row of nobody":         {"UPDATE deposited_events SET block_number = 999999 WHERE " + place(first(typed)), verdict{Lost: 1, Foreign: 1}},
		"a dead letter of nobody": {"UPDATE dead_letters SET payload = 'x' WHERE " + letter, verdict{Lost: 1, Foreign: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := db.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(ctx)
			if tag, err := tx.Exec(ctx, c.sql, pgx.QueryExecModeSimpleProtocol); err != nil || tag.RowsAffected() == 0 {
				t.Fatal(tag, err)
			}
			v := check()
			got := verdict{Lost: v.Lost, Doubled: v.Doubled, Altered: v.Altered, Foreign: v.Foreign}
			if got != c.want {
				t.Errorf("found %+v, want %+v", got, c.want)
			}
		})
	}

	t.Run("what Redis does not tell makes up for nothing", func(t *testing.T) {
		if v := (verdict{Lost: 1, Pending: -1}); !v.failed() {
			t.Error("an event is lost, and that is no failure")
		}
	})
	t.Run("acknowledged early", func(t *testing.T) {
		tx, err := db.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(ctx)
		if _, err := tx.Exec(ctx, "DELETE FROM deposited_events"); err != nil {
			t.Fatal(err)
		}
		var v verdict
		if err := l.look(ctx, w, db, &v); err != nil || v.Early == 0 || v.Looks == 0 {
			t.Errorf("found %+v, %v", v, err)
		}
	})
	t.Run("pending", func(t *testing.T) {
		if err := l.add(ctx, w.redis, []message{l.next(3000, 1, rand.New(rand.NewPCG(1, 1)))}, false); err != nil {
			t.Fatal(err)
		}
		if left := w.drained(ctx, 10*time.Millisecond); left == 0 {
			t.Error("an entry that nobody has read was not seen")
		}
	})
}

// TestProxy: bytes arrive as they were sent, in slices or not, unless a fault cuts or holds them.
func TestProxy(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { // an echo
				defer c.Close()
				buf := make([]byte, 4096)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					c.Write(buf[:n])
				}
			}()
		}
	}()
	p, err := newProxy(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	text := bytes.Repeat([]byte("0123456789"), 100)
	// echo sends the text, and returns what comes back.
	echo := func(t *testing.T, held bool) []byte {
		t.Helper()
		c, err := net.Dial("tcp4", p.address())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		patience := time.Minute
		if held {
			patience = time.Second // for what must not come
		}
		c.SetDeadline(time.Now().Add(patience))
		c.Write(text)
		var got []byte
		buf := make([]byte, 4096)
		for len(got) < len(text) {
			n, err := c.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil {
				break
			}
		}
		return got
	}
	for name, c := range map[string]struct {
		fault
		want int
	}{
		"no fault":                   {fault{}, len(text)},
		"sliced":                     {fault{slice: 7, delay: 10 * time.Microsecond}, len(text)},
		"cut on the way there":       {fault{cutAfter: 300}, 0},
		"cut on the way back":        {fault{cutAfter: int64(len(text)) + 300}, 300},
		"requests are held":          {fault{holdRequests: true}, 0},
		"replies are held":           {fault{holdReplies: true}, 0},
		"held from what is said":     {fault{holdRequests: true, holdFrom: []byte("9012")}, 0},
		"held from what is not said": {fault{holdRequests: true, holdFrom: []byte("9112")}, len(text)},
		"cut long after it all":      {fault{cutAfter: 1 << 30}, len(text)},
	} {
		t.Run(name, func(t *testing.T) {
			p.set(c.fault)
			defer p.set(fault{})
			if got := echo(t, c.want == 0); !bytes.Equal(got, text[:c.want]) {
				t.Errorf("%d bytes came back, want %d", len(got), c.want)
			}
		})
	}
	if got := echo(t, false); !bytes.Equal(got, text) {
		t.Errorf("%d bytes came back after all faults", len(got))
	}

	told := make(chan struct{}, 1)
	p.set(fault{cutAfter: 300, cutting: func() { told <- struct{}{} }})
	if echo(t, false); len(told) != 1 {
		t.Error("a connection was cut, and nobody was told")
	}
}

// TestReport: runs that the report holds are not made again.
func TestReport(t *testing.T) {
	report := filepath.Join(t.TempDir(), "report")
	for seed := range uint64(3) {
		if err := appendTo(report, outcome{Seed: seed}); err != nil {
			t.Fatal(err)
		}
	}
	if runs, err := runsIn(report); err != nil || !slices.Equal(slices.Sorted(maps.Keys(runs)), []uint64{0, 1, 2}) {
		t.Errorf("%v, %v", runs, err)
	}
	o := options{binary: "/nowhere", logf: t.Logf}
	if err := repeat(context.Background(), o, run, 3, report); err != nil {
		t.Errorf("made again: %v", err)
	}
	if err := appendTo(report, outcome{Seed: 3, verdict: verdict{Lost: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := repeat(context.Background(), o, run, 4, report); err == nil || !strings.Contains(err.Error(), "1 of 4 runs failed") {
		t.Errorf("a run that has failed, and is not made again: %v", err)
	}
	if err := os.WriteFile(report, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := runsIn(report); err == nil {
		t.Error("half a line was taken for a run")
	}
}
