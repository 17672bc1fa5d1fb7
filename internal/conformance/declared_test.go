package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// declared is an event as an ABI has it in JSON. It is read without the generator's help, and without go-ethereum's,
// which refuses some.
type declared struct {
	Name      string
	Anonymous bool
	Inputs    []input
}

// input is a parameter of an event, or a component of a tuple.
type input struct {
	Name         string  `json:"name"`
	Type         string  `json:"type"`
	InternalType string  `json:"internalType,omitempty"`
	Indexed      bool    `json:"indexed"`
	Components   []input `json:"components,omitempty"`
}

// A value of an input is, as in the corpus: a string of decimal digits, a bool, a string of 0x-hex, text, or a list for
// an array or a tuple. One that only its hash is known of is map[string]any{"hash": "0x…"}.

// element returns an array's element, and its length, which is -1 where it may be any. It is false for what is no array.
func (in input) element() (element input, length int, isArray bool) {
	open := strings.LastIndexByte(in.Type, '[')
	if open < 0 {
		return input{}, 0, false
	}
	element, length = in, -1
	element.Type = in.Type[:open]
	if digits := strings.TrimSuffix(in.Type[open+1:], "]"); digits != "" {
		length, _ = strconv.Atoi(digits)
	}
	return element, length, true
}

func (in input) isTuple() bool { return in.Type == "tuple" }

// size is the number behind the name of the type, such as 96 of uint96.
func (in input) size() int {
	n, _ := strconv.Atoi(strings.TrimLeft(in.Type, "abcdefghijklmnopqrstuvwxyz"))
	return n
}

func (in input) isInteger() bool {
	return !strings.Contains(in.Type, "[") && strings.HasPrefix(strings.TrimPrefix(in.Type, "u"), "int")
}

func (in input) isBytes() bool {
	return !strings.Contains(in.Type, "[") && strings.HasPrefix(in.Type, "bytes") || in.Type == "function"
}

// hashed reports whether a log holds only the hash of the parameter.
func (in input) hashed() bool {
	return in.Indexed && (in.isTuple() || in.Type == "string" || in.Type == "bytes" || strings.HasSuffix(in.Type, "]"))
}

// isJSON reports whether the parameter's column is jsonb.
func (in input) isJSON() bool {
	element, _, isArray := in.element()
	return in.isTuple() || isArray && (element.isTuple() || strings.HasSuffix(element.Type, "]"))
}

// text is the type with tuples spelled out.
func (in input) text(component func(input) string, separator string) string {
	base, dimensions, _ := strings.Cut(in.Type, "[")
	if dimensions != "" {
		dimensions = "[" + dimensions
	}
	switch base {
	case "tuple":
		parts := make([]string, len(in.Components))
		for i, c := range in.Components {
			parts[i] = component(c)
		}
		base = "(" + strings.Join(parts, separator) + ")"
	case "uint", "int":
		base += "256"
	}
	return base + dimensions
}

func (in input) canonical() string { return in.text(input.canonical, ",") }

func (in input) declaredType() string {
	return in.text(func(c input) string { return strings.TrimSpace(c.declaredType() + " " + c.Name) }, ", ")
}

// declaration is the parameter as the comment of its column has it, but for the "indexed" of value types.
func (in input) declaration() string {
	text := in.declaredType()
	if in.hashed() {
		text += " indexed"
	}
	if in.Name != "" {
		text += " " + in.Name
	}
	return text
}

// declaration is the event as the comment of its table has it, normalized.
func (e declared) declaration() string {
	params := make([]string, len(e.Inputs))
	for i, in := range e.Inputs {
		params[i] = in.declaration()
	}
	text := "event " + e.Name + "(" + strings.Join(params, ", ") + ")"
	if e.Anonymous {
		text += " anonymous"
	}
	return text
}

func (e declared) topic0() common.Hash {
	types := make([]string, len(e.Inputs))
	for i, in := range e.Inputs {
		types[i] = in.canonical()
	}
	return crypto.Keccak256Hash([]byte(e.Name + "(" + strings.Join(types, ",") + ")"))
}

