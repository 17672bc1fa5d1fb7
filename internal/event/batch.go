package event

import "github.com/ethereum/go-ethereum/common"

// Origin is where in Redis an event came from.
type Origin struct {
	Stream    string
	MessageID string
	// Index is the item's place in its message, from 0; WholeMessage stands for the message itself.
	Index int
}

// WholeMessage is the Index of what concerns a message and not one of its items.
const WholeMessage = -1

// Batch is what becomes of the messages that one transaction decides: each item of each message is in just one of
// Items, DeadLetters (of which those that are Written annotate one) and Reorgs.
type Batch struct {
	Items       []Item
	DeadLetters []DeadLetter
	Reorgs      []Reorg
	// Settles are dead letters whose events the batch decides again. Those that are no dead letter of it any more become
	// replayed in the transaction that writes it. Each must be open still, or nothing is written.
	Settles []Origin
	// Messages is how many messages the batch decides.
	Messages int
	// Refusals counts how often PostgreSQL refused the batch for a reason that is not known to be an event's.
	Refusals int
}

// Result is what became of a batch.
type Result struct {
	Inserted    int // rows
	Duplicates  int // items whose rows stood already
	DeadLetters []DeadLetter
}

// Item is an event on its way into its table.
type Item struct {
	Origin
	// Definition is nil for an event that no ABI describes; Row is then a *Generic.
	Definition    *Definition
	Row           Row
	EventName     string
	SignatureHash common.Hash
	// Raw is the item as rindexer sent it.
	Raw string
}

// Generic is an event that no ABI describes, a row of generic_events.
type Generic struct {
	Meta
	EventName     string
	SignatureHash common.Hash // zero where the message did not tell
	Parameters    JSON
}

// Decode does nothing: what the parameters are is not known.
func (*Generic) Decode(Decoder) {}

// Encode writes the columns of generic_events.
func (g *Generic) Encode(to *Encoder) {
	g.Meta.Encode(to)
	to.Text(g.EventName)
	to.Bytes(g.SignatureHash[:])
	to.JSON(g.Parameters)
}

// Reorg is rindexer's notice that blocks of a network were replaced.
type Reorg struct {
	Origin
	Network string
	// ForkBlock is the first block that was replaced.
	ForkBlock int64
	// LastBlock is the last one, which overstates; nil means every block from ForkBlock on.
	LastBlock *int64
	// Notice is the item as rindexer sent it, but for U+0000.
	Notice JSON
	// EventName and Raw are the message's name and the item as rindexer sent it, for a dead letter.
	EventName, Raw string
}

// Letter returns a dead letter for the notice.
func (r *Reorg) Letter(reason Reason, detail string) DeadLetter {
	return DeadLetter{
		Origin:    r.Origin,
		EventName: r.EventName,
		Network:   r.Network,
		Reason:    reason,
		Detail:    detail,
		Payload:   []byte(r.Raw),
	}
}

// DeadLetter is an event, or a message, that could not be written, or not as it is.
type DeadLetter struct {
	Origin
	EventName     string
	SignatureHash common.Hash // zero where the message did not tell
	Network       string
	Reason        Reason
	// Detail says what is wrong, for people.
	Detail string
	// SQLState is PostgreSQL's error code, where it refused the row.
	SQLState string
	// Payload is the item as rindexer sent it, or the message's payload if the letter concerns it all.
	Payload []byte
	// Written: the row was written nevertheless, and differs from the event as Reason says.
	Written bool
}

// Reason is why there is a dead letter: one of a closed set.
type Reason string

// The reasons. The first six concern a whole message.
const (
	ReasonPayloadMissing  Reason = "payload_missing"   // the entry has no field "payload"
	ReasonPayloadTooLarge Reason = "payload_too_large" // above MAX_PAYLOAD_BYTES
	ReasonNotJSON         Reason = "not_json"
	ReasonNotObject       Reason = "not_an_object"
	ReasonEnvelope        Reason = "envelope_invalid" // event_name, event_signature_hash or event_data
	ReasonNameless        Reason = "event_unnamed"    // neither event_name nor event_signature_hash
	ReasonItemNotObject   Reason = "item_not_an_object"
	ReasonNoMetadata      Reason = "metadata_missing" // no transaction_information
	ReasonMissingField    Reason = "missing_field"
	ReasonInvalidField    Reason = "invalid_field" // a field does not decode
	ReasonKeyConflict     Reason = "key_conflict"  // another event stands under its key
	ReasonRejected        Reason = "rejected"      // PostgreSQL refused the row
	ReasonPanic           Reason = "decoder_panic" // a mistake of ours: the message brings a decoder down
	ReasonNUL             Reason = "nul_in_text"   // U+0000 was replaced, the row is written
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonPayloadMissing, ReasonPayloadTooLarge, ReasonNotJSON, ReasonNotObject, ReasonEnvelope, ReasonNameless,
		ReasonItemNotObject, ReasonNoMetadata, ReasonMissingField, ReasonInvalidField, ReasonKeyConflict, ReasonRejected,
		ReasonPanic, ReasonNUL,
	}
}

// Letter returns a dead letter for the item.
func (it *Item) Letter(reason Reason, detail string) DeadLetter {
	return DeadLetter{
		Origin:        it.Origin,
		EventName:     it.EventName,
		SignatureHash: it.SignatureHash,
		Network:       it.Row.Metadata().Network,
		Reason:        reason,
		Detail:        detail,
		Payload:       []byte(it.Raw),
	}
}

// Origins returns the places of letters, to look up whether something has one.
func Origins(letters []DeadLetter) map[Origin]bool {
	places := make(map[Origin]bool, len(letters))
	for _, l := range letters {
		places[l.Origin] = true
	}
	return places
}
