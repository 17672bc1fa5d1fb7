package rindexer

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/abitest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// FuzzValue holds the decoders of values against encoding/json: what is taken for a value of a type, and for which. What
// is taken is then packed by go-ethereum, and the decoder of raw logs must find the same in it.
func FuzzValue(f *testing.F) {
	for shape, text := range map[uint64]string{
		0: `true`, 1: `"0x2a"`, 2: `-57896044618658097711785492504343953926634992332820282019728792003956564819968`,
		3: `"0xAbCdEf0000000000000000000000000000000001"`, 4: `"deadbeef00000000000000000000000000000000000000000000000000000000"`,
		7: `"a\u0000b\ud83d\ude00"`, 12: `["1",2,"0x3"]`, 20: `{"a":null,"b":[{"a":"1","b":"0x"}]}`, 31: `[[{"a":"5"}],[]]`,
	} {
		f.Add(shape, text)
	}
	for shape := range uint64(200) { // what the types would be sent as, to begin with something that fits
		rng := rand.New(rand.NewPCG(shape, 0))
		typ := abitest.RandomType(rng, 3)
		v := abitest.RandomValue(rng, abitest.Type(f, typ))
		f.Add(shape, string(abitest.Text(nil, typ, v)))
	}
	f.Fuzz(func(t *testing.T, shape uint64, text string) {
		typ := abitest.RandomType(rand.New(rand.NewPCG(shape, 0)), 3)
		var m Message
		if m.Parse(`{"event_data":[{"p0":`+text+`}]}`) != nil {
			return
		}
		item, err := m.Item(0)
		if err != nil || m.Len() != 1 || item.Len() != 1 {
			return // the text closed the object and began another
		}
		got := item.Param("p0").JSON(typ)
		o := oracle{}
		want := o.read(typ, decoded(t, item), false)
		switch refused := item.Err() != nil; {
		case refused && o.err == nil:
			t.Fatalf("refused as %v: %v", abitest.Marshaling("", typ), item.Err())
		case refused:
			return
		case got == nil && !o.lost:
			t.Fatalf("NULL, want %v as %v (%v)", want, abitest.Marshaling("", typ), o.err)
		case got == nil:
			return
		case o.err != nil || o.lost:
			t.Fatalf("took %s as %v; %v, lost %t", got, abitest.Marshaling("", typ), o.err, o.lost)
		}
		oracleType := abitest.Type(t, typ)
		value := reflect.New(oracleType.GetType()).Elem()
		set(value, oracleType, want)
		if text := abitest.Text(nil, typ, value); !bytes.Equal(text, got) {
			t.Fatalf("read %s as %s, want %s", item.v.raw(m.payload), got, text)
		}
		data, err := abitest.Arguments(t, []*event.Type{typ}).Pack(value.Interface())
		if err != nil {
			t.Fatalf("go-ethereum refuses %v: %v", want, err)
		}
		if fromLog := decodeLog(t, typ, data); fromLog != string(got) {
			t.Fatalf("the log gives %s, the message %s", fromLog, got)
		}
	})
}

// decoded is the parameter as encoding/json reads it.
func decoded(t *testing.T, item *Item) any {
	t.Helper()
	var members map[string]any
	d := json.NewDecoder(strings.NewReader(item.m.Raw(0)))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		t.Fatal(err)
	}
	return members["p0"]
}

// oracle reads what encoding/json has decoded, with none of the code under test.
type oracle struct {
	err  error // the last
	lost bool  // rindexer has put something in the place of a value
}

func (o *oracle) fail(format string, args ...any) any {
	o.err = fmt.Errorf(format, args...)
	return nil
}

var (
	decimalForm = regexp.MustCompile(`^-?[0-9]+$`)
	hexForm     = regexp.MustCompile(`^0[xX][0-9a-fA-F]+$`)
)

// read returns a bool, *big.Int, []byte, string, or []any. Below is whether v stands in an array of tuples.
func (o *oracle) read(t *event.Type, v any, below bool) any {
	switch t.Kind {
	case event.KindBool:
		if b, ok := v.(bool); ok {
			return b
		}
		return o.fail("%v is no bool", v)
	case event.KindUint, event.KindInt:
		return o.integer(t, v)
	case event.KindString:
		if s, ok := v.(string); ok {
			return strings.ReplaceAll(s, "\x00", "\uFFFD")
		}
		return o.fail("%v is no string", v)
	case event.KindArray:
		return o.array(t, v, below)
	case event.KindTuple:
		return o.tuple(t, v, below)
	}
	return o.bytes(t, v)
}

