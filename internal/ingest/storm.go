package ingest

import (
	"context"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

const (
	// A storm is more than half of at least stormEvents events of one kind within stormBuckets × stormBucket.
	stormEvents  = 1000
	stormBucket  = 10 * time.Second
	stormBuckets = 6

	firstStormPause = time.Minute
	longStormPause  = 15 * time.Minute

	// stormKinds bounds the kinds that are told apart, since their names are what messages say.
	stormKinds = 10_000
)

// Storm watches how much of one stream becomes dead letters, for all loops that read it. A dead letter is an exception:
// where most events of a kind become one, the decoder or the schema is wrong and not the events, so the stream pauses.
// It tries again by itself, after a pause that doubles while the storm goes on.
type Storm struct {
	stream string
	pauses *Pauses
	start  time.Time // not the epoch: the time of day may be set back, and repeat an hour

	mu      sync.Mutex
	buckets [stormBuckets]map[kind]share
	bucket  int64         // the number of the newest one, counted from start
	pause   time.Duration // the last one
	suspect *kind         // after a pause: what it was for, until that is seen again
	over    chan struct{} // closed at the end of a pause; nil while there is none
	timer   *time.Timer
}

// kind is one event of a stream.
type kind struct {
	name string
	hash common.Hash
}

// share is how many events were decided, and how many of them are dead letters.
type share struct{ decided, letters int }

func (s share) stormy(least int) bool { return s.decided >= least && 2*s.letters > s.decided }

// NewStorm returns what watches one stream.
func NewStorm(stream string, pauses *Pauses) *Storm {
	return &Storm{stream: stream, pauses: pauses, start: time.Now()}
}

// Resume ends a pause now, for somebody who has mended the cause.
func (s *Storm) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
}

// resume ends a pause. s.mu is held.
func (s *Storm) resume() {
	if s.over == nil {
		return
	}
	s.timer.Stop()
	s.pauses.end(s.stream, allWorkers, PauseStorm) // first, so that nobody who has waited still sees it
	close(s.over)
	s.over = nil
}

// wait waits while the stream is paused.
func (s *Storm) wait(ctx context.Context) error {
	s.mu.Lock()
	over := s.over
	s.mu.Unlock()
	if over == nil {
		return nil
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// count takes down what became of a batch, and pauses the stream if this is a storm.
func (s *Storm) count(batch *event.Batch, letters []event.DeadLetter) {
	now := sharesOf(batch, letters)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return // decided before the pause began
	}
	newest := s.turn(time.Since(s.start))
	for k, n := range now {
		if s.suspect != nil && *s.suspect == k {
			s.suspect = nil
			if n.stormy(1) {
				s.begin(k, n)
				return
			}
			s.pause = 0
		}
		if _, known := newest[k]; !known && len(newest) >= stormKinds {
			k = kind{}
		}
		newest[k] = share{newest[k].decided + n.decided, newest[k].letters + n.letters}
		if n.letters > 0 {
			if sum := s.sum(k); sum.stormy(stormEvents) {
				s.begin(k, sum)
				return
			}
		}
	}
}

// begin pauses the stream. s.mu is held.
func (s *Storm) begin(k kind, seen share) {
	s.pause = min(max(2*s.pause, firstStormPause), longStormPause)
	s.suspect = &k
	s.buckets = [stormBuckets]map[kind]share{}
	s.over = make(chan struct{})
	s.timer = time.AfterFunc(s.pause, s.Resume)
	s.pauses.begin(s.stream, allWorkers, PauseStorm, &stormError{k, seen, s.pause})
}

// turn returns the bucket of now, so long after start, and empties those that have been passed over.
func (s *Storm) turn(elapsed time.Duration) map[kind]share {
	number := int64(elapsed / stormBucket)
	for n := max(s.bucket+1, number-stormBuckets+1); n <= number; n++ {
		s.buckets[n%stormBuckets] = nil
	}
	s.bucket = max(s.bucket, number)
	at := s.bucket % stormBuckets
	if s.buckets[at] == nil {
		s.buckets[at] = make(map[kind]share)
	}
	return s.buckets[at]
}

func (s *Storm) sum(k kind) (all share) {
	for _, bucket := range s.buckets {
		all.decided += bucket[k].decided
		all.letters += bucket[k].letters
	}
	return all
}

// sharesOf counts the events of a batch by kind. A letter that annotates a row is none: the row was written.
func sharesOf(batch *event.Batch, letters []event.DeadLetter) map[kind]share {
	shares := make(map[kind]share, 1)
	for i := range batch.Items {
		k := kind{batch.Items[i].EventName, batch.Items[i].SignatureHash}
		shares[k] = share{shares[k].decided + 1, shares[k].letters}
	}
	for _, l := range batch.DeadLetters {
		if !l.Written {
			k := kind{l.EventName, l.SignatureHash}
			shares[k] = share{shares[k].decided + 1, shares[k].letters}
		}
	}
	for _, l := range letters {
		if !l.Written {
			k := kind{l.EventName, l.SignatureHash}
			shares[k] = share{shares[k].decided, shares[k].letters + 1}
		}
	}
	return shares
}
