package ingest

import (
	"testing"
	"time"
)

// TestPace: after a batch that was late, as many are written at once as can be in time, and all at once again when the
// server is quick again.
func TestPace(t *testing.T) {
	t.Parallel()
	const deadline = time.Second
	var p pace
	// write writes messages to a server that takes so long for each, and returns how many attempts were in vain.
	write := func(messages int, each time.Duration) (late int) {
		for messages > 0 {
			n := p.next(messages)
			took := time.Duration(n) * each
			if n > 1 && took > deadline {
				p.late(n)
				late++
				continue
			}
			p.written(n, took, deadline)
			messages -= n
		}
		return late
	}
	if late := write(4000, 100*time.Microsecond); late > 0 || p.most != 0 {
		t.Errorf("quick: %d late, %d at once", late, p.most)
	}
	if late := write(4000, 10*time.Millisecond); late != 6 || p.most != 62 { // 4000, 2000, … 125
		t.Errorf("slow: %d late, %d at once", late, p.most)
	}
	if late := write(40_000, 10*time.Millisecond); late > 0 {
		t.Errorf("still slow: %d late, %d at once", late, p.most)
	}
	if late := write(10, 3*time.Second); late == 0 || p.most != 1 {
		t.Errorf("each too slow: %d late, %d at once", late, p.most)
	}
	if late := write(100_000, 100*time.Microsecond); late > 1 || p.most != 0 && p.most < 2000 {
		t.Errorf("quick again: %d late, %d at once", late, p.most)
	}
}
