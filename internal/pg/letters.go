package pg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Letters are the dead letters of a database, for those who look at them. What becomes of them when their events are
// decided again is a Writer's business. Any goroutine may use them.
type Letters struct {
	pool    *pgxpool.Pool
	queries *db.Queries
}

// NewLetters returns the dead letters of the pool's database.
func NewLetters(pool *pgxpool.Pool) *Letters { return &Letters{pool, db.New(pool)} }

// Letter is a dead letter as it stands in the table.
type Letter struct {
	event.DeadLetter
	State     State
	Attempts  int
	FirstSeen time.Time
	LastSeen  time.Time
	// PayloadBytes is the length of Payload, which List leaves out.
	PayloadBytes int
}

// State is what became of a dead letter.
type State string

// The states. Only open letters change.
const (
	StateOpen      State = "open"
	StateReplayed  State = "replayed"
	StateDiscarded State = "discarded"
	StateWritten   State = "written" // the row stands, and differs from the event as the reason says
)

// Choice says which dead letters are meant. What is empty chooses all.
type Choice struct {
	State  State
	Stream string
	Reason event.Reason
	Event  string // name
}

// ErrNoLetter is the error of a dead letter that does not exist.
var ErrNoLetter = errors.New("there is no such dead letter")

// List returns at most so many letters, those seen last first, without their payloads.
func (l *Letters) List(ctx context.Context, c Choice, most int) ([]Letter, error) {
	rows, err := l.queries.ListDeadLetters(ctx, db.ListDeadLettersParams{
		State: string(c.State), Stream: c.Stream, ReasonCode: string(c.Reason), EventName: c.Event, Most: int32(most),
	})
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	letters := make([]Letter, len(rows))
	for i, row := range rows {
		letters[i] = letterOf(db.DeadLetters{
			Stream: row.Stream, MessageID: row.MessageID, EventIndex: row.EventIndex, EventName: row.EventName,
			EventSignatureHash: row.EventSignatureHash, Network: row.Network, ReasonCode: row.ReasonCode,
			Detail: row.Detail, Sqlstate: row.Sqlstate, FirstSeen: row.FirstSeen, LastSeen: row.LastSeen,
			Attempts: row.Attempts, State: row.State,
		})
		letters[i].PayloadBytes = int(row.PayloadBytes)
	}
	return letters, nil
}

// ByReason is how many letters there are of a reason.
type ByReason struct {
	Reason  event.Reason
	Letters int
}

// Count returns how many letters there are of each reason, the most first.
func (l *Letters) Count(ctx context.Context, c Choice) ([]ByReason, error) {
	rows, err := l.queries.CountDeadLetters(ctx, db.CountDeadLettersParams{
		State: string(c.State), Stream: c.Stream, ReasonCode: string(c.Reason), EventName: c.Event,
	})
	if err != nil {
		return nil, fmt.Errorf("count dead letters: %w", err)
	}
	counts := make([]ByReason, len(rows))
	for i, row := range rows {
		counts[i] = ByReason{event.Reason(row.ReasonCode), int(row.Letters)}
	}
	return counts, nil
}

// Find returns one letter. The error is ErrNoLetter where there is none.
func (l *Letters) Find(ctx context.Context, o event.Origin) (Letter, error) {
	row, err := l.queries.DeadLetter(ctx, db.DeadLetterParams(keyOf(o)))
	if errors.Is(err, pgx.ErrNoRows) {
		return Letter{}, ErrNoLetter
	}
	if err != nil {
		return Letter{}, fmt.Errorf("find dead letter: %w", err)
	}
	return letterOf(row), nil
}

// State returns the state of a letter without reading the rest of it. The error is ErrNoLetter where there is none.
func (l *Letters) State(ctx context.Context, o event.Origin) (State, error) {
	state, err := l.queries.DeadLetterState(ctx, keyOf(o))
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNoLetter
	}
	if err != nil {
		return "", fmt.Errorf("find dead letter: %w", err)
	}
	return State(state), nil
}

func keyOf(o event.Origin) db.DeadLetterStateParams {
	return db.DeadLetterStateParams{Stream: o.Stream, MessageID: o.MessageID, EventIndex: int32(o.Index)}
}

