package conformance_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
)

// A value is compared as JSON text: integers are numbers, bytes 0x-hex, arrays arrays. Within a jsonb column integers
// are strings. Members of objects are sorted.

const null = "null"

func canonical(v any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // it holds nothing that JSON cannot
	}
	return strings.TrimSpace(text.String())
}

func hexText(b []byte) string { return "0x" + hex.EncodeToString(b) }

// reader makes values comparable, and remembers what a column cannot hold.
type reader struct {
	hadNUL  bool // a text held U+0000
	notUTF8 bool // a text held bytes that are not UTF-8
	jsonb   bool // the value belongs to a jsonb column
}

const replacement = "\uFFFD"

// text is s as a column can hold it.
func (r *reader) text(s string) string {
	if !utf8.ValidString(s) {
		r.notUTF8 = true
		s = replaceInvalid(s)
	}
	if strings.Contains(s, "\x00") {
		r.hadNUL = true
		s = strings.ReplaceAll(s, "\x00", replacement)
	}
	return s
}

// replaceInvalid replaces each maximal part of an ill-formed sequence with one U+FFFD, as Unicode recommends (section
// 3.9, "U+FFFD Substitution of Maximal Subparts") and rindexer does.
func replaceInvalid(s string) string {
	var out strings.Builder
	for s != "" {
		if r, size := utf8.DecodeRuneInString(s); r != utf8.RuneError || size > 1 {
			out.WriteString(s[:size])
			s = s[size:]
			continue
		}
		out.WriteString(replacement)
		s = s[maximalSubpart(s):]
	}
	return out.String()
}

// maximalSubpart is the length of the longest prefix that some well-formed sequence begins with, at least 1.
func maximalSubpart(s string) int {
	for n := min(len(s), utf8.UTFMax-1); n > 1; n-- {
		if beginsRune(s[:n]) {
			return n
		}
	}
	return 1
}

// beginsRune reports whether continuation bytes can complete prefix, which holds the second byte: only that one is ever
// restricted further.
func beginsRune(prefix string) bool {
	for rest := "\x80"; len(prefix)+len(rest) <= utf8.UTFMax; rest += "\x80" {
		if _, size := utf8.DecodeRuneInString(prefix + rest); size == len(prefix)+len(rest) {
			return true
		}
	}
	return false
}

// decodeLog returns the parameters of a node's log as go-ethereum decodes them, in the order of the ABI.
func decodeLog(s shape, log recording.Log) ([]any, error) {
	if len(log.Topics) != 1+s.indexed() || log.Topics[0] != s.topic0 {
		return nil, fmt.Errorf("the topics %v are not those of %s", log.Topics, s.declaration())
	}
	var arguments abi.Arguments
	for _, p := range s.params {
		arguments = append(arguments, p.argument)
	}
	unindexed, err := arguments.UnpackValues(log.Data)
	if err != nil {
		return nil, fmt.Errorf("decode data of %s: %w", s.declaration(), err)
	}
	topics := log.Topics[1:]
	values := make([]any, len(s.params))
	for i, p := range s.params {
		if !p.argument.Indexed {
			values[i], unindexed = unindexed[0], unindexed[1:]
			continue
		}
		parsed := map[string]any{}
		err := abi.ParseTopicsIntoMap(parsed, abi.Arguments{p.argument}, topics[:1])
		if err != nil {
			return nil, fmt.Errorf("decode topic %s of %s: %w", p.declaration(), s.declaration(), err)
		}
		values[i], topics = parsed[p.argument.Name], topics[1:]
	}
	return values, nil
}

// decoded makes a value of go-ethereum comparable.
func (r *reader) decoded(p param, v any) any {
	if p.hashed() {
		return hexText(v.(common.Hash).Bytes())
	}
	r.jsonb = sqlType(p.argument.Type) == "jsonb"
	return r.element(p.argument.Type, reflect.ValueOf(v))
}

func (r *reader) element(t abi.Type, v reflect.Value) any {
	switch t.T {
	case abi.BoolTy:
		return v.Bool()
	case abi.StringTy:
		return r.text(v.String())
	case abi.UintTy, abi.IntTy:
		digits := fmt.Sprint(v.Interface()) // a *big.Int, or a Go integer of the same width
		if r.jsonb {
			return digits
		}
		return json.Number(digits)
	case abi.SliceTy, abi.ArrayTy:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = r.element(*t.Elem, v.Index(i))
		}
		return list
	case abi.TupleTy:
		object := map[string]any{}
		for i, name := range t.TupleRawNames {
			object[name] = r.element(*t.TupleElems[i], v.Field(i))
		}
		return object
	}
	b := make([]byte, v.Len()) // address, bytes, bytesN
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	return hexText(b)
}

// sent makes a value of a payload comparable. It reads what occurs in the recordings that have no logs: no arrays and
// no tuples.
func (r *reader) sent(p param, raw json.RawMessage) (any, error) {
	v, err := decodeJSON(raw)
	if err != nil {
		return nil, err
	}
	t := p.argument.Type
	if p.hashed() {
		return sentBytes(v, common.HashLength)
	}
	switch t.T {
	case abi.UintTy, abi.IntTy:
		return sentInteger(v, t)
	case abi.AddressTy:
		return sentBytes(v, common.AddressLength)
	case abi.FixedBytesTy:
		return sentBytes(v, t.Size)
	case abi.BytesTy:
		return sentBytes(v, -1)
	case abi.StringTy:
		if text, ok := v.(string); ok {
			return r.text(text), nil
		}
	case abi.BoolTy:
		if _, ok := v.(bool); ok {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%s is not %s", raw, t)
}

func decodeJSON(text []byte) (v any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&v)
	return v, err
}

// sentInteger reads a number, or a string of digits.
func sentInteger(v any, t abi.Type) (any, error) {
	digits, ok := v.(string)
	if number, isNumber := v.(json.Number); isNumber {
		digits, ok = number.String(), true
	}
	n, isInteger := new(big.Int).SetString(digits, 10)
	if !ok || !isInteger {
		return nil, fmt.Errorf("%v is no integer", v)
	}
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(t.Size))
	if t.T == abi.IntTy {
		high.Rsh(high, 1)
		low.Neg(high)
	}
	if n.Cmp(low) < 0 || n.Cmp(high) >= 0 {
		return nil, fmt.Errorf("%s is out of range for %s", n, t)
	}
	return json.Number(n.String()), nil
}

// sentBytes reads hex with or without 0x, of size bytes or of any number if size is negative. bytesN come padded with
// zeros to 32 bytes.
func sentBytes(v any, size int) (any, error) {
	text, _ := v.(string)
	b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		return nil, fmt.Errorf("%v is no hex: %w", v, err)
	}
	if size >= 0 {
		if len(b) < size || len(bytes.Trim(b[size:], "\x00")) > 0 {
			return nil, fmt.Errorf("%s is not %d bytes", text, size)
		}
		b = b[:size]
	}
	return hexText(b), nil
}

// holdsNull reports whether null stands anywhere in a JSON value.
func holdsNull(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		for _, element := range v {
			if holdsNull(element) {
				return true
			}
		}
	case map[string]any:
		for _, member := range v {
			if holdsNull(member) {
				return true
			}
		}
	}
	return false
}
