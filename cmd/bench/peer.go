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

// The peer is Bento, as it is fastest here: with several streams, and the figures that are in its configurations.
const (
	peerStreams = 4
	peerGroup   = "peer"
	peerFiles   = "cmd/bench/bento" // its configurations and table: a module of its own, so they cannot be embedded
)

func peerStream(n int) string { return fmt.Sprintf("peer-%d", n%peerStreams) }

// peer has the service and then Bento, in each of its two ways, write the same backlog: the service into its table, Bento
// into one of text.
func (b *bench) peer(ctx context.Context, r *report, c throughputCase) error {
	l, err := newLoad(c.tables, c.perMessage)
	if err != nil {
		return err
	}
	if err := b.backlog(ctx, r, l, c.events/c.perMessage, c); err != nil {
		return err
	}
	messages := c.events / c.perMessage
	best := 0.0
	for _, way := range []string{"sql_insert", "jsonb"} {
		rate, err := b.bentoBacklog(ctx, r, l, way, messages)
		if err != nil {
			return fmt.Errorf("bento, %s: %w", way, err)
		}
		best = max(best, rate)
	}
	r.add("ratio to the faster way", r.last("events/s")/best)
	return nil
}

// bentoBacklog measures one way from the first delivery until the last commit.
func (b *bench) bentoBacklog(ctx context.Context, r *report, l load, way string, messages int) (rate float64, err error) {
	if err := b.reset(ctx); err != nil {
		return 0, err
	}
	table, err := os.ReadFile(filepath.Join(peerFiles, "table.sql"))
	if err != nil {
		return 0, err
	}
	config, err := filepath.Abs(filepath.Join(peerFiles, way+".yaml"))
	if err != nil {
		return 0, err
	}
	// Its table has a schema of its own, which is in the URL that it is given.
	err = b.exec(ctx, "DROP SCHEMA IF EXISTS peer CASCADE", "CREATE SCHEMA peer",
		"SET search_path = peer", string(table), "RESET search_path", "CHECKPOINT")
	if err != nil {
		return 0, err
	}
	if _, err := fillAll(ctx, b.redis, l, peerStream, 0, messages); err != nil {
		return 0, err
	}
	database, err := url.Parse(b.postgres.URL())
	if err != nil {
		return 0, err
	}
	query := database.Query()
	query.Set("search_path", "peer")
	database.RawQuery = query.Encode()
	bento, err := launch.RunCommand(b.bento, []string{"-c", config},
		"REDIS_URL="+b.redisServer.URL(), "DATABASE_URL="+database.String())
	if err != nil {
		return 0, err
	}
	start, before, err := b.bentoStarted(ctx, bento)
	if err != nil {
		return 0, err
	}
	events := l.events(0, messages)
	end, after, err := b.bentoDone(ctx, bento, events)
	memory, _ := peakMemory(bento.PID())
	bento.Stop() // how it ends is not what is measured
	if err != nil {
		return 0, err
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(events) }
	rate = float64(events) / end.Sub(start).Seconds()
	r.add("Bento "+way+" events/s", rate)
	r.add("Bento "+way+" µs/event", each(after.service-before.service))
	r.add("Bento "+way+" PostgreSQL µs/event", each(after.postgres-before.postgres))
	r.add("Bento "+way+" peak MB", float64(memory)/1e6)
	return rate, nil
}

// bentoStarted waits until Bento has been given an entry.
func (b *bench) bentoStarted(ctx context.Context, bento *launch.Service) (time.Time, usage, error) {
	for ; ; time.Sleep(2 * time.Millisecond) {
		if err := bento.Exited(); err != nil {
			return time.Time{}, usage{}, err
		}
		for n := range peerStreams {
			groups, err := b.redis.XInfoGroups(ctx, peerStream(n)).Result()
			if err != nil {
				return time.Time{}, usage{}, fmt.Errorf("look at the group: %w", err)
			}
			if len(groups) > 0 && groups[0].LastDeliveredID != "0-0" {
				u, err := b.usage(bento)
				return time.Now(), u, err
			}
		}
	}
}

// bentoDone waits until Bento has acknowledged all, which it does now and then, and returns when the last row was committed.
func (b *bench) bentoDone(ctx context.Context, bento *launch.Service, events int) (end time.Time, u usage, err error) {
	for n := 0; n < peerStreams; {
		if err := bento.Exited(); err != nil {
			return end, u, err
		}
		groups, err := b.redis.XInfoGroups(ctx, peerStream(n)).Result()
		if err != nil || len(groups) == 0 {
			return end, u, fmt.Errorf("look at the group: %w", err)
		}
		if groups[0].Lag == 0 && groups[0].Pending == 0 {
			n++
			continue
		}
		time.Sleep(10 * time.Millisecond)
	}
	if u, err = b.usage(bento); err != nil {
		return end, u, err
	}
	var rows int
	const written = "SELECT count(*), max(pg_xact_commit_timestamp(xmin)) FROM peer.deposited_events"
	if err := b.db.QueryRow(ctx, written).Scan(&rows, &end); err != nil {
		return end, u, fmt.Errorf("count what Bento wrote: %w", err)
	}
	if rows != events {
		return end, u, fmt.Errorf("it wrote %d of %d events\n%s", rows, events, bento.Output())
	}
	return end, u, nil
}
