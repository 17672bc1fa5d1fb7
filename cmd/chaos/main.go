// Command chaos runs the service against servers of its own that keep what they commit, and harms both, the service and
// the network between them, in an order that follows from a seed, while a producer adds events whose ledger it keeps. At
// the end the ledger and the tables must say the same: nothing lost, doubled, altered or left pending. A failure prints the
// seed and the command that repeats it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// streamNames are the streams of every run.
var streamNames = []string{"chaos_one", "chaos_two"}

// options say what a run is.
type options struct {
	binary    string
	settings  []string // of the instances
	seed      uint64
	instances int
	rate      int           // events a second
	length    time.Duration // at least
	kills     int           // at least
	events    int           // exactly, if that is not 0; else as many as come in the time
	spare     string        // harms that have this in their names are not done
	pause     time.Duration // the longest between two harms of a sequence, but for those of a soak
	soak      bool          // restarts alone, and a witness that is watched
	everysec  bool          // Redis writes what it has answered for to disk within a second or two
	again     string        // the flags that repeat it, but for the seed
	logf      func(format string, args ...any)
}

// outcome is one line of a report.
type outcome struct {
	Seed    uint64         `json:"seed"`
	Seconds float64        `json:"seconds"`
	Kills   int            `json:"kills"`
	Harms   map[string]int `json:"harms"`
	verdict
}

func (o outcome) String() string {
	return fmt.Sprintf("seed %d: %d events, %d kills and %d other harms in %.0f s: %d lost, %d doubled, %d altered, %d foreign, %d pending, "+
		"%d acknowledged early in %d looks; %d dead letters as they should be; %d lost by Redis itself",
		o.Seed, o.Events, o.Kills, o.others(), o.Seconds, o.Lost, o.Doubled, o.Altered, o.Foreign, o.Pending, o.Early, o.Looks, o.Letters,
		o.Excused)
}

// others counts the harms that are no kills.
func (o outcome) others() (n int) {
	for name, times := range o.Harms {
		if !slices.ContainsFunc(killing, func(h harm) bool { return h.name == name }) {
			n += times
		}
	}
	return n
}

func main() {
	var o options
	var settings, report string
	var drilled string
	var runs, before, after int
	flag.StringVar(&o.binary, "binary", "bin/redis-postgres-sync", "the service")
	flag.Uint64Var(&o.seed, "seed", 0, "the seed of the harms and of the events; 0 takes any")
	flag.IntVar(&o.instances, "instances", 3, "processes of the service")
	flag.IntVar(&o.rate, "rate", 5000, "events a second")
	flag.DurationVar(&o.length, "time", time.Minute, "how long harm is done, at least")
	flag.DurationVar(&o.pause, "pause", time.Second, "the longest pause between two harms, but for those of a soak")
	flag.IntVar(&o.kills, "kills", 0, "how many processes are killed outright, at least")
	flag.IntVar(&o.events, "events", 0, "how many events there are; 0 is as many as come in the time")
	flag.IntVar(&runs, "runs", 1, "how many runs, with seeds that follow each other; those in the report are not done again")
	flag.BoolVar(&o.soak, "soak", false, "instead of harm: restarts now and then, and what a process that is not restarted has in use")
	flag.StringVar(&o.spare, "spare", "", "leave out the harms with this in their names: FLUSHALL loses events by itself")
	flag.BoolVar(&o.everysec, "everysec", false, "Redis with appendfsync everysec")
	flag.StringVar(&drilled, "drill", "", "instead of harm: a restore of a base backup, a failover of PostgreSQL, or a redis-failover")
	flag.IntVar(&before, "before", 100_000, "how many events there are in a drill, when it begins that what comes is forgotten")
	flag.IntVar(&after, "after", 200_000, "how many events more there are then, when a server is put in the other's place")
	flag.StringVar(&report, "report", "", "a file to which each run adds a line of JSON")
	flag.StringVar(&settings, "set", "", "settings of the service, NAME=value and separated by commas")
	flag.Parse()
	stream.LogTo(slog.New(slog.DiscardHandler)) // that the servers are away is no news here
	if settings != "" {
		o.settings = strings.Split(settings, ",")
	}
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "seed" && f.Name != "runs" && f.Name != "report" {
			o.again += fmt.Sprintf(" -%s=%s", f.Name, f.Value)
		}
	})
	if o.everysec && strings.Contains(settings, "TRIM=on") {
		// An entry that is not there any more would be taken for one that Redis has lost.
		fmt.Fprintln(os.Stderr, "chaos: -everysec and TRIM=on exclude each other")
		os.Exit(2)
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(math.MaxInt32)
	}
	o.logf = func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do := run
	if drilled != "" {
		newDrill, ok := drills[drilled]
		if !ok {
			fmt.Fprintf(os.Stderr, "chaos: -drill %s is none; hint: want restore, failover or redis-failover\n", drilled)
			os.Exit(2)
		}
		do = func(ctx context.Context, o options) (outcome, error) {
			return runDrill(ctx, o, newDrill(), newLedger(o.seed), before, after)
		}
	}
	if err := repeat(ctx, o, do, runs, report); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		stop()
		os.Exit(1)
	}
}