// log encodes the values as a contract does. https://docs.soliditylang.org/en/latest/abi-spec.html#formal-specification-of-the-encoding
func (e declared) log(values []any) (topics []common.Hash, data []byte) {
	if !e.Anonymous {
		topics = append(topics, e.topic0())
	}
	var unindexed []input
	var rest []any
	for i, in := range e.Inputs {
		switch {
		case in.hashed():
			topics = append(topics, common.HexToHash(values[i].(map[string]any)["hash"].(string)))
		case in.Indexed:
			topics = append(topics, common.Hash(in.encode(values[i])))
		default:
			unindexed, rest = append(unindexed, in), append(rest, values[i])
		}
	}
	return topics, encodeSequence(unindexed, rest)
}

// encodeSequence writes heads, then what these point at.
func encodeSequence(types []input, values []any) []byte {
	headSize := 0
	for _, in := range types {
		headSize += in.headSize()
	}
	var head, tail []byte
	for i, in := range types {
		encoded := in.encode(values[i])
		if !in.dynamic() {
			head = append(head, encoded...)
			continue
		}
		head = append(head, word(big.NewInt(int64(headSize+len(tail))))...)
		tail = append(tail, encoded...)
	}
	return append(head, tail...)
}

func (in input) encode(v any) []byte {
	if element, length, isArray := in.element(); isArray {
		values := v.([]any)
		types := make([]input, len(values))
		for i := range types {
			types[i] = element
		}
		encoded := encodeSequence(types, values)
		if length < 0 {
			encoded = append(word(big.NewInt(int64(len(values)))), encoded...)
		}
		return encoded
	}
	switch {
	case in.isTuple():
		return encodeSequence(in.Components, v.([]any))
	case in.Type == "bool":
		if v.(bool) {
			return word(big.NewInt(1))
		}
		return word(new(big.Int))
	case in.isInteger():
		n, _ := new(big.Int).SetString(v.(string), 10)
		return word(n)
	case in.Type == "address":
		return common.LeftPadBytes(hexutil.MustDecode(v.(string)), 32)
	case in.Type == "string":
		return sized([]byte(v.(string)))
	case in.Type == "bytes":
		return sized(hexutil.MustDecode(v.(string)))
	}
	return common.RightPadBytes(hexutil.MustDecode(v.(string)), 32)
}

// word is a number in two's complement.
func word(n *big.Int) []byte {
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	return n.FillBytes(make([]byte, 32))
}

func sized(b []byte) []byte {
	padding := bytes.Repeat([]byte{0}, (32-len(b)%32)%32)
	return append(append(word(big.NewInt(int64(len(b)))), b...), padding...)
}

func (in input) dynamic() bool {
	if element, length, isArray := in.element(); isArray {
		return length < 0 || element.dynamic()
	}
	for _, c := range in.Components {
		if c.dynamic() {
			return true
		}
	}
	return in.Type == "string" || in.Type == "bytes"
}

func (in input) headSize() int {
	if in.dynamic() {
		return 32
	}
	if element, length, isArray := in.element(); isArray {
		return length * element.headSize()
	}
	if !in.isTuple() {
		return 32
	}
	size := 0
	for _, c := range in.Components {
		size += c.headSize()
	}
	return size
}

// column makes a value comparable with what PostgreSQL has.
func (in input) column(r *reader, v any) any {
	if in.hashed() {
		return v.(map[string]any)["hash"]
	}
	r.jsonb = in.isJSON()
	return in.comparable(r, v)
}

func (in input) comparable(r *reader, v any) any {
	if element, _, isArray := in.element(); isArray {
		list := []any{}
		for _, v := range v.([]any) {
			list = append(list, element.comparable(r, v))
		}
		return list
	}
	switch {
	case in.isTuple():
		object := map[string]any{}
		for i, c := range in.Components {
			object[in.memberName(i)] = c.comparable(r, v.([]any)[i])
		}
		return object
	case in.isInteger() && !r.jsonb:
		return json.Number(v.(string))
	case in.Type == "string":
		return r.text(v.(string))
	}
	return v
}

// memberName is the key of a component in a jsonb column: its position where it has no name of its own.
func (in input) memberName(i int) string {
	names := make([]string, len(in.Components))
	for k, c := range in.Components {
		names[k] = c.Name
	}
	if names[i] != "" && !slices.Contains(names[:i], names[i]) {
		return names[i]
	}
	key := fmt.Sprint(i)
	for slices.Contains(names, key) {
		key += "_"
	}
	return key
}
