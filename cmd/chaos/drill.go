package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"
)

// drill takes a base backup under load, has so many more events acknowledged, and goes back to the backup: all of the
// events must come back.
func drill(ctx context.Context, o options, events int) (result outcome, err error) {
	start := time.Now()
	w, err := o.world(ctx)
	if err != nil {
		return result, err
	}
	defer w.close()
	l := &ledger{seed: o.seed, streams: streamNames}
	v := &result.verdict
	producing, end := context.WithCancel(ctx)
	defer end()
	var beside errgroup.Group
	beside.Go(func() error { return l.produce(producing, w.redis, o.rate, math.MaxInt) })
	sent := func(least int) error {
		return until(ctx, 10*time.Minute, func() error {
			if l.sent() < least {
				return errors.New("not so many events yet")
			}
			return nil
		})
	}
	err = sent(events / 2)
	if err == nil {
		err = w.postgres.Backup(ctx)
	}
	saved := l.sent()
	if err == nil {
		err = sent(saved + events)
	}
	end()
	if err = errors.Join(err, beside.Wait()); err != nil {
		return result, err
	}
	if left := w.drained(ctx, time.Minute); left != 0 {
		return result, fmt.Errorf("before the restore %d entries are pending\n%s", left, w.logs())
	}
	o.logf("%d events when the backup was complete, %d are acknowledged: restoring", saved, l.sent())
	before, err := w.rows(ctx)
	if err != nil {
		return result, err
	}
	if err := w.postgres.Restore(ctx); err != nil {
		return result, err
	}
	restored := time.Now()
	after, err := w.rows(ctx)
	if err != nil {
		return result, err
	}
	o.logf("%d rows right after the restore, of %d", after, before)
	if after >= before {
		return result, fmt.Errorf("the restore took nothing away: %d rows before it, and %d right after", before, after)
	}
	// What is read again is pending for nobody.
	err = until(ctx, 2*time.Minute, func() error {
		*v = verdict{}
		if err := w.verify(ctx, l, v); err != nil {
			return err
		}
		if v.failed() {
			return errors.New("something is missing yet")
		}
		return nil
	})
	if err != nil && !v.failed() {
		return result, fmt.Errorf("compare after the restore: %w", err)
	}
	v.Pending = w.drained(ctx, time.Minute)
	o.logf("%.1f s after it: %d lost", time.Since(restored).Seconds(), v.Lost)
	if err := w.stopAll(ctx); err != nil {
		return result, err
	}
	result.Seed, result.Seconds = o.seed, time.Since(start).Round(time.Millisecond).Seconds()
	if v.failed() {
		o.logf("what the instances said:\n%s", w.logs())
	}
	return result, nil
}

// rows counts those of the ledger's table.
func (w *world) rows(ctx context.Context) (n int, err error) {
	db, err := w.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer db.Close(ctx)
	err = db.QueryRow(ctx, "SELECT count(*) FROM deposited_events").Scan(&n)
	return n, err
}
