// Command bench measures the service on servers of its own, which keep what they commit: how fast it writes a backlog,
// as a ratio to one COPY of the same rows by the server itself; what that costs; and how long one event takes. Each case
// runs several times, in turn with what it is compared with, and the median counts. It prints a table, and writes all
// figures as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// bench is one call of the command.
type bench struct {
	*system
	binary   string
	bento    string   // the peer, if it is what is measured
	port     int      // of the service
	settings []string // of the service, beside those that say where the servers are
	server   string   // settings of PostgreSQL, beside those that each run has
}

// throughputCase is a backlog to write.
type throughputCase struct {
	tables, events, perMessage int
	replay                     bool // and then once more, when all of it is written
	firstLoad                  bool // into empty tables
	copies                     int  // of the recorded load, which then is the one
}

// measurement is one case: run adds the figures of one run.
type measurement struct {
	name string
	once bool // it takes long
	run  func(context.Context, *bench, *report) error
}

func measurements() []measurement {
	backlog := func(c throughputCase) func(context.Context, *bench, *report) error {
		return func(ctx context.Context, b *bench, r *report) error { return b.throughput(ctx, r, c) }
	}
	rate := func(perSecond int) func(context.Context, *bench, *report) error {
		return func(ctx context.Context, b *bench, r *report) error {
			return b.latency(ctx, r, perSecond, 20*time.Second)
		}
	}
	return []measurement{
		{"200,000 events, 20 a message", false, backlog(throughputCase{tables: 1, events: 200_000, perMessage: 20, replay: true})},
		{"200,000 events, 1 a message", false, backlog(throughputCase{tables: 1, events: 200_000, perMessage: 1})},
		{"200,000 events, 300 a message", false, backlog(throughputCase{tables: 1, events: 200_000, perMessage: 300})},
		{"200,000 events, 20 a message, 5 tables", false, backlog(throughputCase{tables: 5, events: 200_000, perMessage: 20})},
		{"200,000 events, 20 a message, 20 tables", false, backlog(throughputCase{tables: 20, events: 200_000, perMessage: 20})},
		{"recorded, 10 networks", false, backlog(throughputCase{copies: 11})},
		{"2,000,000 events, 20 a message", false, backlog(throughputCase{tables: 1, events: 2_000_000, perMessage: 20})},
		{"first load, 2,000,000 events", false, backlog(throughputCase{tables: 1, events: 2_000_000, perMessage: 20, firstLoad: true})},
		{"10,000,000 events, 20 a message", true, backlog(throughputCase{tables: 1, events: 10_000_000, perMessage: 20})},
		{"growth to 50 million rows", true, func(ctx context.Context, b *bench, r *report) error {
			return b.growth(ctx, r, []int{1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50}, 40, million)
		}},
		{"latency, idle", false, func(ctx context.Context, b *bench, r *report) error { return b.idle(ctx, r) }},
		{"latency, 1,000 events/s", false, rate(1000)},
		{"latency, 5,000 events/s", false, rate(5000)},
		{"start", false, func(ctx context.Context, b *bench, r *report) error { return b.start(ctx, r) }},
	}
}

// peers are the measurements of the service beside others.
func peers() []measurement {
	return []measurement{{"200,000 events, 20 a message, beside Bento", false, func(ctx context.Context, b *bench, r *report) error {
		return b.peer(ctx, r, 200_000, 20)
	}}}
}

func main() {
	binary := flag.String("binary", "bin/redis-postgres-sync", "the service")
	bento := flag.String("bento", "", "a Bento, built from cmd/bench/bento: measures the service beside it, and nothing else")
	runs := flag.Int("runs", 5, "how often each case is run")
	only := flag.String("only", "", "a regular expression: the cases to run")
	out := flag.String("json", "", "a file to write all figures to")
	set := flag.String("set", "", "settings of the service, NAME=value and separated by commas, to try others than the defaults")
	postgres := flag.String("postgres", "", "settings of PostgreSQL, name=value and separated by commas, likewise")
	flag.Parse()
	stream.LogTo(slog.New(slog.DiscardHandler))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	b := &bench{binary: *binary, bento: *bento}
	if *set != "" {
		b.settings = strings.Split(*set, ",")
	}
	b.server = strings.ReplaceAll(*postgres, ",", "\n") + "\n"
	err := b.run(ctx, *runs, *only, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, runs int, only, out string) (err error) {
	chosen, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if b.port, err = launch.FreePort(); err != nil {
		return err
	}
	if err := launch.Install(ctx, os.Stderr, launch.PostgreSQL, launch.RedisServer); err != nil {
		return err
	}
	if b.system, err = newSystem(ctx, b.server); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	where, err := machine(ctx, b.system)
	if err != nil {
		return err
	}
	fmt.Println(where)
	if err := b.warm(ctx); err != nil {
		return err
	}
	var reports []*report
	all := measurements()
	if b.bento != "" {
		all = peers()
	}
	for _, m := range all {
		if !chosen.MatchString(m.name) {
			continue
		}
		r := &report{Case: m.name}
		times := runs
		if m.once {
			times = 1
		}
		for range times {
			if err := m.run(ctx, b, r); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		r.print(os.Stdout)
		reports = append(reports, r)
	}
	if out == "" {
		return nil
	}
	text, err := json.MarshalIndent(struct {
		Machine string    `json:"machine"`
		Date    string    `json:"date"`
		Cases   []*report `json:"cases"`
	}{where, time.Now().UTC().Format(time.DateOnly), reports}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// warm writes once what is not measured: memory that a virtual machine touches for the first time can cost more than all
// else.
func (b *bench) warm(ctx context.Context) error {
	if err := b.throughput(ctx, &report{}, throughputCase{tables: 1, events: million, perMessage: 20}); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	return nil
}
