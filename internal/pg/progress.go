package pg

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Incarnation names a stretch of a database's life in which it has lost nothing of what it committed. Two are the same
// stretch if they are equal; the empty one is none.
type Incarnation string

// Watermark says that all entries of a stream below Low are decided in the database. The zero value is that of a stream of
// which nothing is known.
type Watermark struct {
	Low event.EntryID
	// Incarnation is the one that it was written in.
	Incarnation Incarnation
	// Trim is a watermark that is as old as Progress wants it, so that a backup of that age knows of all below. It may be zero.
	Trim event.EntryID
}

// Progress keeps the watermarks of a consumer group in the table stream_progress. It is for any number of goroutines.
type Progress struct {
	pool    *pgxpool.Pool
	group   string
	trimAge time.Duration
}

// NewProgress returns the Progress of a group on the pool's database. TrimAge is how old a watermark must be for entries
// below it to be trimmed.
func NewProgress(pool *pgxpool.Pool, group string, trimAge time.Duration) *Progress {
	return &Progress{pool: pool, group: group, trimAge: trimAge}
}

// incarnation is the present one. Its row is in an unlogged table, because that is empty after all that can make a server
// lose what it had committed: a crash with synchronous_commit off, a failover to a standby, a restore of its files. In a
// copy of the row, by pg_dump or by CREATE DATABASE, the transaction, the table or the database is another. A restart that
// loses nothing is a new one as well, which costs no more than some reading.
// https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-UNLOGGED
//
// The two queries with it are here, and not in queries/, because sqlc does not know pg_database.
const incarnation = `(
	SELECT concat_ws('/', i.id, i.xmin, i.tableoid, d.oid, extract(epoch FROM pg_postmaster_start_time()))
	FROM server_incarnation AS i, pg_database AS d
	WHERE d.datname = current_database()
)`

// unseen is how long ago a row was written by the server's clock, if that is more than a minute or less than none, and otherwise 0.
// Whether that time has passed or the clock was set nobody can say, as those who trim write the row every few seconds where nothing
// keeps them from it. So it does not count as age: the times of the row move along, and what is young is not trimmed. It is in
// seconds, as a day that is added to a timestamp is not always 24 hours.
const unseen = `CASE WHEN now() - p.updated_at BETWEEN - interval '1 minute' AND interval '1 minute' THEN interval '0'
	ELSE make_interval(secs => extract(epoch FROM now() - p.updated_at)) END`

const lookQuery = `
SELECT now.incarnation, p.low_id, p.incarnation,
	CASE WHEN now() - (p.trim_at + ` + unseen + `) >= $3 THEN p.trim_id ELSE '0-0' END
FROM (SELECT ` + incarnation + ` AS incarnation) AS now
LEFT JOIN stream_progress AS p ON (p.stream, p.consumer_group) = ($1, $2)`

// Look reads the present incarnation and the watermark of a stream, from one and the same server.
func (p *Progress) Look(ctx context.Context, stream string) (now Incarnation, mark Watermark, err error) {
	now, mark, err = p.look(ctx, stream)
	if err == nil && now == "" {
		if err = db.New(p.pool).BeginIncarnation(ctx); err == nil {
			now, mark, err = p.look(ctx, stream)
		}
		if err == nil && now == "" {
			err = errors.New("its row has just been deleted")
		}
	}
	if err != nil {
		return "", Watermark{}, fmt.Errorf("read watermark of stream %s: %w", stream, err)
	}
	return now, mark, nil
}

func (p *Progress) look(ctx context.Context, stream string) (Incarnation, Watermark, error) {
	var now, low, in, trim *string
	err := p.pool.QueryRow(ctx, lookQuery, stream, p.group, p.trimAge).Scan(&now, &low, &in, &trim)
	if err != nil {
		return "", Watermark{}, err
	}
	var mark Watermark
	if low != nil {
		mark.Incarnation = Incarnation(*in)
		if mark.Low, err = event.ParseEntryID(*low); err != nil {
			return "", Watermark{}, err
		}
		if mark.Trim, err = event.ParseEntryID(*trim); err != nil {
			return "", Watermark{}, err
		}
	}
	if now == nil {
		return "", mark, nil
	}
	return Incarnation(*now), mark, nil
}

