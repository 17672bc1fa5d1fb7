package rindexer

import (
	"errors"
	"fmt"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// metadataKey is the member of an item that holds the log's metadata.
const metadataKey = "transaction_information"

// Item is one event of a message. It is the event.Decoder of its parameters, and the event.Value of the one that was
// asked for last.
type Item struct {
	m           *Message
	fields      []field
	information []field // of its transaction_information, where that is an object

	next   int // where the next parameter is looked for first: most often they come in one order
	name   string
	v      span
	err    error
	hadNUL bool
}

// FieldError is the error of a member of an item that is missing or does not decode.
type FieldError struct {
	Field string
	// Missing: the item has no such member.
	Missing bool
	Err     error
}

func (e *FieldError) Error() string { return fmt.Sprintf("field %s: %v", e.Field, e.Err) }

func (e *FieldError) Unwrap() error { return e.Err }

// ErrNotObject is the error of an item that is no JSON object.
var ErrNotObject = errors.New("the item is no JSON object")

// Item returns item i of the message, which is valid until the next one is asked for. The error is nil or ErrNotObject.
func (m *Message) Item(i int) (*Item, error) {
	it := m.items[i]
	if it.kind != '{' {
		return nil, ErrNotObject
	}
	m.current = Item{m: m, fields: m.fields[it.first:it.last], information: m.information[it.firstMember:it.lastMember]}
	return &m.current, nil
}

// Err is the first error since the item was made: nil or a *FieldError.
func (it *Item) Err() error { return it.err }

// HadNUL reports whether a text that was read held U+0000, which was replaced.
func (it *Item) HadNUL() bool { return it.hadNUL }

// Reset forgets the error, so that the item can be read as another shape.
func (it *Item) Reset() { it.err, it.hadNUL = nil, false }

// Len is the number of parameters.
func (it *Item) Len() int {
	n := len(it.fields)
	if it.Has(metadataKey) {
		n--
	}
	return n
}

// Has reports whether the item has a member of that name.
func (it *Item) Has(name string) bool {
	_, ok := it.find(name)
	return ok
}

func (it *Item) find(name string) (span, bool) {
	n := len(it.fields)
	for i := range n {
		at := it.next + i
		if at >= n {
			at -= n
		}
		if it.fields[at].key == name {
			it.next = at + 1
			return it.fields[at].value, true
		}
	}
	return span{}, false
}

// Param implements event.Decoder.
func (it *Item) Param(name string) event.Value {
	it.name = name
	v, ok := it.find(name)
	switch {
	case !ok:
		it.missing()
	case v.kind == 'n':
		it.fail("is null")
	}
	it.v = v
	return it
}

// Uncarried implements event.Decoder.
func (it *Item) Uncarried(alias string) event.Value {
	if !it.Has(alias) {
		return nil
	}
	return it.Param(alias)
}

// Lacks returns the error of an item that has not all parameters of an event: it names the first that is missing.
func (it *Item) Lacks(d *event.Definition) error {
	for _, p := range d.Params {
		if !it.Has(p.Name) {
			it.name = p.Name
			it.missing()
			break
		}
	}
	return it.err
}

func (it *Item) missing() {
	if it.err == nil {
		it.err = &FieldError{Field: it.name, Missing: true, Err: errors.New("is missing")}
	}
}

func (it *Item) fail(format string, args ...any) {
	if it.err == nil {
		it.err = &FieldError{Field: it.name, Err: fmt.Errorf(format, args...)}
	}
}

// Parameters returns the item's parameters as the text of a jsonb column, just as rindexer sent them but for U+0000.
func (it *Item) Parameters() event.JSON {
	j := event.JSON{'{'}
	for _, f := range it.fields {
		if f.key == metadataKey {
			continue
		}
		if len(j) > 1 {
			j = append(j, ',')
		}
		j = append(j.AppendString(it.clean(f.key)), ':')
		j = it.appendClean(j, f.value)
	}
	return append(j, '}')
}

// appendClean appends a value as it stands, with U+0000 replaced. The text has been checked.
func (it *Item) appendClean(j event.JSON, v span) event.JSON {
	raw := v.raw(it.m.payload)
	if !mayHoldNUL(raw) {
		return append(j, raw...)
	}
	for i := 0; i < len(raw); {
		if raw[i] != '"' {
			j = append(j, raw[i])
			i++
			continue
		}
		end := stringEnd(raw, i)
		if text := raw[i:end]; mayHoldNUL(text) {
			j = j.AppendString(it.clean(unescape(text[1 : len(text)-1])))
		} else {
			j = append(j, text...)
		}
		i = end
	}
	return j
}

// stringEnd returns where the string that begins at start ends.
func stringEnd(text string, start int) int {
	for i := start + 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

func (it *Item) clean(s string) string {
	clean, hadNUL := event.CleanText(s)
	it.hadNUL = it.hadNUL || hadNUL
	return clean
}
