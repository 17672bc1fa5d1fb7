package rindexer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// itemOf returns the item of a message that holds just that.
func itemOf(t testing.TB, text string) *Item {
	t.Helper()
	m := new(Message)
	if err := m.Parse(`{"event_data":[` + text + `]}`); err != nil {
		t.Fatal(err)
	}
	item, err := m.Item(0)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

var (
	readUint = func(bits int) func(event.Value) string {
		return func(v event.Value) string {
			if bits <= 64 {
				return fmt.Sprint(v.Uint(bits))
			}
			n := v.Uint256(bits)
			return n.Dec()
		}
	}
	readInt = func(bits int) func(event.Value) string {
		return func(v event.Value) string {
			if bits <= 64 {
				return fmt.Sprint(v.Int(bits))
			}
			return v.Integer(bits).String()
		}
	}
	readBool  = func(v event.Value) string { return fmt.Sprint(v.Bool()) }
	readBytes = func(v event.Value) string { return hex.EncodeToString(v.Bytes()) }
	readFixed = func(n int) func(event.Value) string {
		return func(v event.Value) string { return hex.EncodeToString(v.FixedBytes(n)) }
	}
	readAddress   = func(v event.Value) string { a := v.Address(); return hex.EncodeToString(a[:]) }
	readHash      = func(v event.Value) string { h := v.Hash(); return hex.EncodeToString(h[:]) }
	readTopicHash = func(v event.Value) string { h := v.TopicHash(); return hex.EncodeToString(h[:]) }
	readText      = func(v event.Value) string { return v.String() }
	readList      = func(n int, read func(event.Value) string) func(event.Value) string {
		return func(v event.Value) string { return "[" + strings.Join(event.List(v, n, read), " ") + "]" }
	}
	readBlobs = func(v event.Value) string {
		list := v.BytesList(event.Dynamic)
		if list == nil {
			return "NULL"
		}
		return fmt.Sprintf("%x", list)
	}
	readJSON = func(t *event.Type) func(event.Value) string {
		return func(v event.Value) string {
			j := v.JSON(t)
			if j == nil {
				return "NULL"
			}
			return string(j)
		}
	}
)

func TestValue(t *testing.T) {
	t.Parallel()
	const maxUint256 = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
	zeros := func(n int) string { return strings.Repeat("0", n) }
	hello := "1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8"
	quad := event.Tuple(
		event.Field{Name: "a", Type: event.Address()},
		event.Field{Name: "b", Type: event.Uint(8)},
		event.Field{Name: "c", Type: event.FixedBytes(4)},
		event.Field{Name: "d", Type: event.Uint(256)},
	)
	nested := event.Array(event.Tuple(
		event.Field{Name: "x", Type: event.Uint(256)},
		event.Field{Name: "inner", Type: event.Tuple(event.Field{Name: "y", Type: event.Bool()})},
	), event.Dynamic)
	matrix := event.Array(event.Tuple(
		event.Field{Name: "m", Type: event.Array(event.Array(event.Uint(256), event.Dynamic), event.Dynamic)},
	), event.Dynamic)

	const bad = "" // an error is expected
	for _, tc := range []struct {
		name string
		read func(event.Value) string
		json string
		want string
	}{
		{"uint64 max", readUint(64), `18446744073709551615`, "18446744073709551615"},
		{"uint64 above 2^53", readUint(64), `9007199254740993`, "9007199254740993"},
		{"uint64 hex", readUint(64), `"0x2a"`, "42"},
		{"uint64 too large", readUint(64), `18446744073709551616`, bad},
		{"uint48", readUint(48), `281474976710655`, "281474976710655"},
		{"uint24 too large", readUint(24), `16777216`, bad},
		{"uint8 too large", readUint(8), `256`, bad},
		{"uint96", readUint(96), `"79228162514264337593543950335"`, "79228162514264337593543950335"},
		{"uint96 too large", readUint(96), `"79228162514264337593543950336"`, bad},
		{"uint96 as a number", readUint(96), `5`, "5"},
		{"uint256 zero", readUint(256), `"0"`, "0"},
		{"uint256 max", readUint(256), `"` + maxUint256 + `"`, maxUint256},
		{"uint256 max in hex", readUint(256), `"0x` + strings.Repeat("f", 64) + `"`, maxUint256},
		{"uint256 2^256", readUint(256), `"115792089237316195423570985008687907853269984665640564039457584007913129639936"`, bad},
		{"uint256 hex too long", readUint(256), `"0x1` + zeros(64) + `"`, bad},
		{"uint256 many digits", readUint(256), `"` + strings.Repeat("9", 5000) + `"`, bad},
		{"uint256 leading zeros", readUint(256), `"` + zeros(100) + `7"`, "7"},
		{"uint256 negative", readUint(256), `"-1"`, bad},
		{"uint256 exponent in a string", readUint(256), `"1e18"`, bad},
		{"uint256 exponent", readUint(256), `1e18`, bad},
		{"uint256 fraction", readUint(256), `"1.0"`, bad},
		{"uint256 fraction as a number", readUint(256), `1.0`, bad},
		{"uint256 space", readUint(256), `" 1"`, bad},
		{"uint256 plus", readUint(256), `"+1"`, bad},
		{"uint256 underscore", readUint(256), `"1_0"`, bad},
		{"uint256 empty", readUint(256), `""`, bad},
		{"uint256 bare 0x", readUint(256), `"0x"`, bad},
		{"uint256 minus alone", readUint(256), `"-"`, bad},
		{"uint256 true", readUint(256), `true`, bad},
		{"int256 min", readInt(256), `"-57896044618658097711785492504343953926634992332820282019728792003956564819968"`,
			"-57896044618658097711785492504343953926634992332820282019728792003956564819968"},
		{"int256 below min", readInt(256), `"-57896044618658097711785492504343953926634992332820282019728792003956564819969"`, bad},
		{"int256 above max", readInt(256), `"57896044618658097711785492504343953926634992332820282019728792003956564819968"`, bad},
		{"int24", readInt(24), `-887272`, "-887272"},
		{"int128 min", readInt(128), `"-170141183460469231731687303715884105728"`, "-170141183460469231731687303715884105728"},
		{"int64 negative", readInt(64), `-1`, "-1"},
		{"int64 min", readInt(64), `-9223372036854775808`, "-9223372036854775808"},
		{"int64 below min", readInt(64), `-9223372036854775809`, bad},
		{"int8 minus zero", readInt(8), `-0`, "0"},
		{"int8 too small", readInt(8), `-129`, bad},
		{"bool", readBool, `true`, "true"},
		{"bool as number", readBool, `1`, bad},
		{"bool as string", readBool, `"true"`, bad},
		{"address", readAddress, `"0xAbCdEf0000000000000000000000000000000001"`, "abcdef0000000000000000000000000000000001"},
		{"address too short", readAddress, `"0x` + zeros(38) + `"`, bad},
		{"address too long", readAddress, `"0x` + zeros(42) + `"`, bad},
		{"bytes empty", readBytes, `""`, ""},
		{"bytes", readBytes, `"697066733a2f2f"`, "697066733a2f2f"},
		{"bytes with 0x", readBytes, `"0xdeadbeef"`, "deadbeef"},
		{"bytes odd", readBytes, `"abc"`, bad},
		{"bytes no hex", readBytes, `"zz"`, bad},
		{"bytes4 padded", readFixed(4), `"deadbeef` + zeros(56) + `"`, "deadbeef"},
		{"bytes4 exact", readFixed(4), `"deadbeef"`, "deadbeef"},
		{"bytes4 with a tail", readFixed(4), `"deadbeef` + zeros(55) + `1"`, bad},
		{"bytes4 too short", readFixed(4), `"deadbe"`, bad},
		{"bytes4 of 33 bytes", readFixed(4), `"deadbeef` + zeros(58) + `"`, bad},
		{"bytes32", readHash, `"10` + zeros(62) + `"`, "10" + zeros(62)},
		{"bytes32 of 20 bytes", readHash, `"` + zeros(40) + `"`, bad},
		{"text", readText, `"123"`, "123"},
		{"text replaced before", readText, `"\ufffdabc"`, "\ufffdabc"},
		{"text with U+0000", readText, `"a\u0000b"`, "a\ufffdb"},
		{"text lone surrogate", readText, `"\ud800x"`, "\ufffdx"},
		{"text pair", readText, `"\ud83d\ude00\"\\\/\n"`, "😀\"\\/\n"},
		{"text a number", readText, `5`, bad},
		{"indexed string", readTopicHash, `"0x` + hello + `"`, hello},
		{"indexed string before 0.41", readTopicHash, `"` + hello + `"`, hello},
		{"indexed tuple of one", readTopicHash, `{"only":"` + hello + `"}`, hello},
		{"indexed tuple of two", readTopicHash, `{"a":"` + hello + `","b":"` + hello + `"}`, bad},
		{"uint8[]", readList(event.Dynamic, readUint(8)), `[0,255]`, "[0 255]"},
		{"uint256[] empty", readList(event.Dynamic, readUint(256)), `[]`, "[]"},
		{"uint8[3] as strings", readList(3, readUint(8)), `["1","2","3"]`, "[1 2 3]"},
		{"uint8[3] of two", readList(3, readUint(8)), `[1,2]`, bad},
		{"uint8[] with null", readList(event.Dynamic, readUint(8)), `[1,null]`, bad},
		{"uint8[] a string", readList(event.Dynamic, readUint(8)), `"00ff"`, bad},
		{"bytes[]", readBlobs, `[]`, "NULL"},
		{"bytes[] if it came", readBlobs, `["0x01",""]`, "[01 ]"},
		{"bytes4[]", readList(event.Dynamic, readFixed(4)), `["01020304` + zeros(56) + `"]`, "[01020304]"},
		{"tuple[]", readJSON(event.Array(quad, event.Dynamic)),
			`[{"d":"9","a":"0x0000000000000000000000000000000000000001","b":"7","c":"0xdeadbeef` + zeros(56) + `"}]`,
			`[{"a":"0x0000000000000000000000000000000000000001","b":"7","c":"0xdeadbeef","d":"9"}]`},
		{"tuple[] empty", readJSON(event.Array(quad, event.Dynamic)), `[]`, "[]"},
		{"tuple[] an object", readJSON(event.Array(quad, event.Dynamic)), `{}`, bad},
		{"tuple without a member", readJSON(event.Array(quad, event.Dynamic)), `[{"a":"0x0000000000000000000000000000000000000001"}]`, bad},
		{"tuple[2] of one", readJSON(event.Array(event.Tuple(), 2)), `[{}]`, bad},
		{"tuple", readJSON(event.Tuple(event.Field{Name: "n", Type: event.Uint(64)}, event.Field{Name: "k", Type: event.Bytes()})),
			`{"n":5,"k":"ff"}`, `{"n":"5","k":"0xff"}`},
		{"tuple with null", readJSON(event.Tuple(event.Field{Name: "n", Type: event.Uint(64)})), `{"n":null}`, bad},
		{"tuple[] with a lost struct", readJSON(nested), `[{"x":"1","inner":null}]`, "NULL"},
		{"tuple[] with a struct, if it came", readJSON(nested), `[{"x":"1","inner":{"y":true}}]`, `[{"x":"1","inner":{"y":true}}]`},
		{"tuple[] with a lost number", readJSON(nested), `[{"x":null,"inner":null}]`, bad},
		{"tuple[] with a lost matrix", readJSON(matrix), `[{"m":[null,null]}]`, "NULL"},
		{"tuple[] with an empty matrix", readJSON(matrix), `[{"m":[]}]`, `[{"m":[]}]`},
		{"tuple with bytes[]", readJSON(event.Tuple(event.Field{Name: "b", Type: event.Array(event.Bytes(), event.Dynamic)})),
			`{"b":[]}`, "NULL"},
		{"tuple[] with bytes[]", readJSON(event.Array(event.Tuple(event.Field{Name: "b", Type: event.Array(event.Bytes(), event.Dynamic)}), event.Dynamic)),
			`[{"b":[]},{"b":["0x01"]}]`, `[{"b":[]},{"b":["0x01"]}]`},
		{"null", readUint(8), `null`, bad},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			item := itemOf(t, `{"v":`+tc.json+`}`)
			got := tc.read(item.Param("v"))
			field, failed := errors.AsType[*FieldError](item.Err())
			if expectError := tc.want == bad && tc.name != "bytes empty"; failed != expectError {
				t.Fatalf("got %q, error %v; want %q", got, item.Err(), tc.want)
			}
			if failed && field.Field != "v" {
				t.Fatalf("the error names field %q", field.Field)
			}
			if !failed && got != tc.want {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	const good = `"network":"mainnet","chain_id":1,"address":"0x00000000000000000000000000000000000000aa",` +
		`"block_hash":"0x00000000000000000000000000000000000000000000000000000000000000b1","block_number":7,` +
		`"block_timestamp":"0x68b18674","log_index":"0xd6","transaction_index":1,` +
		`"transaction_hash":"0x00000000000000000000000000000000000000000000000000000000000000c1"`
	at := time.Date(2025, 8, 29, 10, 52, 36, 0, time.UTC)
	for name, tc := range map[string]struct {
		change string // members that come later and so count
		check  func(event.Meta) bool
	}{
		"as it comes": {``, func(m event.Meta) bool {
			return m.Network == "mainnet" && *m.ChainID == 1 && m.BlockNumber == 7 && m.LogIndex == 214 &&
				m.BlockTimestamp.Equal(at) && m.TransactionIndex == 1 && m.Address[19] == 0xaa &&
				m.BlockHash[31] == 0xb1 && m.TransactionHash[31] == 0xc1
		}},
		"numbers in hex":     {`"block_number":"0x1b778a2","transaction_index":"0x10"`, func(m event.Meta) bool { return m.BlockNumber == 28801186 && m.TransactionIndex == 16 }},
		"no chain id":        {`"chain_id":null`, func(m event.Meta) bool { return m.ChainID == nil }},
		"no timestamp":       {`"block_timestamp":null`, func(m event.Meta) bool { return m.BlockTimestamp == nil }},
		"milliseconds":       {`"block_timestamp":"0x198f5753520"`, func(m event.Meta) bool { return m.BlockTimestamp.Equal(at) }},
		"log index zero":     {`"log_index":"0x0"`, func(m event.Meta) bool { return m.LogIndex == 0 }},
		"log index decimal":  {`"log_index":"33"`, func(m event.Meta) bool { return m.LogIndex == 33 }},
		"log index a number": {`"log_index":214`, func(m event.Meta) bool { return m.LogIndex == 214 }},
		"timestamp too late": {`"block_timestamp":"0xffffffffffffffff"`, nil},
		"no block hash":      {`"block_hash":null`, nil},
		"height too large":   {`"block_number":9223372036854775808`, nil},
		"height negative":    {`"block_number":-1`, nil},
		"network missing":    {`"network":null`, nil},
		"network with NUL":   {`"network":"a\u0000"`, nil},
		"network too long":   {`"network":"` + strings.Repeat("n", 300) + `"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			information := good
			if tc.change != "" {
				information += "," + tc.change
			}
			meta, err := itemOf(t, `{"transaction_information":{`+information+`}}`).Metadata()
			if (err == nil) != (tc.check != nil) {
				t.Fatalf("got error %v", err)
			}
			if tc.check != nil && !tc.check(meta) {
				t.Fatalf("got %+v", meta)
			}
		})
	}
	for _, text := range []string{`{}`, `{"transaction_information":"x"}`, `{"transaction_information":null}`} {
		if _, err := itemOf(t, text).Metadata(); !errors.Is(err, ErrNoMetadata) {
			t.Errorf("%s: got error %v", text, err)
		}
	}
}

// TestMetadataAgreed: what is remembered of one event is never what another one says, right or wrong, whatever stands
// between them. Each item is held against the same one in a message of its own.
func TestMetadataAgreed(t *testing.T) {
	t.Parallel()
	hash := func(digit string) string { return `"0x` + strings.Repeat(digit, 64) + `"` }
	usual := map[string]string{
		"network": `"n"`, "block_number": "7", "log_index": `"0x1"`, "transaction_index": "2",
		"transaction_hash": hash("c"), "block_hash": hash("a"), "address": `"0x` + strings.Repeat("d", 40) + `"`,
		"chain_id": "1155", "block_timestamp": `"0x68b18674"`,
	}
	var items []string
	item := func(key, value string) {
		var members []string
		for _, name := range slices.Sorted(maps.Keys(usual)) {
			if name != key {
				members = append(members, `"`+name+`":`+usual[name])
			} else if value != "" {
				members = append(members, `"`+name+`":`+value)
			}
		}
		items = append(items, `{"transaction_information":{`+strings.Join(members, ",")+`}}`)
	}
	for _, key := range slices.Sorted(maps.Keys(usual)) {
		others := []string{`"no value"`, `"no value"`, "null", "", "true", hash("b"), "9", `"0x09"`, `"9"`, `"` + strings.Repeat("0", 100) + `9"`}
		for _, value := range others {
			item(key, value)
			item(key, value)
			item("", "")
		}
	}
	var m Message
	payload := `{"event_name":"E","event_data":[` + strings.Join(items, ",") + `]}`
	for range 2 { // and what the message before said
		if err := m.Parse(payload); err != nil {
			t.Fatal(err)
		}
		for i, text := range items {
			it, err := m.Item(i)
			if err != nil {
				t.Fatal(err)
			}
			got, err := it.Metadata()
			want, wantErr := itemOf(t, text).Metadata()
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && !reflect.DeepEqual(got, want) {
				t.Fatalf("item %d, %s:\ngot  %+v, %v\nwant %+v, %v", i, text, got, err, want, wantErr)
			}
		}
	}
}

func TestReorg(t *testing.T) {
	t.Parallel()
	last := func(n int64) *int64 { return &n }
	for name, tc := range map[string]struct {
		text string
		want *event.Reorg
	}{
		"closed range":   {`{"type":"reorg","network":"x","fork_block":101,"depth":3,"events_deleted":0}`, &event.Reorg{ForkBlock: 101, LastBlock: last(103)}},
		"before 0.40":    {`{"type":"reorg","network":"x","fork_block":101,"depth":0,"affected_tx_hashes":[]}`, &event.Reorg{ForkBlock: 101}},
		"unknown fields": {`{"network":"x","fork_block":1,"depth":1,"events_deleted":0,"y":{}}`, &event.Reorg{ForkBlock: 1, LastBlock: last(1)}},
		"depth a string": {`{"network":"x","fork_block":1,"depth":"1","events_deleted":0}`, nil},
		"depth negative": {`{"network":"x","fork_block":1,"depth":-1,"events_deleted":0}`, nil},
		"no fork":        {`{"network":"x","depth":1}`, nil},
		"no network":     {`{"fork_block":1,"depth":1}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := itemOf(t, tc.text).Reorg()
			if (err == nil) != (tc.want != nil) {
				t.Fatalf("got error %v", err)
			}
			if tc.want == nil {
				return
			}
			same := (got.LastBlock == nil) == (tc.want.LastBlock == nil)
			if same && got.LastBlock != nil {
				same = *got.LastBlock == *tc.want.LastBlock
			}
			if got.ForkBlock != tc.want.ForkBlock || !same || got.Network != "x" {
				t.Fatalf("got %+v", got)
			}
		})
	}
}
