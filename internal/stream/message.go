package stream

import (
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// payloadField is the field into which rindexer writes the JSON of a message.
const payloadField = "payload"

// Message reads an entry of a stream. Of a field that is given twice the last counts.
func Message(stream string, e redis.XMessage) event.Message {
	m := event.Message{Stream: stream, ID: e.ID}
	// go-redis reads every value as a string; the type of its map is only wider.
	if m.Payload, m.HasPayload = e.Values[payloadField].(string); m.HasPayload {
		return m
	}
	m.Fields = make(map[string]string, len(e.Values))
	for name, value := range e.Values {
		m.Fields[name], _ = value.(string)
	}
	return m
}

func size(m event.Message) int64 {
	n := len(m.Payload)
	for name, value := range m.Fields {
		n += len(name) + len(value)
	}
	return int64(n)
}
