package rindexer

import (
	"math"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// Reorg reads the item as rindexer's notice of a reorg. The error is nil or a *FieldError. Its numbers are JSON
// numbers: no release has sent them in another form.
func (it *Item) Reorg() (event.Reorg, error) {
	r := event.Reorg{Network: it.network(), ForkBlock: it.count("fork_block")}
	depth := it.count("depth")
	// Since 0.40 the notice names a closed range; before, everything from the fork on was meant.
	if it.present("events_deleted") {
		last := r.ForkBlock + max(depth, 1) - 1
		if last < r.ForkBlock {
			last = math.MaxInt64
		}
		r.LastBlock = &last
	}
	if it.err != nil {
		return event.Reorg{}, it.err
	}
	r.Notice = it.Parameters()
	return r, nil
}

func (it *Item) count(name string) int64 {
	n := it.position(name)
	if it.err == nil && it.v.kind != '0' {
		it.fail("%s is no number", it.v.excerpt(it.m.payload))
	}
	return n
}
