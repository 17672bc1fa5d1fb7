package ingest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"unicode/utf8"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/rindexer"
)

// Decider turns messages into a batch: it finds the table of each item, decodes it, and says what is wrong with those
// that cannot be written. It is for one goroutine.
type Decider struct {
	catalog    *event.Catalog
	maxPayload int

	batch   *event.Batch
	message rindexer.Message
	shapes  []*event.Definition // that the message's items can be
	items   int                 // of the batch before
	forms   [len(formNames)]int // of the batch's messages
}

// form is what the event_data of a message looks like, or that the message is rejected as a whole.
type form int

const (
	formArray form = iota
	formObject
	formEmpty
	formRejected
)

var formNames = [...]string{formArray: "array", formObject: "object", formEmpty: "empty", formRejected: "rejected"}

// NewDecider returns a Decider for the events of a catalog. A message above maxPayload bytes becomes a dead letter.
func NewDecider(catalog *event.Catalog, maxPayload int) *Decider {
	return &Decider{catalog: catalog, maxPayload: maxPayload}
}

// Decide never fails: what cannot be written is a dead letter of the batch.
func (d *Decider) Decide(messages []event.Message) *event.Batch {
	d.batch = &event.Batch{Messages: len(messages), Items: make([]event.Item, 0, d.items)}
	d.forms = [len(formNames)]int{}
	for _, m := range messages {
		d.forms[d.decideSafely(m)]++
	}
	d.items = len(d.batch.Items)
	return d.batch
}

// decideSafely makes a dead letter of a message over which a decoder panics. A process that died of it would read it first
// when it starts again, and never get beyond it.
func (d *Decider) decideSafely(m event.Message) (f form) {
	items, letters, reorgs := len(d.batch.Items), len(d.batch.DeadLetters), len(d.batch.Reorgs)
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		b := d.batch
		b.Items, b.DeadLetters, b.Reorgs = b.Items[:items], b.DeadLetters[:letters], b.Reorgs[:reorgs]
		d.message = rindexer.Message{} // whatever state it is in
		origin := event.Origin{Stream: m.Stream, MessageID: m.ID, Index: event.WholeMessage}
		d.reject(origin, event.ReasonPanic, fmt.Sprintf("%v\n%s", cause, debug.Stack()), m.Payload)
		f = formRejected
	}()
	return d.decideMessage(m)
}

func (d *Decider) decideMessage(m event.Message) form {
	origin := event.Origin{Stream: m.Stream, MessageID: m.ID, Index: event.WholeMessage}
	d.message.Reset()
	if !m.HasPayload {
		fields, detail := m.Fields, "the entry has no field payload"
		if n := size(fields); n > min(d.maxPayload, mostFields) {
			fields = cut(fields)
			detail += fmt.Sprintf("; its fields have %d bytes, of which not all are kept", n)
		}
		d.reject(origin, event.ReasonPayloadMissing, detail, fieldsText(fields))
		return formRejected
	}
	if len(m.Payload) > d.maxPayload {
		detail := fmt.Sprintf("the payload has %d bytes; MAX_PAYLOAD_BYTES allows %d", len(m.Payload), d.maxPayload)
		d.reject(origin, event.ReasonPayloadTooLarge, detail, m.Payload)
		return formRejected
	}
	if err := d.message.Parse(m.Payload); err != nil {
		reason, detail := event.ReasonNotJSON, err.Error()
		if malformed, ok := errors.AsType[*rindexer.Malformed](err); ok {
			reason, detail = malformed.Reason, malformed.Detail
		}
		d.reject(origin, reason, detail, m.Payload)
		return formRejected
	}
	if d.message.Len() > 0 && d.message.EventName == "" && !d.message.HasHash {
		d.reject(origin, event.ReasonNameless, "the message has neither event_name nor event_signature_hash", m.Payload)
		return formRejected
	}
	d.shapes = d.candidates()
	for i := range d.message.Len() {
		origin.Index = i
		d.decideItem(origin, i)
	}
	switch {
	case d.message.Len() == 0:
		return formEmpty
	case d.message.Single:
		return formObject
	default:
		return formArray
	}
}

// mostFields is how many bytes of fields are kept, at most, of an entry without a payload.
const mostFields = 64 << 20

func size(fields map[string]string) (bytes int) {
	for name, value := range fields {
		bytes += len(name) + len(value)
	}
	return bytes
}

// cut keeps the beginnings of fields, in the order of their names: PostgreSQL takes no dead letter above a gigabyte, and their
// text can be six times as long as they are.
func cut(fields map[string]string) map[string]string {
	const kept, most = 1 << 10, 16 << 20
	short, bytes := make(map[string]string), 0
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if bytes > most {
			break
		}
		begin := name[:min(len(name), kept)]
		if _, ok := short[begin]; !ok {
			short[begin] = fields[name][:min(len(fields[name]), kept)]
			bytes += 2 * kept
		}
	}
	return short
}

// fieldsText is the text of an entry's fields: a JSON object. What is not UTF-8 stands in base64, behind "base64:".
func fieldsText(fields map[string]string) string {
	text := make(map[string]string, len(fields))
	for name, value := range fields {
		text[utf8OrBase64(name)] = utf8OrBase64(value)
	}
	encoded, err := json.Marshal(text)
	if err != nil { // a map of strings always encodes
		panic(err)
	}
	return string(encoded)
}

func utf8OrBase64(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return "base64:" + base64.StdEncoding.EncodeToString([]byte(s))
}

