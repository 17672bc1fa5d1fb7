package ingest

import "time"

// pace is how many messages a loop writes at once. To a server that is slow for long a loop would give full batches again and
// again otherwise, each of which works in vain until its deadline; and many loops that do so keep a server so busy that
// nothing is written in time at all.
type pace struct {
	most int // 0: as many as there are
}

// unlimited is more than a batch ever holds.
const unlimited = 1 << 14

func (p *pace) next(messages int) int {
	if p.most == 0 {
		return messages
	}
	return min(messages, p.most)
}

// late notes that so many were too many.
func (p *pace) late(messages int) { p.most = max(1, messages/2) }

// written notes what so many took. Where that leaves room, twice as many are tried next.
func (p *pace) written(messages int, took, deadline time.Duration) {
	if p.most == 0 || messages < p.most || took > deadline/4 {
		return
	}
	if p.most *= 2; p.most >= unlimited {
		p.most = 0
	}
}
