package stream

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// ackMost bounds one XACK, so that a large batch does not hold up a server that has other clients.
	ackMost     = 1000
	ackAttempts = 4
	ackBackoff  = 50 * time.Millisecond
)

// Ack tells Redis that these entries are decided: the caller's transaction is committed. It tries a few times within
// ctx. After an error the entries count as decided nevertheless: this Consumer never hands them out again, and the next
// Read tells Redis first, or fails. So what is owed is never more than one batch, and the caller has nothing to do but
// to report the error.
func (c *Consumer) Ack(ctx context.Context, ids []string) error {
	rest, err := c.ack(ctx, ids, ackAttempts)
	c.owe(rest)
	if err != nil {
		return fmt.Errorf("stream %s: %w", c.o.Stream, err)
	}
	return nil
}

// settle acknowledges what an earlier Ack could not. It tries once, because the one who reads has a back-off already.
func (c *Consumer) settle(ctx context.Context) error {
	if len(c.unacked) == 0 {
		return nil
	}
	rest, err := c.ack(ctx, slices.Collect(maps.Keys(c.unacked)), 1)
	clear(c.unacked)
	c.owe(rest)
	return err
}

func (c *Consumer) owe(ids []string) {
	for _, id := range ids {
		c.unacked[id] = struct{}{}
	}
}

// ack returns the ids that Redis did not answer for, with the error if there are any. XACK is idempotent, so an
// unknown outcome is tried again.
func (c *Consumer) ack(ctx context.Context, ids []string, attempts int) (rest []string, err error) {
	for len(ids) > 0 {
		chunk := ids[:min(ackMost, len(ids))]
		if err := c.ackChunk(ctx, chunk, attempts); err != nil {
			return ids, fmt.Errorf("acknowledge %d entries: %w", len(ids), err)
		}
		ids = ids[len(chunk):]
	}
	return nil, nil
}

func (c *Consumer) ackChunk(ctx context.Context, ids []string, attempts int) error {
	for attempt := 1; ; attempt++ {
		err := c.o.Client.XAck(ctx, c.o.Stream, c.o.Group, ids...).Err()
		if err == nil || attempt == attempts {
			return err
		}
		if !pause(ctx, ackBackoff<<attempt) {
			return err
		}
	}
}

// pause waits for half to all of d, so that loops that failed together do not return together. It tells whether ctx
// still holds.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d/2 + rand.N(d/2))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
