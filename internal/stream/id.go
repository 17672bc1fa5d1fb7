package stream

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ZeroID is below all entries. It asks XREADGROUP for a consumer's pending list from its beginning, and XAUTOCLAIM for the
// group's.
const ZeroID = "0-0"

// entryID is an entry's id: milliseconds of the server's clock, unless the producer makes ids of its own, and a
// sequence number. https://redis.io/docs/latest/develop/data-types/streams/#entry-ids
type entryID struct {
	ms, seq uint64
}

// parseID reads an id that Redis wrote; what is none is 0-0.
func parseID(text string) entryID {
	ms, seq, _ := strings.Cut(text, "-")
	var id entryID
	id.ms, _ = strconv.ParseUint(ms, 10, 64)
	id.seq, _ = strconv.ParseUint(seq, 10, 64)
	return id
}

func (id entryID) before(other entryID) bool {
	return id.ms < other.ms || id.ms == other.ms && id.seq < other.seq
}

// age is the time since the entry was added; none for one that is from the future.
func (id entryID) age(now time.Time) time.Duration {
	ms := uint64(now.UnixMilli())
	if id.ms >= ms {
		return 0
	}
	return time.Duration(ms-id.ms) * time.Millisecond
}

// next is the lowest id above. The highest has none, and is its own.
func (id entryID) next() entryID {
	switch {
	case id.seq < math.MaxUint64:
		return entryID{id.ms, id.seq + 1}
	case id.ms < math.MaxUint64:
		return entryID{id.ms + 1, 0}
	}
	return id
}

func (id entryID) String() string {
	return strconv.FormatUint(id.ms, 10) + "-" + strconv.FormatUint(id.seq, 10)
}

// IDAt is the lowest id that an entry can have that was added at a time, in milliseconds since 1970.
func IDAt(ms int64) string { return entryID{uint64(max(0, ms)), 0}.String() }

// Lower is the lower one of two ids.
func Lower(a, b string) string {
	if parseID(b).before(parseID(a)) {
		return b
	}
	return a
}