const sampleIsDue = `now() - (p.sampled_at + ` + unseen + `) >= @age`

const putQuery = `
INSERT INTO stream_progress AS p (stream, consumer_group, low_id, incarnation, sample_id, trim_id)
SELECT @stream, @group, @low, @incarnation, @low, '0-0'
WHERE ` + incarnation + ` = @incarnation
ON CONFLICT (stream, consumer_group) DO UPDATE SET
	low_id = excluded.low_id,
	incarnation = excluded.incarnation,
	updated_at = now(),
	trim_id = CASE WHEN ` + sampleIsDue + ` THEN p.sample_id ELSE p.trim_id END,
	trim_at = CASE WHEN ` + sampleIsDue + ` THEN p.sampled_at ELSE p.trim_at END + ` + unseen + `,
	sample_id = CASE WHEN ` + sampleIsDue + ` THEN excluded.low_id ELSE p.sample_id END,
	sampled_at = CASE WHEN ` + sampleIsDue + ` THEN now() ELSE p.sampled_at + ` + unseen + ` END`

// Put writes the watermark of a stream, and reports whether the database is still in the incarnation given: otherwise it
// writes nothing. A watermark becomes the one to trim below between one and two trim ages after it was written. Between two writes
// that are more than a minute apart by the server's clock, or less than none, nothing becomes older.
func (p *Progress) Put(ctx context.Context, stream string, low event.EntryID, in Incarnation) (written bool, err error) {
	tag, err := p.pool.Exec(ctx, putQuery, pgx.NamedArgs{
		"stream": stream, "group": p.group, "low": low.String(), "incarnation": string(in), "age": p.trimAge,
	})
	if err != nil {
		return false, fmt.Errorf("write watermark of stream %s: %w", stream, err)
	}
	return tag.RowsAffected() > 0, nil
}

const resetQuery = `
UPDATE stream_progress SET low_id = '0-0', sample_id = '0-0', trim_id = '0-0'
WHERE (stream, consumer_group) = (@stream, @group) AND (low_id, incarnation) = (@low, @written)`

// Reset takes the watermark of a stream back to the beginning, and the one to trim below with it, as the stream's ids may begin anew.
// It stays one of its incarnation. It reports whether it still was the one given: otherwise it does nothing.
func (p *Progress) Reset(ctx context.Context, stream string, mark Watermark) (reset bool, err error) {
	tag, err := p.pool.Exec(ctx, resetQuery, pgx.NamedArgs{
		"stream": stream, "group": p.group, "low": mark.Low.String(), "written": string(mark.Incarnation),
	})
	if err != nil {
		return false, fmt.Errorf("reset watermark of stream %s: %w", stream, err)
	}
	return tag.RowsAffected() > 0, nil
}

const raiseQuery = `
UPDATE stream_progress AS p SET low_id = @low
WHERE (p.stream, p.consumer_group, p.incarnation) = (@stream, @group, @written)
	AND ` + incarnation + ` = @now
	AND (split_part(p.low_id, '-', 1)::numeric, split_part(p.low_id, '-', 2)::numeric) < (@ms::numeric, @seq::numeric)`

// Raise raises the watermark of a stream that was written in another incarnation than the present one, as all entries below are
// decided in this one as well. It stays a watermark of the other, above which entries may be missing. It does nothing, and says so,
// where the watermark is not lower, was written in a third incarnation, or the present one is not the one given any more.
func (p *Progress) Raise(ctx context.Context, stream string, low event.EntryID, written, now Incarnation) (raised bool, err error) {
	tag, err := p.pool.Exec(ctx, raiseQuery, pgx.NamedArgs{
		"stream": stream, "group": p.group, "low": low.String(), "written": string(written), "now": string(now),
		"ms": strconv.FormatUint(low.MS, 10), "seq": strconv.FormatUint(low.Seq, 10),
	})
	if err != nil {
		return false, fmt.Errorf("raise watermark of stream %s: %w", stream, err)
	}
	return tag.RowsAffected() > 0, nil
}
