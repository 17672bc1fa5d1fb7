package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// verdict is what the ledger and the tables say of each other. Only of the first three, and of Looks, some may be.
type verdict struct {
	Events  int `json:"events"`  // in the ledger
	Letters int `json:"letters"` // events of the ledger that are dead letters, as they should
	Excused int `json:"excused"` // neither a row nor a dead letter, as Redis has lost them before they were acknowledged

	Lost    int `json:"lost"`    // neither a row nor a dead letter
	Doubled int `json:"doubled"` // rows of one event beyond the first
	Altered int `json:"altered"` // rows with another value in some column, or in the wrong table
	Foreign int `json:"foreign"` // rows and dead letters of no event
	Pending int `json:"pending"` // entries not acknowledged, or not delivered; -1: Redis did not tell
	// Early counts entries that were acknowledged and not committed when somebody looked, in Looks looks during the run.
	Early int `json:"early"`
	Looks int `json:"looks"`

	// First says what the first thing wrong was.
	First string `json:"first,omitempty"`
}

func (v *verdict) failed() bool {
	return v.Lost != 0 || v.Doubled != 0 || v.Altered != 0 || v.Foreign != 0 || v.Pending != 0 || v.Early != 0
}

func (v *verdict) note(format string, args ...any) {
	if v.First == "" {
		v.First = fmt.Sprintf(format, args...)
	}
}

// drained waits until every entry is delivered and acknowledged, for as long as something more is within the time of patience, and
// returns how many are not; -1 if Redis does not tell.
func (w *world) drained(ctx context.Context, patience time.Duration) int {
	var best backlog
	for since := time.Now(); ; sleep(ctx, 20*time.Millisecond) {
		now := w.backlog(ctx)
		if now.left == 0 || ctx.Err() != nil {
			return now.left
		}
		if now.left > 0 && now.better(best) {
			best, since = now, time.Now()
		}
		if time.Since(since) > patience {
			return now.left
		}
	}
}

// backlog is what a group has yet to do.
type backlog struct {
	left      int    // entries not acknowledged; -1 if Redis does not tell
	delivered string // up to where the entries of each stream are, since Redis may not know how many are left
}

func (b backlog) better(than backlog) bool {
	return b.delivered != than.delivered || b.left < than.left
}

func (w *world) backlog(ctx context.Context) (b backlog) {
	for _, name := range streamNames {
		state, err := stream.Inspect(ctx, w.redis, name, group)
		if err != nil {
			return backlog{left: -1}
		}
		b.left += int(state.Pending)
		b.delivered += state.LastDeliveredID + " "
		if state.LastDeliveredID != state.LastID {
			b.left += max(1, int(valueOf(state.Lag)))
		}
	}
	return b
}

func valueOf(n *int64) int64 {
	if n == nil {
		return 1
	}
	return *n
}

// verify is check in a session of its own.
func (w *world) verify(ctx context.Context, l *ledger, v *verdict) error {
	db, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	return l.check(ctx, db, v)
}

// check compares the ledger with the tables.
func (l *ledger) check(ctx context.Context, db *pgx.Conn, v *verdict) error {
	v.Events = l.sent()
	seen := make([]uint8, v.Events)
	if err := l.checkRows(ctx, db, v, seen); err != nil {
		return err
	}
	if err := l.checkGeneric(ctx, db, v, seen); err != nil {
		return err
	}
	if err := l.checkLetters(ctx, db, v, seen); err != nil {
		return err
	}
	excused := l.excused()
	for n, times := range seen {
		switch {
		case times > 0:
		case excused[n]:
			v.Excused++
		default:
			v.Lost++
			v.note("event %d is lost", n)
		}
	}
	return nil
}

// found notes that event n stands in the place of a kind.
func (l *ledger) found(v *verdict, seen []uint8, n int, k kind) bool {
	switch {
	case n < 0 || n >= len(seen):
		v.Foreign++
		v.note("event %d was never sent", n)
		return false
	case l.kind(n) != k:
		v.Altered++
		v.note("event %d is of kind %d, and stands where those of kind %d do", n, l.kind(n), k)
		return false
	case seen[n] > 0:
		v.Doubled++
		v.note("event %d stands twice", n)
		return false
	}
	seen[n] = 1
	return true
}

func (l *ledger) checkRows(ctx context.Context, db *pgx.Conn, v *verdict, seen []uint8) error {
	return l.compare(ctx, db, "SELECT "+chainColumns+", "+paramColumns+" FROM deposited_events", v, seen, typed, l.row)
}

func (l *ledger) checkGeneric(ctx context.Context, db *pgx.Conn, v *verdict, seen []uint8) error {
	const sql = "SELECT " + chainColumns + ", event_name, encode(event_signature_hash, 'hex'), event_data::text FROM generic_events"
	return l.compare(ctx, db, sql, v, seen, generic, l.genericRow)
}

// compare compares rows, all of whose columns are texts, with those that the ledger wants for events of a kind.
func (l *ledger) compare(
	ctx context.Context, db *pgx.Conn, sql string, v *verdict, seen []uint8, k kind, row func(n int) []string,
) error {
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return err
	}
	values := make([]string, len(row(0)))
	targets := make([]any, len(values))
	for i := range values {
		targets[i] = &values[i]
	}
	_, err = pgx.ForEachRow(rows, targets, func() error {
		n := number(values[5], values[1])
		if !l.found(v, seen, n, k) {
			return nil
		}
		for i, want := range row(n) {
			if values[i] != want {
				v.Altered++
				v.note("event %d has %q in column %d, want %q", n, values[i], i+1, want)
				break
			}
		}
		return nil
	})
	return err
}