// repeat makes runs, but for those that the report has already.
func repeat(
	ctx context.Context, o options, do func(context.Context, options) (outcome, error), runs int, report string,
) error {
	done, err := runsIn(report)
	if err != nil {
		return err
	}
	failed := 0
	for i := range uint64(runs) {
		o := o
		o.seed += i
		if before, ok := done[o.seed]; ok {
			if before.failed() {
				failed++
				o.logf("FAILED, as %s says: %s", report, before)
			}
			continue
		}
		result, err := do(ctx, o)
		if ctx.Err() != nil {
			return errors.New("interrupted; what the report holds is not done again")
		}
		repeated := fmt.Sprintf("to repeat: bin/chaos -seed=%d%s", o.seed, o.again)
		if err != nil {
			return fmt.Errorf("seed %d: %w; %s", o.seed, err, repeated)
		}
		o.logf("%s", result)
		if result.failed() {
			failed++
			o.logf("FAILED: %s; %s", result.First, repeated)
		}
		if err := appendTo(report, result); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d runs failed", failed, runs)
	}
	return nil
}

// world is one with its instances, whose schema is there.
func (o options) world(ctx context.Context) (w *world, err error) {
	w, err = newWorld(ctx, o.binary, append([]string{"REDIS_STREAMS=" + strings.Join(streamNames, ",")}, o.settings...))
	if err != nil {
		return nil, err
	}
	if o.everysec {
		err = w.syncEverySecond(ctx)
	}
	for i := 0; i < o.instances && err == nil; i++ {
		_, err = w.begin(fmt.Sprintf("instance-%d", i))
	}
	if err == nil {
		err = w.awaitTables(ctx)
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, w.logs())
		w.close()
		return nil, err
	}
	return w, nil
}

// run is one run. Its error is one of the run itself: what it found is in the outcome.
func run(ctx context.Context, o options) (result outcome, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	start := time.Now()
	w, err := o.world(ctx)
	if err != nil {
		return result, err
	}
	defer w.close()
	var samples []usage
	if o.soak {
		if _, err := w.begin(witness); err != nil {
			return result, err
		}
	}

	l := newLedger(o.seed)
	r := &record{done: make(map[string]int)}
	v := &result.verdict
	producing, endProducing := context.WithCancel(ctx)
	looking, endLooking := context.WithCancel(ctx)
	var beside errgroup.Group
	most := o.events
	if most == 0 {
		most = math.MaxInt
	}
	produced := make(chan struct{})
	beside.Go(func() error {
		defer close(produced)
		return l.produce(producing, w.redis, o.rate, most)
	})
	beside.Go(func() error {
		l.keepLooking(looking, w, v)
		return nil
	})
	if o.soak {
		beside.Go(func() error {
			samples = w.watch(producing, o.logf)
			return nil
		})
	}
	harmed := w.rage(ctx, o, l, r, produced)
	if o.events > 0 && harmed == nil {
		select {
		case <-produced:
		case <-ctx.Done():
		}
	}
	endProducing()
	<-produced
	result.Pending = w.drained(ctx, time.Minute)
	endLooking()
	err = errors.Join(harmed, beside.Wait(), w.stopAll(ctx))
	tellUsage(samples, o.logf)
	result.Seed, result.Kills, result.Harms = o.seed, r.kills, r.done
	if err == nil {
		err = w.verify(ctx, l, v)
	}
	if result.Pending != 0 {
		v.note("%d entries are pending", result.Pending)
	}
	if err == nil && v.Looks == 0 {
		err = errors.New("nobody has looked at what is acknowledged")
	}
	if name := o.undone(r); err == nil && !v.failed() && name != "" {
		err = fmt.Errorf("%s: %w before new events were over; hint: let it run longer", name, errSpared)
	}
	result.Seconds = time.Since(start).Round(time.Millisecond).Seconds()
	if err != nil || v.failed() {
		o.logf("what the instances said:\n%s", w.logs())
	}
	return result, err
}

// runsIn reads the runs that a report holds, by their seeds.
func runsIn(report string) (map[uint64]outcome, error) {
	runs := make(map[uint64]outcome)
	if report == "" {
		return runs, nil
	}
	text, err := os.ReadFile(report)
	if errors.Is(err, os.ErrNotExist) {
		return runs, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		var o outcome
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			return nil, fmt.Errorf("read %s: %w", report, err)
		}
		runs[o.Seed] = o
	}
	return runs, nil
}

func appendTo(report string, o outcome) error {
	if report == "" {
		return nil
	}
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(report, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
