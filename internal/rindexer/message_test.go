package rindexer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func TestParse(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	for name, tc := range map[string]struct {
		payload string
		reason  event.Reason // "" is no error
		items   int
	}{
		"array of items":                {`{"event_name":"A","event_data":[{},{"a":1}]}`, "", 2},
		"no items":                      {`{"event_name":"A","event_data":[]}`, "", 0},
		"object as its only item":       {`{"event_name":"A","event_data":{"a":1}}`, "", 1},
		"unknown keys":                  {`{"schema":3,"event_name":"A","event_data":[{}],"x":{"y":[1]}}`, "", 1},
		"white space":                   {" {\n\t\"event_data\" : [ { } ] }\r\n", "", 1},
		"last of two event_data counts": {`{"event_data":[{},{}],"event_data":[{}]}`, "", 1},
		"hash":                          {`{"event_signature_hash":"0x` + hash + `","event_data":[]}`, "", 0},
		"hash null":                     {`{"event_signature_hash":null,"event_data":[]}`, "", 0},
		"empty text":                    {"", event.ReasonNotJSON, 0},
		"truncated":                     {`{"event_name":`, event.ReasonNotJSON, 0},
		"trailing text":                 {`{"event_data":[]}x`, event.ReasonNotJSON, 0},
		"trailing NUL":                  {"{\"event_data\":[]}\x00", event.ReasonNotJSON, 0},
		"two objects":                   {`{"event_data":[]}{}`, event.ReasonNotJSON, 0},
		"array":                         {`[]`, event.ReasonNotObject, 0},
		"string":                        {`"x"`, event.ReasonNotObject, 0},
		"null":                          {`null`, event.ReasonNotObject, 0},
		"array with trailing text":      {`[] 1`, event.ReasonNotJSON, 0},
		"no event_data":                 {`{"event_name":"A"}`, event.ReasonEnvelope, 0},
		"event_data a string":           {`{"event_data":"[]"}`, event.ReasonEnvelope, 0},
		"event_name a number":           {`{"event_name":7,"event_data":[]}`, event.ReasonEnvelope, 0},
		"event_name too long":           {`{"event_name":"` + strings.Repeat("A", 1025) + `","event_data":[{}]}`, event.ReasonEnvelope, 0},
		"hash too short":                {`{"event_signature_hash":"0xab","event_data":[]}`, event.ReasonEnvelope, 0},
		"hash too long":                 {`{"event_signature_hash":"` + hash + `ab","event_data":[]}`, event.ReasonEnvelope, 0},
		"hash a number":                 {`{"event_signature_hash":7,"event_data":[]}`, event.ReasonEnvelope, 0},
		"not UTF-8":                     {"{\"event_name\":\"\xff\",\"event_data\":[]}", event.ReasonNotJSON, 0},
		"control character":             {"{\"event_name\":\"\n\",\"event_data\":[]}", event.ReasonNotJSON, 0},
		"bad escape":                    {`{"event_name":"\x","event_data":[]}`, event.ReasonNotJSON, 0},
		"leading zero":                  {`{"a":01,"event_data":[]}`, event.ReasonNotJSON, 0},
		"as many items as may be":       {`{"event_data":[0` + strings.Repeat(",0", maxItems-1) + `]}`, "", maxItems},
		"too many items":                {`{"event_data":[0` + strings.Repeat(",0", maxItems) + `]}`, event.ReasonEnvelope, 0},
		"too many items, then few": {
			`{"event_data":[0` + strings.Repeat(",0", maxItems) + `],"event_data":[{}]}`, "", 1,
		},
		"too many members": {`{"event_data":[` + strings.Repeat(manyMembersEach, maxMembers/1000) + `{"a":0}]}`, event.ReasonEnvelope, 0},
		"nested deep": {
			`{"event_data":[{"a":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}]}`, "", 1,
		},
		"nested too deep": {
			`{"event_data":[{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}]}`, event.ReasonNotJSON, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m Message
			err := m.Parse(tc.payload)
			if tc.reason == "" {
				if err != nil || m.Len() != tc.items {
					t.Fatalf("got %d items, error %v; want %d", m.Len(), err, tc.items)
				}
				return
			}
			malformed, ok := errors.AsType[*Malformed](err)
			if !ok || malformed.Reason != tc.reason {
				t.Fatalf("got error %v, want reason %s", err, tc.reason)
			}
		})
	}
}

// manyMembersEach is an item of a thousand members.
var manyMembersEach = func() string {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `,"%d":0`, i)
	}
	return "{" + b.String()[1:] + "},"
}()

