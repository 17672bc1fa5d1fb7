package stream

import (
	"errors"
	"net"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// pageBytes is what a page of entries should not exceed by much. Redis before 8.10 bounds a reply by entries only, and
// a batch of unusually large ones would take memory from every loop at once.
const pageBytes = 32 << 20

// pager chooses how many entries to ask for. It learns the size of an entry from what it saw, and after a time-out asks
// for less: a page that is too large for the time a reply may take would otherwise be asked for again and again.
type pager struct {
	most  int64
	limit int64
	mean  int64 // bytes of an entry, moving
}

// firstPage is asked for while nothing is known of the size of an entry.
const firstPage = 16

func newPager(most int64) pager {
	return pager{most: most, limit: min(most, firstPage)}
}

func (p *pager) count() int64 {
	return p.limit
}

func (p *pager) seen(msgs []event.Message) {
	if n := int64(len(msgs)); n > 0 {
		var total int64
		for _, m := range msgs {
			total += size(m)
		}
		// Up at once, down slowly: large entries come in runs.
		p.mean = max(total/n, (3*p.mean+total/n)/4)
	}
	p.limit = max(1, min(p.most, 2*p.limit, pageBytes/max(1, p.mean)))
}

func (p *pager) failed(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p.limit = max(1, p.limit/2)
	}
}