// number is that of the event in a block at a place.
func number(block, place string) int {
	b, _ := strconv.Atoi(block)
	i, _ := strconv.Atoi(place)
	return (b-1)*perBlock + i
}

var marked = regexp.MustCompile(mark + `(\d+)\.`)

// deadLetter is what a row of dead_letters says.
type deadLetter struct {
	payload, stream, id string
	index               int
	reason, state       string
}

// letter returns the dead letter that PostgreSQL must hold of event n, which is in a message.
func (l *ledger) letter(n int, m message) deadLetter {
	d := deadLetter{stream: m.stream, id: m.id.String(), state: "open"}
	if l.kind(n) == rubbish {
		d.payload, d.index, d.reason = l.rubbish(n), event.WholeMessage, string(event.ReasonNotJSON)
	} else {
		d.payload, d.index, d.reason = l.item(n), n-m.first, string(event.ReasonInvalidField)
	}
	return d
}

// wanted reports whether a dead letter is one that PostgreSQL must hold of event n, which is in these messages, and how many there may
// be of it at most.
func (l *ledger) wanted(got deadLetter, n int, messages []message) (ok bool, most int) {
	for _, m := range messages {
		most += m.attempts
		want := l.letter(n, m)
		told := 1
		if m.copied != nothing {
			told = 2
		}
		if m.attempts > told || told == 2 && got.id == m.copied.String() {
			want.id = got.id // Redis has not told them all, or this is that of the copy
		}
		ok = ok || got == want
	}
	return ok, most
}

// checkLetters: an event that was added twice has two dead letters, which are kept by the place of their message.
func (l *ledger) checkLetters(ctx context.Context, db *pgx.Conn, v *verdict, seen []uint8) error {
	const sql = "SELECT convert_from(payload, 'UTF8'), stream, message_id, event_index, reason_code, state FROM dead_letters"
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return err
	}
	messages, letters := l.withLetters(), make(map[int]int)
	var got deadLetter
	targets := []any{&got.payload, &got.stream, &got.id, &got.index, &got.reason, &got.state}
	_, err = pgx.ForEachRow(rows, targets, func() error {
		found := marked.FindStringSubmatch(got.payload)
		if found == nil {
			v.Foreign++
			v.note("a dead letter is of no event that should be one: %.300s", got.payload)
			return nil
		}
		n, err := strconv.Atoi(found[1])
		if err != nil {
			return err
		}
		k := poison
		if l.kind(n) == rubbish {
			k = rubbish
		}
		if letters[n] == 0 && !l.found(v, seen, n, k) {
			return nil
		}
		letters[n]++
		ok, most := l.wanted(got, n, messages[n])
		switch {
		case letters[n] > most:
			v.Doubled++
			v.note("event %d has %d dead letters, and was added %d times", n, letters[n], most)
		case !ok:
			v.Altered++
			v.note("a dead letter of event %d is none that it should have: %.600s", n, fmt.Sprint(got))
		case letters[n] == 1:
			v.Letters++
		}
		return nil
	})
	return err
}

// look takes entries that Redis says are acknowledged, and sees whether PostgreSQL holds their events.
func (l *ledger) look(ctx context.Context, w *world, db *pgx.Conn, v *verdict) error {
	l.looking.Lock()
	defer l.looking.Unlock()
	for _, name := range streamNames {
		given, err := stream.Delivered(ctx, w.redis, name, group)
		if err != nil {
			return err
		}
		checked := 0
		for _, m := range l.latest(name, 2000) {
			if m.excused || !m.id.Before(given.Low) {
				continue
			}
			var first, end = -1, -1 // typed events of the message
			for n := m.first; n < m.end; n++ {
				if l.kind(n) == typed {
					if first < 0 {
						first = n
					}
					end = n
				}
			}
			if first < 0 {
				continue
			}
			for _, n := range []int{first, end} {
				var there bool
				const sql = "SELECT EXISTS (SELECT FROM deposited_events WHERE network = 'chaos' AND (block_number, log_index) = ($1, $2))"
				if err := db.QueryRow(ctx, sql, n/perBlock+1, n%perBlock).Scan(&there); err != nil {
					return err
				}
				if !there {
					v.Early++
					v.note("entry %s of %s is acknowledged, and its event %d not committed", m.id, name, n)
				}
			}
			if checked++; checked == 3 {
				break
			}
		}
		v.Looks += checked
	}
	return nil
}

// keepLooking looks for what is acknowledged too early, while the servers answer.
func (l *ledger) keepLooking(ctx context.Context, w *world, v *verdict) {
	for ctx.Err() == nil {
		db, err := w.connect(ctx)
		if err != nil {
			continue
		}
		for err == nil && ctx.Err() == nil {
			sleep(ctx, 100*time.Millisecond)
			err = l.look(ctx, w, db, v)
		}
		db.Close(context.WithoutCancel(ctx))
	}
}
