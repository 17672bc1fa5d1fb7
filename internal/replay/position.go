package replay

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// ParsePosition reads what an operator calls a place in a stream: the id of an entry, with or without the sequence
// number, or a time as in RFC 3339, which is the time at which Redis took the entry. First and last are the first and
// the last id that it can mean. The error does not quote the text, and says what it is.
func ParsePosition(text string) (first, last event.EntryID, err error) {
	if id, err := event.ParseEntryID(text); err == nil {
		return id, id, nil
	}
	if ms, err := strconv.ParseUint(text, 10, 64); err == nil {
		return event.EntryID{MS: ms}, event.EntryID{MS: ms, Seq: math.MaxUint64}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		return first, last, errors.New("neither the id of an entry nor a time; " +
			"hint: an id is like 1735689600000-0 (0 is the beginning), a time like 2025-01-01T00:00:00Z")
	case at.UnixMilli() < 0:
		return first, last, errors.New("before 1970; hint: 0 is the beginning of a stream")
	case at.After(time.Now()):
		return first, last, fmt.Errorf("in the future; hint: it is %s now", time.Now().UTC().Format(time.RFC3339))
	}
	first = event.EntryIDAt(at)
	return first, event.EntryID{MS: first.MS, Seq: math.MaxUint64}, nil
}
