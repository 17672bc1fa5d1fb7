package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// said is a row of an event with one parameter, a string: indexed or not.
type said struct {
	event.Meta
	hashed bool
	value  string
}

func (s *said) Decode(d event.Decoder) {
	if s.hashed {
		s.value = d.Param("words").TopicHash().Hex()
		return
	}
	s.value = d.Param("words").String()
}

// paused is a row of an event without parameters.
type paused struct{ event.Meta }

func (*paused) Decode(event.Decoder) {}

type rowMaker struct {
	event.Handler
	row func() event.Row
}

func (m rowMaker) NewRow() event.Row { return m.row() }

func define(table, name string, hashed bool, params ...event.Param) *event.Definition {
	d := &event.Definition{Table: table, Name: name, Topic0: common.BytesToHash([]byte(name)), Params: params}
	d.Handler = rowMaker{row: func() event.Row {
		if len(params) == 0 {
			return new(paused)
		}
		return &said{hashed: hashed}
	}}
	return d
}

// decided decodes one item and returns its table and, of Said, its value.
func decided(t *testing.T, catalog *event.Catalog, envelope, parameters string) (table, value string) {
	t.Helper()
	const information = `"transaction_information":{"network":"n","address":"0x00000000000000000000000000000000000000aa",` +
		`"block_hash":"0x%064x","transaction_hash":"0x%064[1]x","block_number":1,"log_index":"0x0","transaction_index":0}`
	item := strings.TrimPrefix(parameters+","+fmt.Sprintf(information, 7), ",")
	d := NewDecider(catalog, 1<<20)
	batch := d.Decide([]event.Message{{ID: "1-0", HasPayload: true, Payload: `{` + envelope + `,"event_data":[{` + item + `}]}`}})
	if len(batch.DeadLetters) > 0 {
		return string(batch.DeadLetters[0].Reason), ""
	}
	decided := batch.Items[0]
	if row, ok := decided.Row.(*said); ok {
		value = row.value
	}
	if decided.Definition == nil {
		return "generic_events", ""
	}
	return decided.Definition.Table, value
}

// TestDecideByValue: two contracts declare the event, one with the string indexed. Both have the same topic0 and the
// same keys.
func TestDecideByValue(t *testing.T) {
	t.Parallel()
	plain := define("plain_events", "Said", false, event.Param{Name: "words", Type: event.String()})
	hashed := define("hashed_events", "Said", true, event.Param{Name: "words", Type: event.String(), Hashed: true})
	hash := "0x" + strings.Repeat("1c", 32)
	envelope := fmt.Sprintf(`"event_signature_hash":"%s"`, plain.Topic0)
	for _, definitions := range [][]*event.Definition{{plain, hashed}, {hashed, plain}} {
		catalog := event.NewCatalog(definitions...)
		if table, value := decided(t, catalog, envelope, `"words":"hello"`); table != "plain_events" || value != "hello" {
			t.Errorf("text: %s, %q", table, value)
		}
		if table, value := decided(t, catalog, envelope, `"words":"`+hash+`"`); table != "hashed_events" || value != hash {
			t.Errorf("hash: %s, %q", table, value)
		}
		if reason, _ := decided(t, catalog, envelope, `"words":7`); reason != string(event.ReasonInvalidField) {
			t.Errorf("number: %s", reason)
		}
	}
}

// TestDecideWithoutHash: a name alone says too little to leave a parameter out.
func TestDecideWithoutHash(t *testing.T) {
	t.Parallel()
	catalog := event.NewCatalog(
		define("said_events", "Said", false, event.Param{Name: "words", Type: event.String()}),
		define("paused_events", "Paused", false),
		define("one_events", "Twice", false, event.Param{Name: "words", Type: event.String()}),
		define("other_events", "Twice", false, event.Param{Name: "words", Type: event.String()}),
	)
	for _, c := range []struct{ envelope, parameters, want string }{
		{`"event_name":"Said"`, `"words":"x"`, "said_events"},
		{`"event_name":"Said"`, `"words":"x","more":1`, "generic_events"},
		{`"event_name":"Said"`, ``, "missing_field"},
		{`"event_name":"Paused"`, ``, "paused_events"},
		{`"event_name":"Twice"`, `"words":"x"`, "generic_events"},
		{`"event_name":"Paused"`, `"account":"0x"`, "generic_events"},
		{fmt.Sprintf(`"event_signature_hash":"%s"`, common.BytesToHash([]byte("Said"))), `"words":"x","more":1`, "said_events"},
	} {
		if got, _ := decided(t, catalog, c.envelope, c.parameters); got != c.want {
			t.Errorf("%s with {%s}: %s, want %s", c.envelope, c.parameters, got, c.want)
		}
	}
}

// pair is a row of an event with two parameters that have no name.
type pair struct {
	event.Meta
	first, second *bool
}

func (p *pair) Decode(d event.Decoder) {
	if v := d.Uncarried("param_1"); v != nil {
		p.first = new(v.Bool())
	}
	if v := d.Uncarried("param_2"); v != nil {
		p.second = new(v.Bool())
	}
}

// TestDecideUncarried: of two parameters without a name rindexer sends one, and nobody can tell which. It sends both
// where its ABI gives them names: ours, or those of somebody's, which are another shape.
func TestDecideUncarried(t *testing.T) {
	t.Parallel()
	definition := define("pair_events", "Pair", false,
		event.Param{Type: event.Bool(), Alias: "param_1"}, event.Param{Type: event.Bool(), Alias: "param_2"})
	var row *pair
	definition.Handler = rowMaker{row: func() event.Row { row = new(pair); return row }}
	catalog := event.NewCatalog(definition)
	envelope := fmt.Sprintf(`"event_signature_hash":"%s"`, definition.Topic0)
	for parameters, want := range map[string]string{
		`"":true`:                        "pair_events",
		`"param_2":true,"param_1":false`: "pair_events",
		`"a":true,"b":false`:             "generic_events",
		`"param_2":1,"param_1":false`:    "invalid_field",
		`"param_2":null,"param_1":false`: "invalid_field",
		`"param_1":true`:                 "generic_events",
	} {
		got, _ := decided(t, catalog, envelope, parameters)
		if got != want {
			t.Errorf("{%s}: %s, want %s", parameters, got, want)
		}
		if got != "pair_events" {
			continue
		}
		if both := row.first != nil && row.second != nil && !*row.first && *row.second; both != (len(parameters) > 10) {
			t.Errorf("{%s}: %v, %v", parameters, row.first, row.second)
		}
	}
}
