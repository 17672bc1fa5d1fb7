package event

import "strconv"

// Kind is the class of a Solidity type.
type Kind uint8

// The kinds. An enum, a contract and a user-defined value type are the ABI type below them.
const (
	KindBool Kind = iota
	KindUint
	KindInt
	KindAddress
	KindFixedBytes
	KindFunction
	KindBytes
	KindString
	KindArray
	KindTuple
)

// Type describes a Solidity type to the decoders, for what needs more than a fixed list of calls: tuples, nested
// arrays, and the layout of a raw log.
type Type struct {
	Kind Kind
	// Size is the width of an integer in bits, the length of bytesN in bytes, or the length of a fixed array, in
	// elements. A dynamic array has Size -1.
	Size   int
	Elem   *Type   // of an array
	Fields []Field // of a tuple
}

// Field is a component of a tuple. An unnamed one goes by its position, counted from 0.
type Field struct {
	Name string
	Type *Type
}

// Dynamic is the Size of an array of any length.
const Dynamic = -1

// The constructors below are what generated code describes parameters with.

func Bool() *Type                 { return &Type{Kind: KindBool} }
func Uint(bits int) *Type         { return &Type{Kind: KindUint, Size: bits} }
func Int(bits int) *Type          { return &Type{Kind: KindInt, Size: bits} }
func Address() *Type              { return &Type{Kind: KindAddress} }
func FixedBytes(length int) *Type { return &Type{Kind: KindFixedBytes, Size: length} }
func Function() *Type             { return &Type{Kind: KindFunction, Size: 24} }
func Bytes() *Type                { return &Type{Kind: KindBytes} }
func String() *Type               { return &Type{Kind: KindString} }
func Array(e *Type, n int) *Type  { return &Type{Kind: KindArray, Elem: e, Size: n} }
func Tuple(fields ...Field) *Type { return &Type{Kind: KindTuple, Fields: fields} }

// dynamic reports whether the ABI encodes t behind an offset.
func (t *Type) dynamic() bool {
	switch t.Kind {
	case KindBytes, KindString:
		return true
	case KindArray:
		return t.Size == Dynamic || t.Elem.dynamic()
	case KindTuple:
		for _, f := range t.Fields {
			if f.Type.dynamic() {
				return true
			}
		}
	}
	return false
}

// headSize is the number of bytes t takes in the head of the sequence that holds it.
func (t *Type) headSize() int {
	if t.dynamic() {
		return wordSize
	}
	switch t.Kind {
	case KindArray:
		return t.Size * t.Elem.headSize()
	case KindTuple:
		size := 0
		for _, f := range t.Fields {
			size += f.Type.headSize()
		}
		return size
	}
	return wordSize
}

// Shared reports whether a tuple's component has its name, or that it has none, in common with another one.
func (t *Type) Shared(i int) bool {
	for other, f := range t.Fields {
		if other != i && f.Name == t.Fields[i].Name {
			return true
		}
	}
	return false
}

// Key is the name of a tuple's component in a jsonb column: its own, or its position, counted from 0, where it has
// none or an earlier component has the same.
func (t *Type) Key(i int) string {
	name := t.Fields[i].Name
	if name == "" || t.named(name, i) {
		name = strconv.Itoa(i)
		for t.named(name, len(t.Fields)) { // which no compiler allows
			name += "_"
		}
	}
	clean, _ := CleanText(name)
	return clean
}

// named reports whether one of the first n components has the name.
func (t *Type) named(name string, n int) bool {
	for _, f := range t.Fields[:n] {
		if f.Name == name {
			return true
		}
	}
	return false
}
