package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

const (
	peerGroup = "peer"
	peerFiles = "cmd/bench/bento" // Bento's configurations and its table: a module of its own, so they cannot be embedded
)

// contestant is a program that writes the events of streams into a table of its own, of which some stand already.
type contestant struct {
	name    string
	table   string
	streams int
	written int // messages
	prepare func(ctx context.Context) error
	start   func() (*launch.Service, error)
}

func (c contestant) stream(n int) string { return fmt.Sprintf("peer-%d", n%c.streams) }

// peer has the service, and then Bento in each of its two ways, write the same backlog: the service into its table, Bento
// into one of text.
func (b *bench) peer(ctx context.Context, r *report, events, perMessage int) error {
	l, err := newLoad(1, perMessage)
	if err != nil {
		return err
	}
	rate, err := b.contest(ctx, r, l, b.ours(l), events)
	if err != nil {
		return err
	}
	best := 0.0
	for _, way := range []string{"sql_insert", "jsonb"} {
		theirs, err := b.contest(ctx, r, l, b.bentos(way), events)
		if err != nil {
			return fmt.Errorf("measure Bento with %s: %w", way, err)
		}
		best = max(best, theirs)
	}
	r.add("ratio to the faster way of Bento", rate/best)
	return nil
}

func (b *bench) ours(l load) contestant {
	return contestant{
		table: l.tables()[0], streams: 1, written: l.held(),
		prepare: func(ctx context.Context) error { return b.begin(ctx, l, l.held()) },
		start: func() (*launch.Service, error) {
			return b.service("REDIS_STREAMS=peer-0", "CONSUMER_GROUP="+peerGroup)
		},
	}
}

// bentos has the messages in four streams, which is what its configurations say.
func (b *bench) bentos(way string) contestant {
	return contestant{
		name: "Bento " + way + ", ", table: "peer.deposited_events", streams: 4,
		prepare: func(ctx context.Context) error {
			table, err := os.ReadFile(filepath.Join(peerFiles, "table.sql"))
			if err != nil {
				return err
			}
			if err := b.reset(ctx); err != nil {
				return err
			}
			return b.exec(ctx, "DROP SCHEMA IF EXISTS peer CASCADE", "CREATE SCHEMA peer",
				"SET search_path = peer", string(table), "RESET search_path", "CHECKPOINT")
		},
		start: func() (*launch.Service, error) { return b.startBento(way) },
	}
}

// startBento gives Bento, which finds its table in a schema of its own, a URL that says so.
func (b *bench) startBento(way string) (*launch.Service, error) {
	database, err := url.Parse(b.postgres.URL())
	if err != nil {
		return nil, err
	}
	query := database.Query()
	query.Set("search_path", "peer")
	database.RawQuery = query.Encode()
	config, err := filepath.Abs(filepath.Join(peerFiles, way+".yaml"))
	if err != nil {
		return nil, err
	}
	return launch.RunCommand(b.bento, []string{"-c", config},
		"REDIS_URL="+b.redisServer.URL(), "DATABASE_URL="+database.String())
}

// contest measures one of them, from the first delivery until the last commit, as PostgreSQL tells it.
func (b *bench) contest(ctx context.Context, r *report, l load, c contestant, events int) (rate float64, err error) {
	if err := c.prepare(ctx); err != nil {
		return 0, err
	}
	messages := events / l.events(0, 1)
	if err := fill(ctx, b.redis, l, c.stream, c.written, messages); err != nil {
		return 0, err
	}
	program, err := c.start()
	if err != nil {
		return 0, err
	}
	defer program.Stop() // how it ends is not what is measured
	start, before, err := b.given(ctx, program, c)
	if err != nil {
		return 0, err
	}
	after, err := b.acknowledged(ctx, program, c)
	if err != nil {
		return 0, err
	}
	memory, _ := peakMemory(program.PID())
	var rows int
	var end time.Time
	written := "SELECT count(*), max(pg_xact_commit_timestamp(xmin)) FROM " + c.table
	if err := b.db.QueryRow(ctx, written).Scan(&rows, &end); err != nil {
		return 0, fmt.Errorf("count what was written: %w", err)
	}
	if rows != events {
		return 0, fmt.Errorf("%d of %d events are in the table\n%s", rows, events, program.Output())
	}
	u, measured := after.since(before), l.events(c.written, messages)
	rate = float64(measured) / end.Sub(start).Seconds()
	r.add(c.name+"events/s", rate)
	r.add(c.name+"program µs/event", perEvent(u.service, measured))
	r.add(c.name+"PostgreSQL µs/event", perEvent(u.postgres, measured))
	r.add(c.name+"peak MB", float64(memory)/1e6)
	return rate, nil
}

// given waits until the program has been given an entry.
func (b *bench) given(ctx context.Context, program *launch.Service, c contestant) (at time.Time, u usage, err error) {
	for ; ; time.Sleep(2 * time.Millisecond) {
		if err := program.Exited(); err != nil {
			return at, u, err
		}
		for n := range c.streams {
			delivered, _, err := b.position(ctx, c.stream(n))
			if err != nil {
				return at, u, err
			}
			if delivered != nothing {
				at = time.Now()
				u, err = b.usage(program)
				return at, u, err
			}
		}
	}
}

// acknowledged waits until the program has acknowledged all, which Bento does now and then.
func (b *bench) acknowledged(ctx context.Context, program *launch.Service, c contestant) (u usage, err error) {
	for n := range c.streams {
		last, err := b.lastEntry(ctx, c.stream(n))
		if err != nil {
			return u, err
		}
		for ; ; time.Sleep(10 * time.Millisecond) {
			if err := program.Exited(); err != nil {
				return u, err
			}
			delivered, pending, err := b.position(ctx, c.stream(n))
			if err != nil {
				return u, err
			}
			if delivered == last && pending == 0 {
				break
			}
		}
	}
	return b.usage(program)
}
