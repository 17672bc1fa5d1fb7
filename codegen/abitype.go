package codegen

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is the class of an ABI type, as package event tells them apart.
type kind int

const (
	kindBool kind = iota
	kindUint
	kindInt
	kindAddress
	kindFixedBytes
	kindFunction
	kindBytes
	kindString
	kindArray
	kindTuple
)

// dynamic is the size of an array of any length.
const dynamic = -1

// abiType is the type of a parameter.
type abiType struct {
	kind kind
	// size is the width of an integer in bits, the length of bytesN in bytes, or that of an array in elements.
	size   int
	elem   *abiType // of an array
	fields []field  // of a tuple
}

// field is a component of a tuple.
type field struct {
	name string
	typ  *abiType
}

// maxWords bounds the size of fixed arrays, in words of 32 bytes. No block has the gas for so long a log.
const maxWords = 1 << 20

// maxNesting is how deep arrays and tuples may nest. Solidity's own stack allows less.
const maxNesting = 32

// parse returns the type of a parameter or component, and checks its name. Where "type" says nothing that the ABI
// knows, as in the ABI of a library, "internalType" may.
func (p jsonParam) parse() (*abiType, error) {
	if err := checkName(p.Name); err != nil {
		return nil, err
	}
	typ, err := parseType(p.Type, p.Components)
	if err != nil && p.InternalType != "" && isSourceType(p.Type) {
		if internal, failed := parseType(p.InternalType, p.Components); failed == nil {
			typ, err = internal, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if typ.nesting() > maxNesting {
		return nil, fmt.Errorf("the type nests deeper than %d", maxNesting)
	}
	return typ, nil
}

// isSourceType reports whether a type that the ABI does not know may be one of the contract's source: no misspelt one.
func isSourceType(text string) bool {
	for _, prefix := range []string{"uint", "int", "byte", "bool", "address", "string", "function", "tuple", "fixed", "ufixed"} {
		if strings.HasPrefix(text, prefix) {
			return false
		}
	}
	return !strings.HasPrefix(text, "(")
}

// parseType reads a type as it stands in an ABI: "uint256", "tuple[2][]"; or as it stands in Solidity: "enum Kind",
// "(address,uint256)[]". A bare uint or int has 256 bits.
func parseType(text string, components []jsonParam) (*abiType, error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "(") && !strings.HasPrefix(text, "function") {
		tuple, err := splitParam(text)
		if err != nil || tuple.Components == nil || tuple.Name != "" || nesting(text) > maxNesting {
			return nil, fmt.Errorf("%q is not a type", excerpt(text))
		}
		text, components = tuple.Type, tuple.Components
	}
	base, dimensions, _ := strings.Cut(text, "[")
	t, err := parseBase(base, components)
	if err != nil || base == text {
		return t, err
	}
	for dimension := range strings.SplitSeq(dimensions, "[") {
		length, closed := strings.CutSuffix(dimension, "]")
		if !closed {
			return nil, fmt.Errorf("%q is not a type", excerpt(text))
		}
		size := dynamic
		if length != "" {
			size, err = strconv.Atoi(length)
			if err != nil || size < 1 || strconv.Itoa(size) != length {
				return nil, fmt.Errorf("type %q has an array of impossible length", excerpt(text))
			}
		}
		t = &abiType{kind: kindArray, elem: t, size: size}
	}
	if t.words() > maxWords {
		return nil, fmt.Errorf("type %q is longer than any log", excerpt(text))
	}
	return t, nil
}

// plainTypes are the types without a size.
var plainTypes = map[string]kind{
	"bool":     kindBool,
	"address":  kindAddress,
	"function": kindFunction,
	"bytes":    kindBytes,
	"string":   kindString,
}

// sourceTypes are the ABI's types behind the kinds of types that a contract can declare. A library's ABI names them so,
// and internalType does. An enum of more than 256 members, which compilers before 0.8 took, is not told apart.
var sourceTypes = map[string]string{
	"enum":     "uint8",
	"contract": "address",
	"struct":   "tuple",
	"address":  "address", // payable
	"function": "function",
}

// aliases are the types that have a longer name in signatures.
var aliases = map[string]string{"uint": "uint256", "int": "int256", "byte": "bytes1"}

func parseBase(text string, components []jsonParam) (*abiType, error) {
	if first, _, ok := strings.Cut(text, " "); ok && sourceTypes[first] != "" {
		text = sourceTypes[first]
	}
	if full, ok := aliases[text]; ok {
		text = full
	}
	if k, ok := plainTypes[text]; ok {
		return &abiType{kind: k}, nil
	}
	if text == "tuple" {
		return parseTuple(components)
	}
	name := strings.TrimRight(text, "0123456789")
	size, digits := 0, text[len(name):]
	if digits != "" && digits[0] != '0' {
		size, _ = strconv.Atoi(digits) // what is too long is 0 or too large, and refused below
	}
	switch {
	case name == "uint" && validWidth(size):
		return &abiType{kind: kindUint, size: size}, nil
	case name == "int" && validWidth(size):
		return &abiType{kind: kindInt, size: size}, nil
	case name == "bytes" && 1 <= size && size <= 32:
		return &abiType{kind: kindFixedBytes, size: size}, nil
	case strings.HasPrefix(text, "fixed") || strings.HasPrefix(text, "ufixed"):
		return nil, fmt.Errorf("type %q is a fixed-point number, which no compiler implements", excerpt(text))
	case text == "":
		return nil, fmt.Errorf("the type is missing")
	case isSourceType(text):
		return nil, fmt.Errorf("%q is a type of the contract's source, not of the ABI; hint: write what stands behind it, "+
			"such as uint8 for an enum", excerpt(text))
	}
	return nil, fmt.Errorf("%q is not an ABI type", excerpt(text))
}

func validWidth(bits int) bool { return bits%8 == 0 && 8 <= bits && bits <= 256 }

func parseTuple(components []jsonParam) (*abiType, error) {
	if len(components) == 0 {
		return nil, fmt.Errorf("the tuple has no components")
	}
	t := &abiType{kind: kindTuple}
	for i, c := range components {
		typ, err := c.parse()
		if err != nil {
			return nil, fmt.Errorf("component %d%s: %w", i+1, inParentheses(c.Name), err)
		}
		t.fields = append(t.fields, field{c.Name, typ})
	}
	return t, nil
}

// nesting is how many arrays and tuples stand within each other.
func (t *abiType) nesting() int {
	switch t.kind {
	case kindArray:
		return 1 + t.elem.nesting()
	case kindTuple:
		deepest := 0
		for _, f := range t.fields {
			deepest = max(deepest, f.typ.nesting())
		}
		return 1 + deepest
	}
	return 0
}

// words is the least number of words that a value takes, or a number beyond maxWords.
func (t *abiType) words() int {
	switch {
	case t.kind == kindArray && t.size != dynamic:
		return min(t.size, maxWords+1) * min(t.elem.words(), maxWords+1)
	case t.kind == kindTuple:
		sum := 0
		for _, f := range t.fields {
			sum += min(f.typ.words(), maxWords+1)
		}
		return sum
	}
	return 1
}

// reference reports whether a log holds only the hash of an indexed parameter of type t.
func (t *abiType) reference() bool {
	return t.kind == kindBytes || t.kind == kindString || t.kind == kindArray || t.kind == kindTuple
}

// canonical is the type as it stands in a signature: "(address,uint256)[]".
func (t *abiType) canonical() string {
	return t.text(",", func(f field) string { return f.typ.canonical() })
}

// declaration is the type as it stands in a comment: "(address token, uint256 amount)[]".
func (t *abiType) declaration() string {
	return t.text(", ", func(f field) string { return spaced(f.typ.declaration(), f.name) })
}

// key is the type with all that tells two shapes apart: `(address "token",uint256 "amount")[]`.
func (t *abiType) key() string {
	return t.text(",", func(f field) string { return f.typ.key() + strconv.Quote(f.name) })
}

func (t *abiType) text(separator string, component func(field) string) string {
	switch t.kind {
	case kindUint:
		return "uint" + strconv.Itoa(t.size)
	case kindInt:
		return "int" + strconv.Itoa(t.size)
	case kindFixedBytes:
		return "bytes" + strconv.Itoa(t.size)
	case kindArray:
		elem := t.elem.text(separator, component)
		if t.size == dynamic {
			return elem + "[]"
		}
		return elem + "[" + strconv.Itoa(t.size) + "]"
	case kindTuple:
		parts := make([]string, len(t.fields))
		for i, f := range t.fields {
			parts[i] = component(f)
		}
		return "(" + strings.Join(parts, separator) + ")"
	}
	for name, k := range plainTypes {
		if k == t.kind {
			return name
		}
	}
	panic(fmt.Sprintf("no name for kind %d", t.kind))
}

// spaced joins what is not empty of parts.
func spaced(parts ...string) string {
	var present []string
	for _, p := range parts {
		if p != "" {
			present = append(present, p)
		}
	}
	return strings.Join(present, " ")
}

func inParentheses(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}
