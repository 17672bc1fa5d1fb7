// Package rindexer reads what the indexer rindexer writes into Redis Streams: the envelope, its items with their
// transaction_information, the parameters in every form that a release has sent them in, and reorg notices. It reads
// text and returns values; what becomes of them is decided elsewhere.
//
// Its invariant: no input makes it panic, and what it takes for JSON is what encoding/json takes for JSON, down to
// the last duplicate key.
package rindexer

import (
	"cmp"
	"fmt"
	"unicode/utf8"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// ReorgEvent is the event_name of the notice that a reorg happened.
const ReorgEvent = "__rindexer_reorg"

// Message is the payload of one stream entry. A Message can be parsed into again and again: the items of the one
// before are invalid from then on.
type Message struct {
	// EventName is "" where the envelope has none.
	EventName string
	// SignatureHash is topic0; HasHash is false in messages of rindexer before 0.13.
	SignatureHash common.Hash
	HasHash       bool
	Network       string
	// Single: event_data is one object, and no array.
	Single bool

	payload     string
	items       []item
	fields      []field // of all items, each a range
	information []field // of their transaction_information, likewise
	agreed      agreed
	current     Item // the one that was asked for last
}

// Malformed is the error of a payload that cannot be read as a message.
type Malformed struct {
	Reason event.Reason
	Detail string
}

func (e *Malformed) Error() string { return string(e.Reason) + ": " + e.Detail }

// item is one element of event_data, with its members where it is an object.
type item struct {
	span
	first, last             int // its range of Message.fields
	firstMember, lastMember int // that of Message.information
}

// Reset empties the message, and keeps the room it has taken.
func (m *Message) Reset() {
	*m = Message{items: m.items[:0], fields: m.fields[:0], information: m.information[:0], agreed: m.agreed}
}

// Parse reads a payload. The error is nil or a *Malformed. Keys may come in any order and unknown ones are ignored;
// of a key that occurs twice the last counts. The text is walked over once.
func (m *Message) Parse(payload string) error {
	m.Reset()
	m.payload = payload
	if !utf8.ValidString(payload) {
		return &Malformed{event.ReasonNotJSON, "the payload is not UTF-8"}
	}
	s := scanner{text: payload}
	if c := s.peek(); c != '{' && c != 0 {
		s.value(0)
		return cmp.Or(s.end(), &Malformed{event.ReasonNotObject, "the payload is no JSON object"})
	}
	var envelope envelope
	s.elements(0, '{', '}', func() {
		switch key := s.key(); key {
		case "event_data":
			envelope.data = m.eventData(&s)
		case "event_name":
			envelope.name = s.value(1)
		case "event_signature_hash":
			envelope.hash = s.value(1)
		case "network":
			envelope.network = s.value(1)
		default:
			s.value(1)
		}
	})
	if err := s.end(); err != nil {
		return err
	}
	envelope.tooMany = s.tooMany
	return m.read(envelope).orNil()
}

// orNil turns a nil *Malformed into a nil error.
func (e *Malformed) orNil() error {
	if e == nil {
		return nil
	}
	return e
}

// end reports what was wrong with the text, or what follows its end.
func (s *scanner) end() *Malformed {
	if s.peek(); s.err == nil && s.pos < len(s.text) {
		s.fail("text after the end of the object")
	}
	if s.err != nil {
		return &Malformed{event.ReasonNotJSON, s.err.Error()}
	}
	return nil
}

// eventData walks over the value of event_data and indexes its items.
func (m *Message) eventData(s *scanner) byte {
	m.items, m.fields, m.information = m.items[:0], m.fields[:0], m.information[:0]
	s.tooMany = false
	kind := s.peek()
	switch kind {
	case '[':
		s.elements(1, '[', ']', func() { m.item(s, 2) })
	case '{':
		m.item(s, 1)
	default:
		s.value(1)
	}
	return kind
}

// maxItems and maxMembers bound what a message is made of: each item becomes a row or a dead letter, and each member has its
// place in an index, which takes far more memory than the two bytes that it may have in the message. rindexer's messages hold
// some hundred items, of some twenty members.
const (
	maxItems   = 100_000
	maxMembers = 1_000_000
)

func (m *Message) item(s *scanner, depth int) {
	if len(m.items) == maxItems {
		s.value(depth)
		s.tooMany = true
		return
	}
	it := item{first: len(m.fields)}
	if s.peek() == '{' {
		it.span = span{start: s.pos, kind: '{'}
		m.fields = index(m.fields, s, depth, func(key string) span {
			if key != metadataKey || s.peek() != '{' {
				return s.value(depth + 1)
			}
			v := span{start: s.pos, kind: '{'}
			it.firstMember = len(m.information)
			m.information = index(m.information, s, depth+1, func(string) span { return s.value(depth + 2) })
			it.lastMember = len(m.information)
			v.end = s.pos
			return v
		})
		it.end = s.pos
	} else {
		it.span = s.value(depth)
	}
	it.last = len(m.fields)
	m.items = append(m.items, it)
}

// maxNameLength bounds the names of an envelope.
const maxNameLength = 1024

// envelope is what Parse found beside the items.
type envelope struct {
	data                byte // kind of the value, 0 where it is missing
	name, hash, network span
	tooMany             bool // items, or members of items
}

func (m *Message) read(e envelope) *Malformed {
	switch e.name.kind {
	case '"':
		m.EventName = e.name.text(m.payload)
	case 0, 'n':
	default:
		return &Malformed{event.ReasonEnvelope, "event_name is no string"}
	}
	if e.network.kind == '"' {
		m.Network = e.network.text(m.payload)
	}
	if len(m.EventName) > maxNameLength || len(m.Network) > maxNameLength {
		m.EventName, m.Network = "", "" // each item's row or dead letter would hold them
		return &Malformed{event.ReasonEnvelope, fmt.Sprintf("event_name or network is longer than %d bytes", maxNameLength)}
	}
	if e.hash.kind != 0 && e.hash.kind != 'n' {
		n, err := fixedHex(e.hash.text(m.payload), m.SignatureHash[:])
		if e.hash.kind != '"' || err != nil || n != len(m.SignatureHash) {
			return &Malformed{event.ReasonEnvelope, "event_signature_hash is not 32 bytes in hex"}
		}
		m.HasHash = true
	}
	if e.tooMany {
		return &Malformed{event.ReasonEnvelope, fmt.Sprintf("event_data has more than %d items, or %d members", maxItems, maxMembers)}
	}
	if e.data != '[' && e.data != '{' {
		return &Malformed{event.ReasonEnvelope, "event_data is neither an array nor an object"}
	}
	m.Single = e.data == '{'
	return nil
}

// Len is the number of items.
func (m *Message) Len() int { return len(m.items) }

// Raw is the text of item i, as it stands in the payload.
func (m *Message) Raw(i int) string { return m.items[i].raw(m.payload) }

// manyMembers is from where on an object's members are looked up in a map: nothing that a contract declares has as
// many, but what stands in Redis may.
const manyMembers = 64

// index walks over an object and appends its members to fields; value walks over that of a key. Of a key that occurs
// twice the last counts.
func index(fields []field, s *scanner, depth int, value func(key string) span) []field {
	first := len(fields)
	var seen uint64 // one bit a key, so that the search for an equal one is seldom needed
	var places map[string]int
	s.elements(depth, '{', '}', func() {
		f := field{key: s.key()}
		f.value = value(f.key)
		if s.err != nil {
			return
		}
		bit := keyBit(f.key)
		if seen&bit != 0 {
			if i := place(fields, first, f.key, places); i >= 0 {
				fields[i].value = f.value
				return
			}
		}
		seen |= bit
		if len(fields) == maxMembers {
			s.tooMany = true
			return
		}
		fields = append(fields, f)
		switch n := len(fields) - first; {
		case n == manyMembers:
			places = make(map[string]int)
			for i := first; i < len(fields); i++ {
				places[fields[i].key] = i
			}
		case n > manyMembers:
			places[f.key] = len(fields) - 1
		}
	})
	return fields
}

// place returns where the member of that key is among fields from first on, -1 if there is none.
func place(fields []field, first int, key string, places map[string]int) int {
	if places != nil {
		if i, ok := places[key]; ok {
			return i
		}
		return -1
	}
	for i := first; i < len(fields); i++ {
		if fields[i].key == key {
			return i
		}
	}
	return -1
}

func keyBit(key string) uint64 {
	if key == "" {
		return 1
	}
	return 1 << ((len(key)*5 + int(key[0])*3 + int(key[len(key)-1])) & 63)
}

// fixedHex decodes hex digits, with or without 0x, into dst, and returns the number of bytes they stand for.
// More bytes than dst holds are checked and counted, but lost.
func fixedHex(digits string, dst []byte) (int, error) {
	digits = without0x(digits)
	if len(digits)%2 != 0 {
		return 0, fmt.Errorf("has an odd number of hex digits")
	}
	n := len(digits) / 2
	var wrong byte // a bit of what is no digit
	for i := range min(n, len(dst)) {
		high, low := hexValue[digits[2*i]], hexValue[digits[2*i+1]]
		wrong |= high | low
		dst[i] = high<<4 | low
	}
	for i := 2 * len(dst); i < len(digits); i++ {
		wrong |= hexValue[digits[i]]
	}
	if wrong > 15 {
		return 0, fmt.Errorf("holds a character that is no hex digit")
	}
	return n, nil
}

func without0x(digits string) string {
	if len(digits) >= 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
		return digits[2:]
	}
	return digits
}
