package main

import (
	"context"
	"fmt"
)

const million = 1_000_000

// growth has the service write one table from its first row to the last height, in rounds, and compares the first round
// with those that begin at compareFrom or later. The heights are in units of so many rows: a million, but in a test.
func (b *bench) growth(ctx context.Context, r *report, heights []int, compareFrom, unit int) error {
	const perMessage = 20
	l, err := newLoad(1, perMessage)
	if err != nil {
		return err
	}
	if err := b.begin(ctx, l, l.held()); err != nil {
		return err
	}
	var first, late round
	from := l.held()
	for _, height := range heights {
		to := height * unit / perMessage
		if err := b.redis.FlushAll(ctx).Err(); err != nil {
			return fmt.Errorf("empty Redis: %w", err)
		}
		this, err := b.grow(ctx, l, from, to)
		if err != nil {
			return fmt.Errorf("up to %d rows: %w", height*unit, err)
		}
		r.add(fmt.Sprintf("up to %d million, events/s", height), this.rate())
		if height == heights[0] {
			first = this
		}
		if from*perMessage >= compareFrom*unit {
			late.add(this)
		}
		from = to
	}
	r.add("first, WAL bytes/row", first.walBytes())
	r.add(fmt.Sprintf("from %d million, events/s", compareFrom), late.rate())
	r.add(fmt.Sprintf("from %d million, WAL bytes/row", compareFrom), late.walBytes())
	r.add("ratio to the first", late.rate()/first.rate())
	return nil
}

// round is what some rows took.
type round struct{ rows, seconds, wal float64 }

func (t *round) add(other round) {
	t.rows, t.seconds, t.wal = t.rows+other.rows, t.seconds+other.seconds, t.wal+other.wal
}

func (t round) rate() float64     { return t.rows / t.seconds }
func (t round) walBytes() float64 { return t.wal / t.rows }

func (b *bench) grow(ctx context.Context, l load, from, to int) (t round, err error) {
	before, err := b.walPosition(ctx)
	if err != nil {
		return t, err
	}
	var figures report
	if err := b.written(ctx, &figures, l, from, to); err != nil {
		return t, err
	}
	after, err := b.walPosition(ctx)
	rows := float64(l.events(from, to))
	return round{rows, rows / figures.last("events/s"), after - before}, err
}

func (s *system) walPosition(ctx context.Context) (bytes float64, err error) {
	if err := s.db.QueryRow(ctx, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").Scan(&bytes); err != nil {
		return 0, fmt.Errorf("ask for the position of the WAL: %w", err)
	}
	return bytes, nil
}
