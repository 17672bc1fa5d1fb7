// Package abitest holds the oracle of the tests of decoders: go-ethereum's accounts/abi, which packs values and unpacks
// them. What a decoder of ours makes of them is compared by way of one text form, that of a jsonb column. Only tests
// import it.
package abitest

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

// Marshaling describes t as go-ethereum's parser takes it.
func Marshaling(name string, t *event.Type) abi.ArgumentMarshaling {
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
		element := Marshaling("", t.Elem)
		a.Type, a.Components = element.Type+"[]", element.Components
		if t.Size != event.Dynamic {
			a.Type = element.Type + "[" + strconv.Itoa(t.Size) + "]"
		}
	case event.KindTuple:
		a.Type = "tuple"
		for _, f := range t.Fields {
			a.Components = append(a.Components, Marshaling(f.Name, f.Type))
		}
	}
	return a
}

// Type is the type as go-ethereum knows it.
func Type(tb testing.TB, t *event.Type) abi.Type {
	tb.Helper()
	m := Marshaling("", t)
	oracle, err := abi.NewType(m.Type, "", m.Components)
	if err != nil {
		tb.Fatalf("type %s: %v", m.Type, err)
	}
	return oracle
}

// Arguments are parameters p0, p1 and so on of the types.
func Arguments(tb testing.TB, types []*event.Type) abi.Arguments {
	tb.Helper()
	args := make(abi.Arguments, len(types))
	for i, t := range types {
		args[i] = abi.Argument{Name: fmt.Sprint("p", i), Type: Type(tb, t)}
	}
	return args
}

// RandomValue returns a value of the Go type that go-ethereum packs t from, an edge of its range every other time.
func RandomValue(rng *rand.Rand, t abi.Type) reflect.Value {
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
			v.Index(i).Set(RandomValue(rng, *t.Elem))
		}
	case abi.TupleTy:
		for i, element := range t.TupleElems {
			v.Field(i).Set(RandomValue(rng, *element))
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

// Text appends a value that go-ethereum packs or has unpacked, in the form of a jsonb column.
func Text(j event.JSON, t *event.Type, v reflect.Value) event.JSON {
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
			j = Text(j, t.Elem, v.Index(i))
		}
		return append(j, ']')
	default:
		j = append(j, '{')
		for i, f := range t.Fields {
			if i > 0 {
				j = append(j, ',')
			}
			j = append(j.AppendString(t.Key(i)), ':')
			j = Text(j, f.Type, v.Field(i))
		}
		return append(j, '}')
	}
}

// RandomType returns any type that an ABI can have, at most depth arrays and tuples deep.
func RandomType(rng *rand.Rand, depth int) *event.Type {
	n := 8
	if depth > 0 {
		n = 11
	}
	switch rng.IntN(n) {
	case 0:
		return event.Bool()
	case 1:
		return event.Uint(8 * (1 + rng.IntN(32)))
	case 2:
		return event.Int(8 * (1 + rng.IntN(32)))
	case 3:
		return event.Address()
	case 4:
		return event.FixedBytes(1 + rng.IntN(32))
	case 5:
		return event.Function()
	case 6:
		return event.Bytes()
	case 7:
		return event.String()
	case 8:
		return event.Array(RandomType(rng, depth-1), event.Dynamic)
	case 9:
		return event.Array(RandomType(rng, depth-1), 1+rng.IntN(3))
	}
	fields := make([]event.Field, 1+rng.IntN(4))
	for i := range fields {
		fields[i] = event.Field{Name: string(rune('a' + i)), Type: RandomType(rng, depth-1)}
	}
	return event.Tuple(fields...)
}
