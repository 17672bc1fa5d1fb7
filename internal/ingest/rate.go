package ingest

import (
	"sync"
	"time"
)

// rateSeconds is how many whole seconds the current rate is an average of.
const rateSeconds = 5

// rate counts events by second: how many there are a second now, and how many there were at most.
type rate struct {
	// start is where seconds are counted from. By the time of day the rate would stand still while that repeats an hour.
	start time.Time

	mu      sync.Mutex
	seconds [rateSeconds + 1]int64 // the last whole ones, and the one that is under way
	newest  int64                  // the number of the latter
	peak    float64
}

func newRate() *rate { return &rate{start: time.Now()} }

func (r *rate) add(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(time.Since(r.start))
	r.seconds[r.newest%int64(len(r.seconds))] += int64(n)
}

// read returns the average over the last whole seconds, and the most events that one second has had.
func (r *rate) read() (current, peak float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(time.Since(r.start))
	return r.average(), r.peak
}

// turn empties the seconds that have passed since the last call.
func (r *rate) turn(elapsed time.Duration) {
	second := int64(elapsed / time.Second)
	for steps := 0; r.newest < second && steps < len(r.seconds); steps++ {
		r.peak = max(r.peak, float64(r.seconds[r.newest%int64(len(r.seconds))]))
		r.newest++
		r.seconds[r.newest%int64(len(r.seconds))] = 0
	}
	r.newest = max(r.newest, second)
}

func (r *rate) average() float64 {
	var sum int64
	for i, n := range r.seconds {
		if int64(i) != r.newest%int64(len(r.seconds)) {
			sum += n
		}
	}
	return float64(sum) / rateSeconds
}
