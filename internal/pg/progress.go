package pg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
)

// Incarnation names a stretch of the server's life in which it has lost nothing of what it committed. Two are the same
// stretch if they are equal; the zero value is none.
type Incarnation struct{ id pgtype.UUID }

// Watermark says that all entries of a stream below LowID are decided in the database. The zero value is that of a
// stream of which nothing is known.
type Watermark struct {
	LowID string
	// Incarnation is the one that it was written in.
	Incarnation Incarnation
	UpdatedAt   time.Time
}

// Progress keeps the watermarks of a consumer group in the table stream_progress. It is for any number of goroutines.
type Progress struct {
	queries *db.Queries
	group   string
}

// NewProgress returns the Progress of a group on the pool's database.
func NewProgress(pool *pgxpool.Pool, group string) *Progress {
	return &Progress{queries: db.New(pool), group: group}
}

// Incarnation returns the server's. It is kept in an unlogged table, because that is empty after all that can make a
// server lose what it had committed: a crash with synchronous_commit off, a failover to a standby, a restore. A restart
// that loses nothing is a new one as well, which costs no more than some reading.
// https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-UNLOGGED
func (p *Progress) Incarnation(ctx context.Context) (Incarnation, error) {
	id, err := p.queries.Incarnation(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		if err = p.queries.BeginIncarnation(ctx); err == nil {
			id, err = p.queries.Incarnation(ctx)
		}
	}
	if err != nil {
		return Incarnation{}, fmt.Errorf("find the server's incarnation: %w", err)
	}
	return Incarnation{id}, nil
}

// Watermark reads that of a stream.
func (p *Progress) Watermark(ctx context.Context, stream string) (Watermark, error) {
	row, err := p.queries.StreamProgress(ctx, db.StreamProgressParams{Stream: stream, ConsumerGroup: p.group})
	if errors.Is(err, pgx.ErrNoRows) {
		return Watermark{}, nil
	}
	if err != nil {
		return Watermark{}, fmt.Errorf("read watermark of stream %s: %w", stream, err)
	}
	return Watermark{LowID: row.LowID, Incarnation: Incarnation{row.Incarnation}, UpdatedAt: row.UpdatedAt}, nil
}

// Put writes the watermark of a stream, and reports whether the server is still in the incarnation given: otherwise it
// writes nothing.
func (p *Progress) Put(ctx context.Context, stream, lowID string, in Incarnation) (written bool, err error) {
	n, err := p.queries.PutStreamProgress(ctx, db.PutStreamProgressParams{
		Stream: stream, ConsumerGroup: p.group, LowID: lowID, Incarnation: in.id,
	})
	if err != nil {
		return false, fmt.Errorf("write watermark of stream %s: %w", stream, err)
	}
	return n > 0, nil
}
