package stream

import (
	"errors"
	"net"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

const (
	// pageBytes is what a page of entries should not exceed by much. Redis before 8.10 bounds a reply by entries only,
	// and a batch of unusually large ones would take memory from every loop at once. Half as much costs a tenth of the
	// speed of large messages, and twice as much gains nothing.
	pageBytes = 4 << 20
	// firstPage is asked for while nothing is known of the size of an entry.
	firstPage = 16
	// stalePage is asked for when nothing was read for so long that much of another size may have come.
	stalePage = 4
	// longestReply is what an entry may take to be transferred. At 512 MB, which is Redis' bound, that is 34 Mbit/s.
	longestReply = 2 * time.Minute
)

// pager chooses how many entries to ask for, and how long to wait for them. It learns the size of an entry from what it
// saw. After a time-out it asks for less, and where it asked for one entry, it waits longer: what is too large for the
// time a reply may take would otherwise be asked for again and again.
type pager struct {
	most  int64
	stale time.Duration // after which what is known of the size of an entry is too old
	limit int64
	mean  int64     // bytes of an entry, moving
	last  time.Time // when that was learned

	usual    time.Duration // what a reply may take
	patience time.Duration // what it may take at present
}

func newPager(most int64, usual, stale time.Duration) pager {
	return pager{most: most, stale: stale, limit: min(most, firstPage), usual: usual, patience: usual}
}

func (p *pager) count() int64 {
	if !p.last.IsZero() && time.Since(p.last) > p.stale {
		p.limit = min(p.limit, stalePage)
	}
	return p.limit
}

func (p *pager) seen(msgs []event.Message) {
	p.last = time.Now()
	if n := int64(len(msgs)); n > 0 {
		var total int64
		for _, m := range msgs {
			total += size(m)
		}
		// Up at once, down slowly: large entries come in runs.
		p.mean = max(total/n, (3*p.mean+total/n)/4)
	}
	if p.patience == p.usual {
		p.limit = max(1, min(p.most, 2*p.limit, pageBytes/max(1, p.mean)))
	}
}

func (p *pager) failed(err error) {
	var timeout net.Error
	switch {
	case !errors.As(err, &timeout) || !timeout.Timeout():
	case p.limit > 1:
		p.limit /= 2
	default:
		p.patience = max(p.usual, min(2*p.patience, longestReply))
	}
}

// caughtUp ends the patience: all that was too large for the usual time has come.
func (p *pager) caughtUp() {
	p.patience = p.usual
}
