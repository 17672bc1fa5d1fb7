package event

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// EntryID is the id of an entry of a stream, or of one that could stand there: milliseconds of the server's clock, unless the
// producer makes ids of its own, and a sequence number. The zero value is below all entries.
// https://redis.io/docs/latest/develop/data-types/streams/#entry-ids
type EntryID struct{ MS, Seq uint64 }

// ParseEntryID reads "<milliseconds>-<sequence>".
func ParseEntryID(text string) (id EntryID, err error) {
	ms, seq, ok := strings.Cut(text, "-")
	if ok {
		id.MS, err = strconv.ParseUint(ms, 10, 64)
	}
	if ok && err == nil {
		id.Seq, err = strconv.ParseUint(seq, 10, 64)
	}
	if !ok || err != nil {
		return EntryID{}, fmt.Errorf("parse entry id %q: not <milliseconds>-<sequence>", text)
	}
	return id, nil
}

// EntryIDOf is ParseEntryID of an id that Redis gave, or has checked.
func EntryIDOf(text string) EntryID {
	id, _ := ParseEntryID(text)
	return id
}

// EntryIDAt is the lowest id that an entry can have that was added at a time.
func EntryIDAt(t time.Time) EntryID { return EntryID{MS: uint64(max(0, t.UnixMilli()))} }

// String returns the id as Redis takes it.
func (id EntryID) String() string {
	return strconv.FormatUint(id.MS, 10) + "-" + strconv.FormatUint(id.Seq, 10)
}

// Compare is that of package cmp.
func (id EntryID) Compare(other EntryID) int {
	return cmp.Or(cmp.Compare(id.MS, other.MS), cmp.Compare(id.Seq, other.Seq))
}

// Before reports whether the id stands before another.
func (id EntryID) Before(other EntryID) bool { return id.Compare(other) < 0 }

// Next is the lowest id above. The highest has none, and is its own.
func (id EntryID) Next() EntryID {
	switch {
	case id.Seq < math.MaxUint64:
		return EntryID{id.MS, id.Seq + 1}
	case id.MS < math.MaxUint64:
		return EntryID{id.MS + 1, 0}
	}
	return id
}

// Age is the time since the entry was added; none for one that is from the future.
func (id EntryID) Age(now time.Time) time.Duration {
	ms := uint64(now.UnixMilli())
	if id.MS >= ms {
		return 0
	}
	return time.Duration(ms-id.MS) * time.Millisecond
}