func (o *oracle) integer(t *event.Type, v any) any {
	text, isText := v.(string)
	if n, ok := v.(json.Number); ok {
		text, isText = n.String(), true
	}
	n, ok := new(big.Int), isText && decimalForm.MatchString(text)
	if ok {
		n.SetString(text, 10)
	} else if ok = isText && hexForm.MatchString(text); ok {
		n.SetString(text[2:], 16)
	}
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(t.Size))
	if t.Kind == event.KindInt {
		high.Rsh(high, 1)
		low.Neg(high)
	}
	if !ok || n.Cmp(low) < 0 || n.Cmp(high) >= 0 {
		return o.fail("%v is no integer of %d bits", v, t.Size)
	}
	return n
}

func (o *oracle) bytes(t *event.Type, v any) any {
	text, isText := v.(string)
	text = strings.TrimPrefix(strings.TrimPrefix(text, "0x"), "0X")
	if isText && strings.HasPrefix(v.(string), "0x0X") {
		isText = false
	}
	b, err := hex.DecodeString(text)
	if err != nil || !isText {
		return o.fail("%v is no hex", v)
	}
	size := t.Size
	if t.Kind == event.KindAddress {
		size = common.AddressLength
	}
	padded := t.Kind != event.KindAddress && len(b) == 32 && len(bytes.Trim(b[size:], "\x00")) == 0
	if t.Kind != event.KindBytes && len(b) != size && !padded {
		return o.fail("%v is not %d bytes", v, size)
	}
	if t.Kind != event.KindBytes {
		b = b[:size]
	}
	return b
}

func (o *oracle) array(t *event.Type, v any, below bool) any {
	list, ok := v.([]any)
	if !ok {
		return o.fail("%v is no array", v)
	}
	if !below && t.Elem.Kind == event.KindBytes && len(list) == 0 {
		o.lost = true
	}
	if t.Size != event.Dynamic && t.Size != len(list) {
		o.fail("%v has not %d elements", v, t.Size)
	}
	read := []any{}
	for _, element := range list {
		if element == nil && below && t.Elem.Kind == event.KindArray {
			o.lost = true
			continue
		}
		read = append(read, o.member(t.Elem, element, below, t.Elem.Kind == event.KindTuple))
	}
	return read
}

func (o *oracle) tuple(t *event.Type, v any, below bool) any {
	object, ok := v.(map[string]any)
	if !ok {
		return o.fail("%v is no object", v)
	}
	read := []any{}
	for _, f := range t.Fields {
		member, ok := object[f.Name]
		if !ok {
			o.fail("%s is missing", f.Name)
			continue
		}
		read = append(read, o.member(f.Type, member, below, false))
	}
	return read
}

// member reads a part of a composite, where null may stand for what rindexer has no form for.
func (o *oracle) member(t *event.Type, v any, below, tuples bool) any {
	if v == nil && below && (t.Kind == event.KindTuple || t.Kind == event.KindFunction) {
		o.lost = true
		return nil
	}
	if v == nil {
		return o.fail("null")
	}
	return o.read(t, v, below || tuples)
}

// set fills a Go value of go-ethereum's.
func set(v reflect.Value, t abi.Type, from any) {
	switch from := from.(type) {
	case bool:
		v.SetBool(from)
	case *big.Int:
		switch {
		case v.Kind() == reflect.Pointer:
			v.Set(reflect.ValueOf(from))
		case v.CanUint():
			v.SetUint(from.Uint64())
		default:
			v.SetInt(from.Int64())
		}
	case string:
		v.SetString(from)
	case []byte:
		if v.Kind() == reflect.Slice {
			v.SetBytes(from)
			return
		}
		reflect.Copy(v, reflect.ValueOf(from))
	case []any:
		if t.T == abi.SliceTy {
			v.Set(reflect.MakeSlice(v.Type(), len(from), len(from)))
		}
		for i := range from {
			if t.T == abi.TupleTy {
				set(v.Field(i), *t.TupleElems[i], from[i])
			} else {
				set(v.Index(i), *t.Elem, from[i])
			}
		}
	}
}

// logRow reads one parameter as jsonb.
type logRow struct {
	event.Meta
	t    *event.Type
	text string
}

func (r *logRow) Decode(d event.Decoder) { r.text = string(d.Param("p0").JSON(r.t)) }

func decodeLog(t *testing.T, typ *event.Type, data []byte) string {
	t.Helper()
	d := event.Definition{Params: []event.Param{{Name: "p0", Type: typ}}, Layouts: [][]int{{}}}
	row := &logRow{t: typ}
	if _, err := d.DecodeLog(event.Log{Topics: []common.Hash{{}}, Data: data}, row); err != nil {
		t.Fatal(err)
	}
	return row.text
}
