package event_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// The oracle is go-ethereum's accounts/abi: it packs values, and this file compares what a log decoder makes of them
// by way of one text form, that of a jsonb column.

// marshaling describes t as go-ethereum's parser takes it.
func marshaling(name string, t *event.Type) abi.ArgumentMarshaling {
	a := abi.ArgumentMarshaling{Name: name}
	switch t.Kind {
	case event.KindBool:
		a.Type = "bool"
	case event.KindUint:
		a.Type = fmt.Sprint("uint", t.Size)
	case event.KindInt:
		a.Type = fmt.Sprint("int", t.Size)
	case event.KindAddress:
		a.Type = "address"
	case event.KindFixedBytes:
		a.Type = fmt.Sprint("bytes", t.Size)
	case event.KindFunction:
		a.Type = "function"
	case event.KindBytes:
		a.Type = "bytes"
	case event.KindString:
		a.Type = "string"
	case event.KindArray:
		element := marshaling("", t.Elem)
		a.Type, a.Components = element.Type+"[]", element.Components
		if t.Size != event.Dynamic {
			a.Type = element.Type + "[" + strconv.Itoa(t.Size) + "]"
		}
	case event.KindTuple:
		a.Type = "tuple"
		for _, f := range t.Fields {
			a.Components = append(a.Components, marshaling(f.Name, f.Type))
		}
	}
	return a
}

func oracleType(tb testing.TB, t *event.Type) abi.Type {
	tb.Helper()
	m := marshaling("", t)
	oracle, err := abi.NewType(m.Type, "", m.Components)
	if err != nil {
		tb.Fatalf("type %s: %v", m.Type, err)
	}
	return oracle
}

func arguments(tb testing.TB, types []*event.Type) abi.Arguments {
	tb.Helper()
	args := make(abi.Arguments, len(types))
	for i, t := range types {
		args[i] = abi.Argument{Name: fmt.Sprint("p", i), Type: oracleType(tb, t)}
	}
	return args
}

// randomValue returns a value of the Go type that go-ethereum packs t from, an edge of its range every other time.
func randomValue(rng *rand.Rand, t abi.Type) reflect.Value {
	v := reflect.New(t.GetType()).Elem()
	switch t.T {
	case abi.BoolTy:
		v.SetBool(rng.IntN(2) == 1)
	case abi.UintTy, abi.IntTy:
		setInteger(v, randomInteger(rng, t.Size, t.T == abi.IntTy))
	case abi.AddressTy, abi.FixedBytesTy, abi.FunctionTy:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(edgeByte(rng)))
		}
	case abi.BytesTy:
		v.SetBytes([]byte(randomText(rng)))
	case abi.StringTy:
		v.SetString(randomText(rng))
	case abi.SliceTy:
		n := rng.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		fallthrough
	case abi.ArrayTy:
		for i := range v.Len() {
			v.Index(i).Set(randomValue(rng, *t.Elem))
		}
	case abi.TupleTy:
		for i, element := range t.TupleElems {
			v.Field(i).Set(randomValue(rng, *element))
		}
	}
	return v
}

func edgeByte(rng *rand.Rand) byte {
	return []byte{0, 0xff, 0x80, byte(rng.Uint32())}[rng.IntN(4)]
}

// randomText is of any length around the 32 bytes of a word, and not always UTF-8.
func randomText(rng *rand.Rand) string {
	parts := []string{"", "\x00", "\"\\\n", "é", "😀", "\xff", "\xe2\x82", strings.Repeat("x", 31), strings.Repeat("y", 32)}
	var b strings.Builder
	for range rng.IntN(5) {
		b.WriteString(parts[rng.IntN(len(parts))])
	}
	return b.String()
}

func randomInteger(rng *rand.Rand, bits int, signed bool) *big.Int {
	edges := edgesOf(bits, signed)
	if rng.IntN(2) == 0 {
		return edges[rng.IntN(len(edges))]
	}
	n := new(big.Int)
	for range 4 {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(rng.Uint64()))
	}
	n.Rsh(n, uint(256-bits+rng.IntN(bits)))
	if !signed {
		return n
	}
	n.Rsh(n, 1)
	if rng.IntN(2) == 0 {
		n.Neg(n)
	}
	return n
}

