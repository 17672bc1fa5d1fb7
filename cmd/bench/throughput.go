package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

const (
	streamName = "bench"
	group      = "bench"
	nothing    = "0-0" // what a group has been given that was given nothing
)

// service starts the service, with the settings that a user has who sets none but those of the bench, and then these.
func (b *bench) service(settings ...string) (*launch.Service, error) {
	return launch.RunService(b.binary, slices.Concat([]string{
		"DATABASE_URL=" + b.postgres.URL(),
		"REDIS_URL=" + b.redisServer.URL(),
		"REDIS_STREAMS=" + streamName,
		"CONSUMER_GROUP=" + group,
		"HTTP_HOST=127.0.0.1",
		fmt.Sprintf("HTTP_PORT=%d", b.port),
	}, b.settings, settings)...)
}

// usage is what something cost.
type usage struct {
	seconds                  float64
	building                 float64       // those of them after the last acknowledgement, until all indexes stand
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

// drain waits until all entries are acknowledged and so many indexes of the tables are valid, and returns what that took
// since an entry behind the entry from was delivered.
func (b *bench) drain(ctx context.Context, service *launch.Service, l load, from string, indexes int) (usage, error) {
	last, err := b.lastEntry(ctx, streamName)
	if err != nil {
		return usage{}, err
	}
	var start, done, end time.Time
	var before usage
	for ; end.IsZero(); time.Sleep(10 * time.Millisecond) {
		if err := service.Exited(); err != nil {
			return usage{}, err
		}
		delivered, pending, err := b.position(ctx, streamName)
		if err != nil {
			return usage{}, err
		}
		if delivered == from {
			continue
		}
		if start.IsZero() {
			start = time.Now()
			if before, err = b.usage(service); err != nil {
				return usage{}, err
			}
		}
		if delivered != last || pending > 0 {
			continue
		}
		now := time.Now() // before the question that follows
		if done.IsZero() {
			done = now
		}
		valid, err := b.validIndexes(ctx, l)
		if err != nil {
			return usage{}, err
		}
		if valid == indexes {
			end = now
		}
	}
	after, err := b.usage(service)
	u := after.since(before)
	u.seconds, u.building = end.Sub(start).Seconds(), end.Sub(done).Seconds()
	return u, err
}

// since is the processor time that was taken after before.
func (u usage) since(before usage) usage {
	return usage{service: u.service - before.service, postgres: u.postgres - before.postgres, redis: u.redis - before.redis}
}

// perEvent is a processor time in microseconds an event.
func perEvent(d time.Duration, events int) float64 {
	return float64(d.Microseconds()) / float64(events)
}

// lastEntry returns the id of the last entry of a stream.
func (b *bench) lastEntry(ctx context.Context, stream string) (string, error) {
	last, err := b.redis.XRevRangeN(ctx, stream, "+", "-", 1).Result()
	if err != nil || len(last) == 0 {
		return "", fmt.Errorf("look for the last entry of %s: %w", stream, err)
	}
	return last[0].ID, nil
}

// position returns the last entry that the group of a stream was given, and the number of those it has in hand.
func (b *bench) position(ctx context.Context, stream string) (delivered string, pending int64, err error) {
	groups, err := b.redis.XInfoGroups(ctx, stream).Result()
	if err != nil {
		return "", 0, fmt.Errorf("look at the group of %s: %w", stream, err)
	}
	if len(groups) == 0 {
		return nothing, 0, nil
	}
	return groups[0].LastDeliveredID, groups[0].Pending, nil
}

// throughput measures a backlog of events, and beside it one COPY of the same rows into the same empty tables, with all
// indexes, by the server itself.
func (b *bench) throughput(ctx context.Context, r *report, c throughputCase) error {
	l, messages, err := c.load()
	if err != nil {
		return err
	}
	if err := b.backlog(ctx, r, l, messages, c); err != nil {
		return err
	}
	rate, err := b.copyAgain(ctx, l, l.events(0, messages))
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

// load returns the messages of the case, and how many they are.
func (c throughputCase) load() (l load, messages int, err error) {
	if c.copies > 0 {
		l, err := newRecorded()
		if err != nil {
			return nil, 0, err
		}
		return l, c.copies * len(l.payloads), nil
	}
	l, err = newLoad(c.tables, c.perMessage)
	return l, c.events / c.perMessage, err
}

// backlog has the service write a backlog of messages, of which all are in Redis before it starts.
func (b *bench) backlog(ctx context.Context, r *report, l load, messages int, c throughputCase) error {
	first := 0
	if !c.firstLoad {
		first = l.held()
	}
	if err := b.begin(ctx, l, first); err != nil {
		return err
	}
	if err := b.written(ctx, r, l, first, messages); err != nil {
		return err
	}
	if !c.replay {
		return nil
	}
	if err := b.redis.XGroupDestroy(ctx, streamName, group).Err(); err != nil {
		return fmt.Errorf("destroy the group: %w", err)
	}
	if err := b.exec(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	return b.drained(ctx, r, l, 0, messages, "replay ")
}

// begin has the tables hold the events of the first messages and no others. With a row in each, which those that the load
// has for it give, what follows is no first load.
func (b *bench) begin(ctx context.Context, l load, messages int) error {
	if err := b.reset(ctx); err != nil || messages == 0 {
		return err
	}
	return b.written(ctx, &report{}, l, 0, messages)
}

// written has the service write the messages from one number up to another, which are those that the tables lack.
func (b *bench) written(ctx context.Context, r *report, l load, from, to int) error {
	if err := fill(ctx, b.redis, l, oneStream, from, to); err != nil {
		return err
	}
	return b.drained(ctx, r, l, from, to, "")
}

// drained runs the service until the stream is done, of which the messages from one number up to another are left to it,
// and all indexes stand. The tables then hold the events of all messages.
func (b *bench) drained(ctx context.Context, r *report, l load, from, to int, prefix string) error {
	indexes, err := b.validIndexes(ctx, l)
	if err != nil {
		return err
	}
	before, _, err := b.position(ctx, streamName)
	if err != nil {
		return err
	}
	service, err := b.service()
	if err != nil {
		return err
	}
	u, err := b.drain(ctx, service, l, before, indexes)
	memory, _ := peakMemory(service.PID())
	if stopped := service.Stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	if n, err := b.rows(ctx, l); err != nil || n != l.events(0, to) {
		return fmt.Errorf("%d of %d events are in the tables; error %w\n%s", n, l.events(0, to), err, service.Output())
	}
	events := l.events(from, to)
	r.add(prefix+"events/s", float64(events)/u.seconds)
	if u.building > 0 {
		r.add("of which after the last event, s", u.building)
	}
	r.add(prefix+"service µs/event", perEvent(u.service, events))
	r.add(prefix+"PostgreSQL µs/event", perEvent(u.postgres, events))
	r.add(prefix+"Redis µs/event", perEvent(u.redis, events))
	r.add(prefix+"peak MB", float64(memory)/1e6)
	return nil
}

// copyAgain writes the rows of the tables into files, and returns the speed at which one session copies them back.
func (b *bench) copyAgain(ctx context.Context, l load, events int) (float64, error) {
	file := func(table string) string { return filepath.Join(b.files, table) }
	for _, table := range l.tables() {
		if err := b.exec(ctx, fmt.Sprintf("COPY %s TO '%s' (FORMAT binary)", table, file(table))); err != nil {
			return 0, err
		}
	}
	if err := b.truncate(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	for _, table := range l.tables() {
		_, err := b.db.Exec(ctx, fmt.Sprintf("COPY %s FROM '%s' (FORMAT binary)", table, file(table)),
			pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return 0, fmt.Errorf("copy into %s: %w", table, err)
		}
	}
	rate := float64(events) / time.Since(start).Seconds()
	n, err := b.rows(ctx, l)
	if err == nil && n != events {
		err = fmt.Errorf("COPY wrote %d of %d rows", n, events)
	}
	return rate, err
}