func (d *Decider) decideItem(origin event.Origin, i int) {
	item, err := d.message.Item(i)
	switch {
	case err != nil:
		d.rejectItem(origin, d.message.Network, event.ReasonItemNotObject, err)
	case d.message.EventName == rindexer.ReorgEvent:
		d.decideReorg(origin, item)
	default:
		d.decideEvent(origin, item)
	}
}

func (d *Decider) decideReorg(origin event.Origin, item *rindexer.Item) {
	reorg, err := item.Reorg()
	if err != nil {
		d.rejectItem(origin, d.message.Network, reasonOf(err), err)
		return
	}
	reorg.Origin, reorg.EventName, reorg.Raw = origin, d.message.EventName, d.message.Raw(origin.Index)
	if item.HadNUL() {
		letter := reorg.Letter(event.ReasonNUL, "U+0000 stands as U+FFFD in the notice")
		letter.Written = true
		d.batch.DeadLetters = append(d.batch.DeadLetters, letter)
	}
	d.batch.Reorgs = append(d.batch.Reorgs, reorg)
}

func (d *Decider) decideEvent(origin event.Origin, item *rindexer.Item) {
	meta, err := item.Metadata()
	if err != nil {
		d.rejectItem(origin, d.message.Network, reasonOf(err), err)
		return
	}
	definition, row, err := d.decode(item)
	if err != nil {
		d.rejectItem(origin, meta.Network, reasonOf(err), err)
		return
	}
	nameHadNUL := false
	if definition == nil {
		generic := &event.Generic{SignatureHash: d.message.SignatureHash, Parameters: item.Parameters()}
		generic.EventName, nameHadNUL = event.CleanText(d.message.EventName)
		row = generic
	}
	*row.Metadata() = meta
	decided := event.Item{
		Origin:        origin,
		Definition:    definition,
		Row:           row,
		EventName:     d.message.EventName,
		SignatureHash: d.message.SignatureHash,
		Raw:           d.message.Raw(origin.Index),
	}
	if nameHadNUL || item.HadNUL() {
		detail := fmt.Sprintf("U+0000 stands as U+FFFD in the row; the event's name is %q", d.message.EventName)
		letter := decided.Letter(event.ReasonNUL, detail)
		letter.Written = true
		d.batch.DeadLetters = append(d.batch.DeadLetters, letter)
	}
	d.batch.Items = append(d.batch.Items, decided)
}

// decode finds the item's shape and decodes its parameters. The definition is nil where no ABI describes the event.
//
// The usual item has just one shape that it can be, and all of its parameters: it is decoded without a comparison of
// keys. Where a shape can do without some of its own, keys must be compared: they may be those of another shape.
func (d *Decider) decode(item *rindexer.Item) (*event.Definition, event.Row, error) {
	candidates := d.shapes
	if len(candidates) == 1 && d.message.HasHash && !candidates[0].HasAliases() {
		definition := candidates[0]
		row := definition.Handler.NewRow()
		row.Decode(item)
		err, _ := errors.AsType[*rindexer.FieldError](item.Err())
		if err == nil || !err.Missing {
			return definition, row, item.Err()
		}
	}
	item.Reset()
	fitting, match := event.Pick(candidates, item)
	switch {
	case match == event.MatchPart:
		return nil, nil, item.Lacks(fitting[0])
	case match == event.MatchNone:
		return nil, nil, nil
	case !d.message.HasHash && (match == event.MatchWhole || len(fitting) > 1):
		return nil, nil, nil // a name alone says too little to leave a parameter out, or to choose between types
	}
	return decodeAs(fitting, item)
}

// decodeAs decodes the item as the first shape that takes all of its values. The error is that of the first shape.
func decodeAs(shapes []*event.Definition, item *rindexer.Item) (*event.Definition, event.Row, error) {
	var first error
	for _, definition := range shapes {
		item.Reset()
		row := definition.Handler.NewRow()
		if row.Decode(item); item.Err() == nil {
			return definition, row, nil
		}
		first = cmp.Or(first, item.Err())
	}
	return nil, nil, first
}

// candidates are the shapes that an item of the message can be.
func (d *Decider) candidates() []*event.Definition {
	if d.message.HasHash {
		return d.catalog.ByTopic(d.message.SignatureHash)
	}
	return d.catalog.ByName(d.message.EventName)
}

// rejectItem makes a dead letter of the item.
func (d *Decider) rejectItem(origin event.Origin, network string, reason event.Reason, err error) {
	d.reject(origin, reason, err.Error(), d.message.Raw(origin.Index))
	d.batch.DeadLetters[len(d.batch.DeadLetters)-1].Network = network
}

// reject makes a dead letter, with what of the message's envelope could be read.
func (d *Decider) reject(origin event.Origin, reason event.Reason, detail, payload string) {
	d.batch.DeadLetters = append(d.batch.DeadLetters, event.DeadLetter{
		Origin:        origin,
		EventName:     d.message.EventName,
		SignatureHash: d.message.SignatureHash,
		Network:       d.message.Network,
		Reason:        reason,
		Detail:        detail,
		Payload:       []byte(payload),
	})
}

func reasonOf(err error) event.Reason {
	if errors.Is(err, rindexer.ErrNoMetadata) {
		return event.ReasonNoMetadata
	}
	if field, ok := errors.AsType[*rindexer.FieldError](err); ok && field.Missing {
		return event.ReasonMissingField
	}
	return event.ReasonInvalidField
}