// Now is the time by the server's clock, which first and last seen are by.
func (l *Letters) Now(ctx context.Context) (time.Time, error) {
	now, err := l.queries.ServerTime(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	return now, nil
}

// A page of open letters has at most this many, and no more payload than this unless it is one letter alone.
const (
	pageLetters = 500
	pageBytes   = 16 << 20
)

// Open returns a page of the open letters that were first seen by a time, in the order of the key: those behind the
// one given, or the first ones. No letters mean that there are no more.
func (l *Letters) Open(ctx context.Context, c Choice, seenBy time.Time, after event.Origin) ([]Letter, error) {
	var rows []db.OpenDeadLettersRow
	err := alongKey(ctx, l.pool, func(queries *db.Queries) (err error) {
		rows, err = queries.OpenDeadLetters(ctx, db.OpenDeadLettersParams{
			SeenBy: seenBy, Stream: c.Stream, ReasonCode: string(c.Reason), EventName: c.Event,
			AfterStream: after.Stream, AfterMessageID: after.MessageID, AfterEventIndex: int32(after.Index),
			Most: pageLetters, MostBytes: pageBytes,
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	letters := make([]Letter, len(rows))
	for i, row := range rows {
		letters[i] = letterOf(db.DeadLetters{
			Stream: row.Stream, MessageID: row.MessageID, EventIndex: row.EventIndex, EventName: row.EventName,
			EventSignatureHash: row.EventSignatureHash, Network: row.Network, ReasonCode: row.ReasonCode,
			Payload: row.Payload, State: string(StateOpen),
		})
	}
	return letters, nil
}

// alongKey runs a query that reads a page in the order of a key, and keeps the planner to the key's index: where it
// lacks statistics it would rather read and sort all that is left, for each page.
func alongKey(ctx context.Context, pool *pgxpool.Pool, query func(*db.Queries) error) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL enable_sort = off"); err != nil {
			return err
		}
		return query(db.New(tx))
	})
}

// OpenOf returns the open letters of messages of a stream.
func (l *Letters) OpenOf(ctx context.Context, stream string, messageIDs []string) ([]event.Origin, error) {
	rows, err := l.queries.OpenDeadLettersOfMessages(ctx, db.OpenDeadLettersOfMessagesParams{
		Stream: stream, MessageIds: messageIDs,
	})
	if err != nil {
		return nil, fmt.Errorf("find dead letters: %w", err)
	}
	origins := make([]event.Origin, len(rows))
	for i, row := range rows {
		origins[i] = event.Origin{Stream: stream, MessageID: row.MessageID, Index: int(row.EventIndex)}
	}
	return origins, nil
}

// Discard makes an open letter discarded, and reports whether it was open.
func (l *Letters) Discard(ctx context.Context, o event.Origin) (bool, error) {
	discarded, err := l.queries.DiscardDeadLetter(ctx, db.DiscardDeadLetterParams(keyOf(o)))
	if err != nil {
		return false, fmt.Errorf("discard dead letter: %w", err)
	}
	return discarded > 0, nil
}

// DiscardSome makes some of the open letters discarded that were first seen by a time, and returns how many. None
// mean that there are no more.
func (l *Letters) DiscardSome(ctx context.Context, c Choice, seenBy time.Time) (int, error) {
	const most = 1000
	discarded, err := l.queries.DiscardDeadLetters(ctx, db.DiscardDeadLettersParams{
		SeenBy: seenBy, Stream: c.Stream, ReasonCode: string(c.Reason), EventName: c.Event, Most: most,
	})
	if err != nil {
		return 0, fmt.Errorf("discard dead letters: %w", err)
	}
	return int(discarded), nil
}

func letterOf(row db.DeadLetters) Letter {
	l := Letter{
		DeadLetter: event.DeadLetter{
			Origin:        event.Origin{Stream: row.Stream, MessageID: row.MessageID, Index: int(row.EventIndex)},
			EventName:     row.EventName,
			SignatureHash: common.BytesToHash(row.EventSignatureHash),
			Network:       row.Network,
			Reason:        event.Reason(row.ReasonCode),
			Detail:        row.Detail,
			Payload:       row.Payload,
			Written:       State(row.State) == StateWritten,
		},
		State: State(row.State), Attempts: int(row.Attempts), FirstSeen: row.FirstSeen, LastSeen: row.LastSeen,
		PayloadBytes: len(row.Payload),
	}
	if row.Sqlstate != nil {
		l.SQLState = *row.Sqlstate
	}
	return l
}
