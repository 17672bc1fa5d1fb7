package pg

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// ErrSettled is the error of a batch that settles a dead letter which somebody else has settled meanwhile.
var ErrSettled = errors.New("a dead letter is not open any more")

// settle writes the letters of a batch that decides dead letters again, and makes the others of those replayed. The
// rows of the batch are written before, in the order of every writer, so that none waits for us while we wait for it.
func settle(ctx context.Context, queries *db.Queries, settles []event.Origin, letters []event.DeadLetter) error {
	open, err := queries.LockOpenDeadLetters(ctx, db.LockOpenDeadLettersParams(originParams(settles)))
	if err != nil {
		return fmt.Errorf("lock dead letters: %w", err)
	}
	if open != int64(len(settles)) {
		return ErrSettled
	}
	if err := putLetters(ctx, queries, letters); err != nil {
		return err
	}
	again := event.Origins(letters)
	settled := slices.DeleteFunc(slices.Clone(settles), func(o event.Origin) bool { return again[o] })
	if err := queries.SettleDeadLetters(ctx, originParams(settled)); err != nil {
		return fmt.Errorf("settle dead letters: %w", err)
	}
	return nil
}

func originParams(origins []event.Origin) (p db.SettleDeadLettersParams) {
	for _, o := range origins {
		p.Streams = append(p.Streams, o.Stream)
		p.MessageIds = append(p.MessageIds, o.MessageID)
		p.EventIndexes = append(p.EventIndexes, int32(o.Index))
	}
	return p
}
