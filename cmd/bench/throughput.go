package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

const (
	streamName = "bench"
	group      = "bench"
)

// service starts the service, with the settings that a user has who sets none.
func (b *bench) service() (*launch.Service, error) {
	return launch.RunService(b.binary, append([]string{
		"DATABASE_URL=" + b.postgres.URL(),
		"REDIS_URL=" + b.redisServer.URL(),
		"REDIS_STREAMS=" + streamName,
		"CONSUMER_GROUP=" + group,
		"HTTP_HOST=127.0.0.1",
		"HTTP_PORT=" + b.port,
	}, b.settings...)...)
}

// usage is what something cost.
type usage struct {
	seconds                  float64
	service, postgres, redis time.Duration // processor time
}

func (b *bench) usage(service *launch.Service) (u usage, err error) {
	if u.service, err = cpu(service.PID()); err != nil {
		return u, err
	}
	if u.postgres, err = cpu(b.system.postgres.PID()); err != nil {
		return u, err
	}
	u.redis, err = cpu(b.redisServer.PID())
	return u, err
}

// drain waits until everything up to the entry last is acknowledged, and returns what that took from the delivery of the
// first entry on.
func (b *bench) drain(ctx context.Context, service *launch.Service, last string) (usage, error) {
	var start time.Time
	var before usage
	for ; ; time.Sleep(2 * time.Millisecond) {
		if err := service.Exited(); err != nil {
			return usage{}, err
		}
		groups, err := b.redis.XInfoGroups(ctx, streamName).Result()
		if err != nil {
			return usage{}, fmt.Errorf("look at the group: %w", err)
		}
		if len(groups) == 0 || groups[0].LastDeliveredID == "0-0" {
			continue
		}
		if start.IsZero() {
			start = time.Now()
			if before, err = b.usage(service); err != nil {
				return usage{}, err
			}
		}
		if groups[0].LastDeliveredID == last && groups[0].Pending == 0 {
			break
		}
	}
	took := time.Since(start)
	after, err := b.usage(service)
	return usage{took.Seconds(), after.service - before.service, after.postgres - before.postgres,
		after.redis - before.redis}, err
}

// throughput measures a backlog of events, and beside it one COPY of the same rows into the same empty tables by the
// server itself.
func (b *bench) throughput(ctx context.Context, r *report, c throughputCase) error {
	l, err := newLoad(c.tables, c.perMessage)
	if err != nil {
		return err
	}
	if err := b.reset(ctx); err != nil {
		return err
	}
	messages := c.events / c.perMessage
	last, err := l.fill(ctx, b.redis, streamName, messages)
	if err != nil {
		return err
	}
	events := messages * c.perMessage
	if err := b.drained(ctx, r, l, last, events, ""); err != nil {
		return err
	}
	if c.replay {
		if err := b.redis.XGroupDestroy(ctx, streamName, group).Err(); err != nil {
			return fmt.Errorf("destroy the group: %w", err)
		}
		if err := b.exec(ctx, "CHECKPOINT"); err != nil {
			return err
		}
		if err := b.drained(ctx, r, l, last, events, "replay "); err != nil {
			return err
		}
	}
	rate, err := b.copyAgain(ctx, l, events)
	if err != nil {
		return err
	}
	r.add("COPY, events/s", rate)
	r.add("ratio", r.last("events/s")/rate)
	if c.replay {
		r.add("replay ratio", r.last("replay events/s")/rate)
	}
	return nil
}

// drained runs the service until the stream is done.
func (b *bench) drained(ctx context.Context, r *report, l *load, last string, events int, prefix string) error {
	service, err := b.service()
	if err != nil {
		return err
	}
	u, err := b.drain(ctx, service, last)
	memory, _ := peakMemory(service.PID())
	if stopped := service.Stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	if n, err := b.rows(ctx, l); err != nil || n != events {
		return fmt.Errorf("%d of %d events are in the tables; error %w\n%s", n, events, err, service.Output())
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(events) }
	r.add(prefix+"events/s", float64(events)/u.seconds)
	r.add(prefix+"service µs/event", each(u.service))
	r.add(prefix+"PostgreSQL µs/event", each(u.postgres))
	r.add(prefix+"Redis µs/event", each(u.redis))
	r.add(prefix+"peak MB", float64(memory)/1e6)
	return nil
}

// copyAgain writes the rows of the tables into files, and returns the speed at which one session copies them back.
func (b *bench) copyAgain(ctx context.Context, l *load, events int) (float64, error) {
	file := func(table string) string { return filepath.Join(b.files, table) }
	for _, table := range l.tables {
		if err := b.exec(ctx, fmt.Sprintf("COPY %s TO '%s' (FORMAT binary)", table.Table, file(table.Table))); err != nil {
			return 0, err
		}
	}
	if err := b.truncate(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	for _, table := range l.tables {
		_, err := b.db.Exec(ctx, fmt.Sprintf("COPY %s FROM '%s' (FORMAT binary)", table.Table, file(table.Table)),
			pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return 0, fmt.Errorf("copy into %s: %w", table.Table, err)
		}
	}
	rate := float64(events) / time.Since(start).Seconds()
	n, err := b.rows(ctx, l)
	if err == nil && n != events {
		err = fmt.Errorf("COPY wrote %d of %d rows", n, events)
	}
	return rate, err
}
