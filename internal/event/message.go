package event

// Message is one entry of a Redis stream, as it was read.
type Message struct {
	Stream string
	// ID is the entry id that Redis gave it, "<milliseconds>-<sequence>".
	ID string
	// Payload is the text of the field "payload"; HasPayload tells an empty one from a missing one.
	Payload    string
	HasPayload bool
	// Fields holds every field of an entry that lacks "payload", and is nil otherwise.
	Fields map[string]string
}