// TestParseManyKeys would take minutes if each key were held against all others.
func TestParseManyKeys(t *testing.T) {
	t.Parallel()
	const keys = 300_000
	var b strings.Builder
	for i := range keys {
		fmt.Fprintf(&b, `"k%d":%d,"k%[1]d":7,`, i, i)
	}
	item := itemOf(t, `{`+b.String()+`"last":1}`)
	if item.Len() != keys+1 {
		t.Fatalf("%d members, want %d", item.Len(), keys+1)
	}
	if n := item.Param("k123456").Uint(8); n != 7 || item.Err() != nil {
		t.Fatalf("got %d, error %v; the last of two equal keys counts", n, item.Err())
	}
}

// TestParametersDeep would take minutes if each level were read once more for the ones below it.
func TestParametersDeep(t *testing.T) {
	t.Parallel()
	const depth = 9_000
	text := strings.Repeat("x", 4<<20)
	value := strings.Repeat("[", depth) + `"` + text + `\u0000"` + strings.Repeat("]", depth)
	want := `{"a":` + strings.Repeat("[", depth) + `"` + text + event.Replacement + `"` + strings.Repeat("]", depth) + `}`
	item := itemOf(t, `{"a":`+value+`}`)
	if got := string(item.Parameters()); got != want || !item.HadNUL() {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

// FuzzParse holds the scanner against encoding/json: what is JSON, which keys an object has, which value counts.
func FuzzParse(f *testing.F) {
	f.Add(`{"event_name":"A","event_data":[{"a":1,"b":"\ud83d\ude00","a":2},7],"network":"n"}`)
	f.Add(`{"event_data":{"":"5","x":[{"y":null}],"z":-1.5e+7,"\u0041":"\ud800"}}`)
	f.Add(`[true,false,null]`)
	f.Fuzz(func(t *testing.T, payload string) {
		var m Message
		err := m.Parse(payload)
		malformed, _ := errors.AsType[*Malformed](err)
		valid := json.Valid([]byte(payload)) && utf8.ValidString(payload)
		if malformed != nil && malformed.Reason == event.ReasonNotJSON {
			if valid && !strings.Contains(malformed.Detail, "nested deeper") {
				t.Fatalf("refused what encoding/json takes: %v", err)
			}
			return
		}
		if !valid {
			t.Fatalf("took what encoding/json refuses: error %v", err)
		}
		if err != nil {
			return
		}
		var envelope map[string]json.RawMessage
		if err := json.Unmarshal([]byte(payload), &envelope); err != nil {
			t.Fatal(err)
		}
		items := []json.RawMessage{envelope["event_data"]}
		if envelope["event_data"][0] == '[' {
			if err := json.Unmarshal(envelope["event_data"], &items); err != nil {
				t.Fatal(err)
			}
		}
		if len(items) != m.Len() {
			t.Fatalf("%d items, encoding/json sees %d", m.Len(), len(items))
		}
		for i := range items {
			compareItem(t, &m, i, items[i])
		}
	})
}

func compareItem(t *testing.T, m *Message, i int, want json.RawMessage) {
	t.Helper()
	if !bytes.Equal(bytes.TrimSpace([]byte(m.Raw(i))), bytes.TrimSpace(want)) {
		t.Fatalf("item %d is %q, want %q", i, m.Raw(i), want)
	}
	item, err := m.Item(i)
	var members map[string]json.RawMessage
	if unmarshalErr := json.Unmarshal(want, &members); unmarshalErr != nil || members == nil {
		if !errors.Is(err, ErrNotObject) {
			t.Fatalf("item %d is no object, error %v", i, err)
		}
		return
	}
	if len(item.fields) != len(members) {
		t.Fatalf("item %d has %d members, want %d", i, len(item.fields), len(members))
	}
	for key, value := range members {
		got, ok := item.find(key)
		if !ok || got.raw(m.payload) != string(value) {
			t.Fatalf("member %q is %q, want %q", key, got.raw(m.payload), value)
		}
		var text string
		if value[0] == '"' && json.Unmarshal(value, &text) == nil && text != got.text(m.payload) {
			t.Fatalf("member %q reads %q, want %q", key, got.text(m.payload), text)
		}
	}
	if _, err := item.Metadata(); err == nil && !item.Has(metadataKey) {
		t.Fatal("metadata out of nothing")
	}
	if !json.Valid(item.Parameters()) {
		t.Fatalf("parameters are no JSON: %s", item.Parameters())
	}
}
