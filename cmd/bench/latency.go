package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

// latency offers so many messages of one event a second, and measures the time from XADD until COMMIT is answered, as
// the service counts it, from the milliseconds of the entries' ids on; and, to compare, until PostgreSQL's own time of
// the commit, which is before that is on disk.
func (b *bench) latency(ctx context.Context, r *report, perSecond int, duration time.Duration) error {
	l, err := newLoad(1, 1)
	if err != nil {
		return err
	}
	if err := b.reset(ctx); err != nil {
		return err
	}
	service, err := b.service()
	if err != nil {
		return err
	}
	defer service.Stop()
	if err := b.ready(ctx, service); err != nil {
		return err
	}
	warm := perSecond / 2
	if _, err := b.offer(ctx, l, 0, warm, perSecond); err != nil {
		return err
	}
	time.Sleep(time.Second)
	before, err := b.buckets(ctx)
	if err != nil {
		return err
	}
	start, err := b.usage(service)
	if err != nil {
		return err
	}
	messages := int(float64(perSecond) * duration.Seconds())
	sent, err := b.offer(ctx, l, warm, messages, perSecond)
	if err != nil {
		return err
	}
	time.Sleep(time.Second)
	after, err := b.buckets(ctx)
	if err != nil {
		return err
	}
	end, err := b.usage(service)
	if err != nil {
		return err
	}
	if n, err := b.rows(ctx, l); err != nil || n != warm+messages {
		return fmt.Errorf("%d of %d events are in the table; error %w", n, warm+messages, err)
	}
	committed, err := b.commitLatencies(ctx, l, warm, sent)
	if err != nil {
		return err
	}
	for _, q := range []float64{0.5, 0.99, 0.999} {
		name := "p" + strings.TrimPrefix(strconv.FormatFloat(100*q, 'f', -1, 64), "0")
		r.add(name+" ms", 1000*quantile(before, after, q))
		r.add(name+" ms, by the commit's time", 1000*committed[int(q*float64(len(committed)-1))].Seconds())
	}
	r.add("service µs/event", perEvent(end.since(start).service, messages))
	return service.Stop()
}

// ready waits until the service says that it is.
func (b *bench) ready(ctx context.Context, service *launch.Service) error {
	for ; ; time.Sleep(5 * time.Millisecond) {
		if err := service.Exited(); err != nil {
			return err
		}
		answer, err := b.get(ctx, "/readyz")
		if err != nil {
			continue // it does not listen yet
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
}

func (b *bench) get(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", b.port, path), nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

// offer adds messages from the first one on, evenly, and returns when each was sent.
func (b *bench) offer(ctx context.Context, l load, first, messages, perSecond int) ([]time.Time, error) {
	sent := make([]time.Time, 0, messages)
	payloads := make([]string, messages)
	for i := range payloads {
		payloads[i] = l.message(first + i)
	}
	start := time.Now()
	for len(sent) < messages {
		due := min(messages, 1+int(time.Since(start).Seconds()*float64(perSecond)))
		if due == len(sent) {
			next := start.Add(time.Duration(float64(len(sent)) / float64(perSecond) * float64(time.Second)))
			time.Sleep(time.Until(next))
			continue
		}
		pipeline := b.redis.Pipeline()
		now := time.Now()
		for _, payload := range payloads[len(sent):due] {
			pipeline.XAdd(ctx, &redis.XAddArgs{Stream: streamName, Values: []string{"payload", payload}})
			sent = append(sent, now)
		}
		if _, err := pipeline.Exec(ctx); err != nil {
			return nil, fmt.Errorf("offer messages: %w", err)
		}
	}
	return sent, nil
}

// commitLatencies returns, sorted, the times from sending until the time that PostgreSQL gave the commits.
func (b *bench) commitLatencies(ctx context.Context, l load, first int, sent []time.Time) ([]time.Duration, error) {
	rows, err := b.db.Query(ctx, "SELECT block_number, log_index, pg_xact_commit_timestamp(xmin) FROM "+l.tables()[0])
	if err != nil {
		return nil, fmt.Errorf("read commit times: %w", err)
	}
	defer rows.Close()
	var all []time.Duration
	for rows.Next() {
		var block, index int
		var at time.Time
		if err := rows.Scan(&block, &index, &at); err != nil {
			return nil, fmt.Errorf("read commit times: %w", err)
		}
		if n := (block-1)*eventsPerBlock + index - first; n >= 0 && n < len(sent) {
			all = append(all, at.Sub(sent[n]))
		}
	}
	slices.Sort(all)
	return all, rows.Err()
}

// bucket is a line of the service's histogram of latencies.
type bucket struct {
	most  float64 // seconds
	count float64 // of all up to it
}

func (b *bench) buckets(ctx context.Context) ([]bucket, error) {
	answer, err := b.get(ctx, "/metrics")
	if err != nil {
		return nil, fmt.Errorf("ask for metrics: %w", err)
	}
	defer answer.Body.Close()
	var all []bucket
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), `redis_postgres_sync_end_to_end_latency_seconds_bucket{le="`)
		if !ok {
			continue
		}
		most, count, _ := strings.Cut(rest, `"} `)
		m, _ := strconv.ParseFloat(most, 64)
		n, err := strconv.ParseFloat(count, 64)
		if err != nil {
			return nil, fmt.Errorf("read metrics: %w", err)
		}
		all = append(all, bucket{m, n})
	}
	return all, lines.Err()
}

// quantile is the q-quantile of what came between two looks, in seconds, evenly spread within a bucket.
func quantile(before, after []bucket, q float64) float64 {
	count := func(i int) float64 { return after[i].count - before[i].count }
	want := q * count(len(after)-1)
	low, below := 0.0, 0.0
	for i := range after {
		if n := count(i); n >= want {
			return low + (after[i].most-low)*(want-below)/max(n-below, 1)
		}
		low, below = after[i].most, count(i)
	}
	return low
}

// start measures the time from exec until the first commit, with the schema in place and one message waiting.
func (b *bench) start(ctx context.Context, r *report) error {
	l, err := newLoad(1, 1)
	if err != nil {
		return err
	}
	if err := b.reset(ctx); err != nil {
		return err
	}
	if err := fill(ctx, b.redis, l, oneStream, 0, 1); err != nil {
		return err
	}
	indexes, err := b.validIndexes(ctx, l)
	if err != nil {
		return err
	}
	began := time.Now()
	service, err := b.service()
	if err != nil {
		return err
	}
	defer service.Stop()
	if _, err := b.drain(ctx, service, l, nothing, indexes); err != nil {
		return err
	}
	times, err := b.commitLatencies(ctx, l, 0, []time.Time{began})
	if err != nil {
		return err
	}
	r.add("first commit, ms", 1000*times[0].Seconds())
	return nil
}

// idle measures what one event takes while there is nothing else to do.
func (b *bench) idle(ctx context.Context, r *report) error {
	const perSecond, events = 10, 100
	return b.latency(ctx, r, perSecond, events/perSecond*time.Second)
}
