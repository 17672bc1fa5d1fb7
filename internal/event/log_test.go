package event_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/abitest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

var topic0 = common.HexToHash("0x01")

// define returns a definition of parameters p0, p1 and so on. Without layouts none is indexed.
func define(types []*event.Type, layouts ...[]int) *event.Definition {
	d := &event.Definition{Table: "tested_events", Signature: "Tested()", Topic0: topic0, Layouts: layouts}
	for i, t := range types {
		d.Params = append(d.Params, event.Param{Name: fmt.Sprint("p", i), Type: t})
	}
	if len(layouts) == 0 {
		d.Layouts = [][]int{{}}
	}
	return d
}

// rowsOf is a handler that makes rows, and no more.
type rowsOf struct {
	event.Handler
	types []*event.Type
}

func (r rowsOf) NewRow() event.Row { return &jsonRow{types: r.types} }

// decodeData decodes a log without indexed parameters in both ways that there are, and returns the texts.
func decodeData(types []*event.Type, data []byte) ([]string, error) {
	log := event.Log{Topics: []common.Hash{topic0}, Data: data}
	asJSON, asTyped := &jsonRow{types: types}, &typedRow{types: types}
	_, err := define(types).DecodeLog(log, asJSON)
	_, typedErr := define(types).DecodeLog(log, asTyped)
	switch {
	case (err == nil) != (typedErr == nil):
		return nil, fmt.Errorf("as JSON: %v, as a typed row: %v", err, typedErr)
	case err == nil && !slices.Equal(asJSON.texts, asTyped.texts):
		return nil, fmt.Errorf("as JSON %q, as a typed row %q", asJSON.texts, asTyped.texts)
	}
	return asJSON.texts, err
}

func TestDecodeLog(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, c := range []struct {
		name  string
		types []*event.Type
	}{
		{"bool and address", []*event.Type{event.Bool(), event.Address()}},
		{"integers of every width", everyInteger()},
		{"fixed bytes of every length", everyFixedBytes()},
		{"bytes, strings and functions", []*event.Type{event.Bytes(), event.String(), event.Function(), event.Bytes()}},
		{"arrays of value types", []*event.Type{
			event.Array(event.Uint(8), event.Dynamic), event.Array(event.Int(256), 3),
			event.Array(event.Address(), event.Dynamic), event.Array(event.Bool(), 2),
			event.Array(event.FixedBytes(4), event.Dynamic),
		}},
		{"arrays of dynamic elements", []*event.Type{
			event.Array(event.Bytes(), event.Dynamic), event.Array(event.String(), 2), event.Array(event.Bytes(), 3),
		}},
		{"nested arrays", []*event.Type{
			event.Array(event.Array(event.Uint(256), event.Dynamic), event.Dynamic),
			event.Array(event.Array(event.Uint(16), 2), event.Dynamic),
			event.Array(event.Array(event.String(), event.Dynamic), 2),
			event.Array(event.Array(event.Array(event.Int(40), event.Dynamic), 2), event.Dynamic),
		}},
		{"tuples", []*event.Type{staticTuple(), dynamicTuple(), event.Bool()}},
		{"arrays of tuples", []*event.Type{
			event.Array(staticTuple(), event.Dynamic), event.Array(staticTuple(), 2),
			event.Array(dynamicTuple(), event.Dynamic), event.Array(dynamicTuple(), 2),
		}},
		{"tuples in tuples", []*event.Type{event.Tuple(
			event.Field{Name: "a", Type: event.Array(dynamicTuple(), event.Dynamic)},
			event.Field{Name: "b", Type: staticTuple()},
			event.Field{Name: "c", Type: dynamicTuple()},
		)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 0))
			for range 200 {
				agrees(t, rng, c.types)
			}
		})
	}
	t.Run("shapes at random", func(t *testing.T) {
		t.Parallel()
		rng := rand.New(rand.NewPCG(seed, 1))
		for range 300 {
			types := make([]*event.Type, rng.IntN(5)+1)
			for i := range types {
				types[i] = abitest.RandomType(rng, 3)
			}
			agrees(t, rng, types)
		}
	})
}

