package ingest

import (
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
)

// BenchmarkDecide decodes the recorded MultiVault stream, a hundred messages a batch as the service does.
func BenchmarkDecide(b *testing.B) {
	for _, name := range []string{"multivault", "insertion-order/multivault"} {
		b.Run(name, func(b *testing.B) {
			entries, err := recording.Entries(name)
			if err != nil {
				b.Fatal(err)
			}
			var messages []event.Message
			bytes := 0
			for _, e := range entries {
				bytes += len(e.Fields.Payload)
				messages = append(messages, event.Message{Stream: e.Stream, ID: e.ID, Payload: e.Fields.Payload, HasPayload: true})
			}
			d := NewDecider(events.Catalog, 64<<20)
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			items := 0
			for b.Loop() {
				items = 0
				for start := 0; start < len(messages); start += 100 {
					batch := d.Decide(messages[start:min(start+100, len(messages))])
					if len(batch.DeadLetters) > 0 {
						b.Fatalf("dead letter: %+v", batch.DeadLetters[0])
					}
					items += len(batch.Items)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(items), "ns/event")
		})
	}
}