// edgesOf returns the least and the greatest value of an integer type, and what lies about zero.
func edgesOf(bits int, signed bool) []*big.Int {
	one := big.NewInt(1)
	if !signed {
		top := new(big.Int).Lsh(one, uint(bits))
		return []*big.Int{new(big.Int), one, top.Sub(top, one)}
	}
	half := new(big.Int).Lsh(one, uint(bits-1))
	return []*big.Int{new(big.Int).Neg(half), big.NewInt(-1), new(big.Int), one, new(big.Int).Sub(half, one)}
}

func setInteger(v reflect.Value, n *big.Int) {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.ValueOf(n))
	case v.CanUint():
		v.SetUint(n.Uint64())
	default:
		v.SetInt(n.Int64())
	}
}

// text writes a value that go-ethereum unpacked in the form of a jsonb column.
func text(j event.JSON, t *event.Type, v reflect.Value) event.JSON {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch t.Kind {
	case event.KindBool:
		return j.AppendBool(v.Bool())
	case event.KindUint, event.KindInt:
		return append(j, strconv.Quote(fmt.Sprint(v.Interface()))...)
	case event.KindAddress:
		address := v.Interface().(common.Address)
		return j.AppendHex(address[:])
	case event.KindBytes, event.KindFixedBytes, event.KindFunction:
		raw := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(raw), v)
		return j.AppendHex(raw)
	case event.KindString:
		clean, _ := event.CleanText(v.String())
		return j.AppendString(clean)
	case event.KindArray:
		j = append(j, '[')
		for i := range v.Len() {
			if i > 0 {
				j = append(j, ',')
			}
			j = text(j, t.Elem, v.Index(i))
		}
		return append(j, ']')
	default:
		j = append(j, '{')
		for i, f := range t.Fields {
			if i > 0 {
				j = append(j, ',')
			}
			j = append(j.AppendString(t.Key(i)), ':')
			j = text(j, f.Type, v.Field(i))
		}
		return append(j, '}')
	}
}

// jsonRow reads every parameter with Value.JSON.
type jsonRow struct {
	event.Meta
	types []*event.Type
	texts []string
}

func (r *jsonRow) Decode(d event.Decoder) {
	r.texts = nil
	for i, t := range r.types {
		r.texts = append(r.texts, string(d.Param(fmt.Sprint("p", i)).JSON(t)))
	}
}

// typedRow reads every parameter with the method that generated code would use.
type typedRow struct {
	event.Meta
	types []*event.Type
	texts []string
}

func (r *typedRow) Decode(d event.Decoder) {
	r.texts = nil
	for i, t := range r.types {
		r.texts = append(r.texts, string(typed(nil, t, d.Param(fmt.Sprint("p", i)))))
	}
}

func typed(j event.JSON, t *event.Type, v event.Value) event.JSON {
	switch {
	case t.Kind == event.KindBool:
		return j.AppendBool(v.Bool())
	case t.Kind == event.KindUint && t.Size <= 64:
		return append(j, strconv.Quote(strconv.FormatUint(v.Uint(t.Size), 10))...)
	case t.Kind == event.KindUint:
		return j.AppendUint(v.Uint256(t.Size))
	case t.Kind == event.KindInt && t.Size <= 64:
		return append(j, strconv.Quote(strconv.FormatInt(v.Int(t.Size), 10))...)
	case t.Kind == event.KindInt:
		return j.AppendInteger(v.Integer(t.Size))
	case t.Kind == event.KindAddress:
		return j.AppendHex(event.AddressBytes(v.Address()))
	case t.Kind == event.KindFixedBytes && t.Size == 32:
		return j.AppendHex(event.HashBytes(v.Hash()))
	case t.Kind == event.KindFixedBytes, t.Kind == event.KindFunction:
		return j.AppendHex(v.FixedBytes(t.Size))
	case t.Kind == event.KindBytes:
		return j.AppendHex(v.Bytes())
	case t.Kind == event.KindString:
		return j.AppendString(v.String())
	case t.Kind == event.KindArray && t.Elem.Kind != event.KindTuple:
		texts := event.List(v, t.Size, func(element event.Value) string { return string(typed(nil, t.Elem, element)) })
		return append(j, "["+strings.Join(texts, ",")+"]"...)
	default:
		return append(j, v.JSON(t)...)
	}
}