// agrees packs random values and compares what becomes of them.
func agrees(t *testing.T, rng *rand.Rand, types []*event.Type) {
	t.Helper()
	args := abitest.Arguments(t, types)
	values := make([]any, len(args))
	want := make([]string, len(args))
	for i, a := range args {
		v := abitest.RandomValue(rng, a.Type)
		values[i], want[i] = v.Interface(), string(abitest.Text(nil, types[i], v))
	}
	data, err := args.Pack(values...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeData(types, data)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("types %v: got %q, %v, want %q", marshalings(types), got, err, want)
	}
}

func marshalings(types []*event.Type) (names []string) {
	for _, t := range types {
		names = append(names, fmt.Sprint(abitest.Marshaling("", t)))
	}
	return names
}

func everyInteger() (types []*event.Type) {
	for bits := 8; bits <= 256; bits += 8 {
		types = append(types, event.Uint(bits), event.Int(bits))
	}
	return types
}

func everyFixedBytes() (types []*event.Type) {
	for n := 1; n <= 32; n++ {
		types = append(types, event.FixedBytes(n))
	}
	return types
}

func staticTuple() *event.Type {
	return event.Tuple(
		event.Field{Name: "a", Type: event.Uint(64)},
		event.Field{Name: "b", Type: event.Array(event.Int(8), 2)},
	)
}

func dynamicTuple() *event.Type {
	return event.Tuple(
		event.Field{Name: "a", Type: event.String()},
		event.Field{Name: "b", Type: event.Uint(256)},
		event.Field{Name: "c", Type: event.Array(event.Bytes(), event.Dynamic)},
		event.Field{Name: "d", Type: event.FixedBytes(5)},
	)
}

func TestDecodeLogTopics(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	valueTypes := append(append(everyInteger(), everyFixedBytes()...), event.Bool(), event.Address())

	t.Run("value types are read from topics", func(t *testing.T) {
		for range 200 {
			types := []*event.Type{valueTypes[rng.IntN(len(valueTypes))], event.String(), valueTypes[rng.IntN(len(valueTypes))]}
			want, log := packed(t, rng, types, []int{0, 2})
			row := &jsonRow{types: types}
			if _, err := define(types, []int{0, 2}).DecodeLog(log, row); err != nil || !slices.Equal(row.texts, want) {
				t.Fatalf("types %v: got %q, %v, want %q", marshalings(types), row.texts, err, want)
			}
		}
	})
	t.Run("takes every layout that an ABI declares", func(t *testing.T) {
		types := []*event.Type{event.Address(), event.Address(), event.Uint(256)}
		layouts := [][]int{{0, 1}, {0, 1, 2}, {}}
		for _, layout := range layouts {
			want, log := packed(t, rng, types, layout)
			row := &typedRow{types: types}
			if _, err := define(types, layouts...).DecodeLog(log, row); err != nil || !slices.Equal(row.texts, want) {
				t.Errorf("layout %v: got %q, %v, want %q", layout, row.texts, err, want)
			}
		}
	})
	t.Run("tells layouts with as many topics apart by the values", func(t *testing.T) {
		types := []*event.Type{event.Uint(8), event.Uint(256)}
		d := define(types, []int{1}, []int{0})
		d.Handler = rowsOf{types: types}
		small, large := common.Hash{31: 7}, common.Hash{0: 1}
		log := event.Log{Topics: []common.Hash{topic0, small}, Data: large.Bytes()}
		row := &jsonRow{types: types}
		want := []string{`"7"`, `"` + large.Big().String() + `"`}
		if _, err := d.DecodeLog(log, row); err != nil || !slices.Equal(row.texts, want) {
			t.Errorf("got %q, %v, want %q", row.texts, err, want)
		}
	})
	t.Run("refuses a log that fits layouts with different values", func(t *testing.T) {
		types := []*event.Type{event.Uint(8), event.Uint(8)}
		word := func(n byte) common.Hash { return common.Hash{31: n} }
		d := define(types, []int{0}, []int{1})
		d.Handler = rowsOf{types: types}
		log := event.Log{Topics: []common.Hash{topic0, word(7)}, Data: common.Hash{31: 9}.Bytes()}
		if _, err := d.DecodeLog(log, &jsonRow{types: types}); err == nil {
			t.Error("7 and 9 can be either parameter's value, and there is no error")
		}
		log.Data = word(7).Bytes()
		row := &jsonRow{types: types}
		if _, err := d.DecodeLog(log, row); err != nil || !slices.Equal(row.texts, []string{`"7"`, `"7"`}) {
			t.Errorf("got %q, %v", row.texts, err)
		}
	})
	t.Run("an anonymous event has no topic0", func(t *testing.T) {
		types := []*event.Type{event.Uint(256), event.Bool()}
		want, log := packed(t, rng, types, []int{0})
		log.Topics = log.Topics[1:]
		d := define(types, []int{0})
		d.Anonymous = true
		row := &jsonRow{types: types}
		if _, err := d.DecodeLog(log, row); err != nil || !slices.Equal(row.texts, want) {
			t.Errorf("got %q, %v, want %q", row.texts, err, want)
		}
	})
	t.Run("an indexed dynamic type is its hash", func(t *testing.T) {
		types := []*event.Type{event.String()}
		hash := common.HexToHash("0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8")
		row := new(hashRow)
		_, err := define(types, []int{0}).DecodeLog(event.Log{Topics: []common.Hash{topic0, hash}}, row)
		if err != nil || row.hash != hash {
			t.Errorf("got %s, %v", row.hash, err)
		}
	})
	t.Run("refuses another topic0 and another number of topics", func(t *testing.T) {
		types := []*event.Type{event.Bool()}
		for _, topics := range [][]common.Hash{nil, {{}}, {topic0, {}, {}}} {
			_, err := define(types, []int{0}).DecodeLog(event.Log{Topics: topics}, &jsonRow{types: types})
			if err == nil {
				t.Errorf("took topics %v", topics)
			}
		}
	})
}

