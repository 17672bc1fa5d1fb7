package stream

import (
	"strconv"
	"strings"
	"time"
)

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
