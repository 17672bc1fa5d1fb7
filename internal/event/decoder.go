package event

import (
	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
)

// Decoder hands out the parameters of one event, in the order of its ABI. There are two: rindexer.Item reads them
// from JSON, Definition.DecodeLog from topics and data. Errors are sticky: after the first one every value is zero, and
// whoever made the decoder learns what was wrong with which parameter.
type Decoder interface {
	// Param is the parameter of that name.
	Param(name string) Value
	// Uncarried is the next parameter, of a kind that rindexer's JSON cannot carry: one of several without a name or with
	// the same, or one that is named transaction_information. It is nil where JSON is read, unless rindexer was given an
	// ABI that calls the parameter alias.
	Uncarried(alias string) Value
}

// Value is one value to be read as the type its ABI declares.
type Value interface {
	Bool() bool
	// Uint and Int read integers of up to 64 bits, Uint256 and Integer those of up to 256; the width is checked.
	Uint(bits int) uint64
	Int(bits int) int64
	Uint256(bits int) uint256.Int
	Integer(bits int) Integer
	Address() common.Address
	// Hash reads bytes32.
	Hash() common.Hash
	// TopicHash reads what an indexed string, bytes, array or tuple leaves in a log: its keccak-256 hash.
	TopicHash() common.Hash
	// FixedBytes reads bytes1 to bytes31, and function (24 bytes). It returns n bytes, zeros after an error.
	FixedBytes(n int) []byte
	// Bytes never returns nil, except after an error.
	Bytes() []byte
	// String replaces U+0000, which PostgreSQL cannot store, with U+FFFD.
	String() string
	// BytesList reads bytes[] (n is Dynamic) or bytes[n]. It returns nil for what rindexer sends in place of
	// either: an empty array, whatever the event held.
	BytesList(n int) [][]byte
	// JSON reads a tuple or an array as the text of a jsonb column. It returns nil where rindexer sent null in
	// place of a member that it cannot carry.
	JSON(t *Type) JSON
	// Each calls read for every element of an array of length n, or of any length if n is Dynamic.
	Each(n int, read func(Value))
}

// JSON is the text of a jsonb column: tuples are objects keyed by component name (by position where unnamed),
// integers decimal strings, bytes and addresses 0x-hex.
type JSON []byte

// List reads an array of n elements, or of any length if n is Dynamic. It never returns nil.
func List[T any](v Value, n int, read func(Value) T) []T {
	list := []T{}
	v.Each(n, func(element Value) { list = append(list, read(element)) })
	return list
}

// Map converts every element of a list; nil stays nil, which is NULL.
func Map[T, U any](list []T, convert func(T) U) []U {
	if list == nil {
		return nil
	}
	converted := make([]U, len(list))
	for i, element := range list {
		converted[i] = convert(element)
	}
	return converted
}

// HashBytes returns the 32 bytes of a hash.
func HashBytes(h common.Hash) []byte { return h[:] }