type hashRow struct {
	event.Meta
	hash common.Hash
}

func (r *hashRow) Decode(d event.Decoder) { r.hash = d.Param("p0").TopicHash() }

// packed returns a log of random values with some parameters indexed, and their texts.
func packed(t *testing.T, rng *rand.Rand, types []*event.Type, indexed []int) ([]string, event.Log) {
	t.Helper()
	args := abitest.Arguments(t, types)
	log := event.Log{Topics: []common.Hash{topic0}}
	texts := make([]string, len(types))
	var unindexed abi.Arguments
	var values []any
	for i, a := range args {
		v := abitest.RandomValue(rng, a.Type)
		texts[i] = string(abitest.Text(nil, types[i], v))
		if !slices.Contains(indexed, i) {
			unindexed, values = append(unindexed, a), append(values, v.Interface())
			continue
		}
		word, err := abi.Arguments{a}.Pack(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		log.Topics = append(log.Topics, common.Hash(word))
	}
	data, err := unindexed.Pack(values...)
	if err != nil {
		t.Fatal(err)
	}
	log.Data = data
	return texts, log
}

func TestDecodeLogRefuses(t *testing.T) {
	t.Parallel()
	t.Run("data that is cut off anywhere", func(t *testing.T) {
		t.Parallel()
		types := []*event.Type{event.Array(dynamicTuple(), event.Dynamic), event.Array(event.Uint(8), 2)}
		args := abitest.Arguments(t, types)
		rng := rand.New(rand.NewPCG(1, 2))
		data, err := args.Pack(abitest.RandomValue(rng, args[0].Type).Interface(), abitest.RandomValue(rng, args[1].Type).Interface())
		if err != nil {
			t.Fatal(err)
		}
		for len(data) > 0 {
			data = data[:len(data)-1]
			want, oracleErr := args.Unpack(data)
			got, err := decodeData(types, data)
			// What is cut off may be no more than padding.
			if err == nil && (oracleErr != nil || !slices.Equal(got, oracleTexts(types, want))) {
				t.Fatalf("took %d bytes as %q; the oracle: %v", len(data), got, oracleErr)
			}
		}
	})
	word := func(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 24), n) }
	huge := bytes.Repeat([]byte{0xff}, 32)
	numbers, texts := event.Array(event.Uint(8), event.Dynamic), event.Array(event.String(), event.Dynamic)
	for _, c := range []struct {
		name  string
		types []*event.Type
		data  [][]byte
	}{
		{"an offset beyond the data", []*event.Type{event.Bytes()}, [][]byte{word(64), word(0)}},
		{"an offset beyond 64 bits", []*event.Type{event.Bytes()}, [][]byte{huge, word(0)}},
		{"an offset into the last word", []*event.Type{event.Bytes()}, [][]byte{word(33), word(0)}},
		{"a length beyond the data", []*event.Type{event.String()}, [][]byte{word(32), word(33), word(0)}},
		{"a length of 2^256-1", []*event.Type{event.Bytes()}, [][]byte{word(32), huge}},
		{"a count beyond the data", []*event.Type{numbers}, [][]byte{word(32), word(3), word(1), word(2)}},
		{"a count of 2^63", []*event.Type{texts}, [][]byte{word(32), word(1 << 63)}},
		{"a count of 2^256-1", []*event.Type{texts}, [][]byte{word(32), huge}},
		{"an element's offset beyond the data", []*event.Type{texts}, [][]byte{word(32), word(1), word(999)}},
		{"an integer that is too wide", []*event.Type{event.Uint(8)}, [][]byte{word(256)}},
		{"a signed integer that is too wide", []*event.Type{event.Int(8)}, [][]byte{word(128)}},
		{"an element that is too wide", []*event.Type{numbers}, [][]byte{word(32), word(1), word(256)}},
		{"no data", []*event.Type{event.Array(event.Bool(), 2)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeData(c.types, bytes.Join(c.data, nil))
			if err == nil {
				t.Fatalf("took it as %q", got)
			}
			if !strings.Contains(err.Error(), "tested_events") || !strings.Contains(err.Error(), "field p0") {
				t.Errorf("the error names neither table nor field: %v", err)
			}
		})
	}
	t.Run("offsets that multiply the data", func(t *testing.T) {
		t.Parallel()
		// Arrays of arrays whose offsets all point to one place: a few kilobytes that stand for 300^4 numbers.
		const n, depth = 300, 4
		bomb, data := event.Uint(256), []byte{}
		for range depth {
			bomb = event.Array(bomb, event.Dynamic)
		}
		data = append(data, word(32)...)
		for level := range depth {
			data = append(data, word(n)...)
			for range n {
				if level < depth-1 {
					data = append(data, word(n*wordSize)...)
				} else {
					data = append(data, word(1)...)
				}
			}
		}
		if got, err := decodeData([]*event.Type{bomb}, data); err == nil {
			t.Errorf("took %d bytes for %d", len(data), len(got[0]))
		}
	})
	t.Run("elements of no size without number", func(t *testing.T) {
		t.Parallel()
		nothing := event.Array(event.Array(event.Array(event.Uint(8), 0), event.Dynamic), event.Dynamic)
		const n = 3000
		data := append(word(32), word(n)...)
		for range n {
			data = append(data, word(0)...)
		}
		copy(data[64:], word(n)) // the first element's offset, and the count of every other
		if got, err := decodeData([]*event.Type{nothing}, data); err == nil && len(got[0]) > 100*len(data) {
			t.Errorf("took %d bytes for %d", len(data), len(got[0]))
		}
	})
}

const wordSize = 32

func oracleTexts(types []*event.Type, values []any) []string {
	texts := make([]string, len(types))
	for i, t := range types {
		texts[i] = string(abitest.Text(nil, t, reflect.ValueOf(values[i])))
	}
	return texts
}

func TestDecodeLogReplacesNUL(t *testing.T) {
	t.Parallel()
	types := []*event.Type{event.String()}
	data, err := abitest.Arguments(t, types).Pack("a\x00b")
	if err != nil {
		t.Fatal(err)
	}
	row := &jsonRow{types: types}
	hadNUL, err := define(types).DecodeLog(event.Log{Topics: []common.Hash{topic0}, Data: data}, row)
	if err != nil || !hadNUL || row.texts[0] != `"a`+event.Replacement+`b"` {
		t.Errorf("got %q, %v, %v", row.texts, hadNUL, err)
	}
}
