package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// bomb is a row whose decoder panics over one value.
type bomb struct{ said }

func (b *bomb) Decode(d event.Decoder) {
	if b.said.Decode(d); b.value == "boom" {
		var none []int
		_ = none[len(b.value)]
	}
}

// TestPanic: a message that brings a decoder down becomes a dead letter, with the place, and takes no neighbour along.
func TestPanic(t *testing.T) {
	t.Parallel()
	definition := define("bomb_events", "Bomb", false, event.Param{Name: "words", Column: "words"})
	definition.Handler = rowMaker{row: func() event.Row { return new(bomb) }}
	d := NewDecider(event.NewCatalog(definition), 1<<20)
	message := func(id int, words ...string) event.Message {
		items := make([]string, len(words))
		for i, w := range words {
			items[i] = fmt.Sprintf(`{"words":"%s","transaction_information":{"network":"n",`+
				`"address":"0x00000000000000000000000000000000000000aa","block_hash":"0x%064x","transaction_hash":"0x%064[2]x",`+
				`"block_number":1,"log_index":"0x%x","transaction_index":0}}`, w, 7, i)
		}
		return event.Message{Stream: "s", ID: fmt.Sprintf("%d-0", id), HasPayload: true,
			Payload: fmt.Sprintf(`{"event_name":"Bomb","event_signature_hash":"%s","event_data":[%s]}`, definition.Topic0, strings.Join(items, ","))}
	}
	messages := []event.Message{message(1, "a", "b"), message(2, "c", "boom", "d"), message(3, "e"), message(4, "boom")}
	batch := d.Decide(messages)
	var values []string
	for _, item := range batch.Items {
		values = append(values, item.MessageID+" "+item.Row.(*bomb).value)
	}
	if got := strings.Join(values, ", "); got != "1-0 a, 1-0 b, 3-0 e" {
		t.Errorf("decoded %s", got)
	}
	if len(batch.DeadLetters) != 2 || batch.Messages != 4 || d.forms[formRejected] != 2 {
		t.Fatalf("%d dead letters of %d messages, %d rejected", len(batch.DeadLetters), batch.Messages, d.forms[formRejected])
	}
	for i, want := range []event.Message{messages[1], messages[3]} {
		l := batch.DeadLetters[i]
		if l.Origin != (event.Origin{Stream: "s", MessageID: want.ID, Index: event.WholeMessage}) || string(l.Payload) != want.Payload {
			t.Errorf("dead letter of %+v: %s", l.Origin, l.Payload)
		}
		if l.Reason != event.ReasonPanic || !strings.Contains(l.Detail, "index out of range") || !strings.Contains(l.Detail, "(*bomb).Decode") {
			t.Errorf("reason %s: %s", l.Reason, l.Detail)
		}
	}
}
