package rindexer

import (
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func mayHoldNUL(raw string) bool { return strings.Contains(raw, `\u0000`) }

// str returns the content of a string value.
func (it *Item) str() (string, bool) {
	if it.err != nil {
		return "", false
	}
	if it.v.kind != '"' {
		it.fail("%s is no string", it.v.excerpt(it.m.payload))
		return "", false
	}
	return it.v.text(it.m.payload), true
}

// excerpt is the value's text, short enough for a log line.
func (v span) excerpt(payload string) string { return excerpt(v.raw(payload)) }

func excerpt(s string) string {
	const most = 96
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// Bool implements event.Value: true and false, nothing else.
func (it *Item) Bool() bool {
	if it.err == nil && it.v.kind != 't' && it.v.kind != 'f' {
		it.fail("%s is neither true nor false", it.v.excerpt(it.m.payload))
	}
	return it.err == nil && it.v.kind == 't'
}

// Integer implements event.Value. Releases of rindexer have sent numbers, decimal strings and 0x-hex.
func (it *Item) Integer(bits int) event.Integer {
	n, ok := it.number("int", bits)
	if ok && !n.Fits(bits) {
		it.outOfRange("int", bits)
		return event.Integer{}
	}
	return n
}

// Uint256 implements event.Value, in the forms of Integer.
func (it *Item) Uint256(bits int) uint256.Int {
	if text, ok := it.numeral(); ok {
		if n, ok := parseAmount(text); ok && n.BitLen() <= bits {
			return n
		}
	}
	n, ok := it.number("uint", bits)
	if ok && (n.Neg || n.Abs.BitLen() > bits) {
		it.outOfRange("uint", bits)
		return uint256.Int{}
	}
	return n.Abs
}

// Uint implements event.Value.
func (it *Item) Uint(bits int) uint64 {
	if text, ok := it.numeral(); ok {
		if n, ok := parseSmall(text); ok && n>>bits == 0 {
			return n
		}
	}
	v := it.Uint256(bits)
	return v.Uint64()
}

// Int implements event.Value.
func (it *Item) Int(bits int) int64 {
	n := it.Integer(bits)
	if n.Neg {
		return -int64(n.Abs.Uint64())
	}
	return int64(n.Abs.Uint64())
}

func (it *Item) outOfRange(name string, bits int) {
	it.fail("%s is out of range for %s%d", excerpt(it.v.text(it.m.payload)), name, bits)
}

// numeral returns the text of a value that can stand for a number, unless something has failed before.
func (it *Item) numeral() (text string, ok bool) {
	if it.err != nil || it.v.kind != '0' && it.v.kind != '"' {
		return "", false
	}
	return it.v.text(it.m.payload), true
}

func (it *Item) number(name string, bits int) (event.Integer, bool) {
	text, ok := it.numeral()
	if !ok {
		it.fail("%s is no integer", it.v.excerpt(it.m.payload)) // which keeps an earlier error
		return event.Integer{}, false
	}
	n, err := parseInteger(text)
	switch {
	case err == errRange:
		it.outOfRange(name, bits)
	case err != nil:
		it.fail("%s %w", it.v.excerpt(it.m.payload), err)
	}
	return n, err == nil
}

// Address implements event.Value. Case is not checked: rindexer sends lower case, never a checksum.
func (it *Item) Address() (a common.Address) {
	it.fixed(a[:], false)
	return a
}

// Hash implements event.Value.
func (it *Item) Hash() (h common.Hash) {
	it.fixed(h[:], false)
	return h
}

// FixedBytes implements event.Value. Since 0.16 rindexer pads with zeros to 32 bytes, before it sent n.
func (it *Item) FixedBytes(n int) []byte {
	b := make([]byte, n)
	it.fixed(b, true)
	return b
}

// fixed decodes a hex string of just len(dst) bytes, or, where padded, of 32 with zeros behind.
func (it *Item) fixed(dst []byte, padded bool) {
	s, ok := it.str()
	if !ok {
		return
	}
	if n := len(without0x(s)); n == 2*len(dst) {
		if _, err := fixedHex(s, dst); err != nil {
			clear(dst)
			it.fail("%q %w", excerpt(s), err)
		}
		return
	}
	var word [32]byte
	n, err := fixedHex(s, word[:])
	switch {
	case err != nil:
		it.fail("%q %w", excerpt(s), err)
	case n != len(dst) && !(padded && n == len(word)):
		it.fail("%q is %d bytes, not %d", excerpt(s), n, len(dst))
	case [32]byte(word) != zeroBehind(word, len(dst)):
		it.fail("%q has more than %d bytes", excerpt(s), len(dst))
	default:
		copy(dst, word[:])
	}
}

// zeroBehind returns word with zeros behind its first n bytes.
func zeroBehind(word [32]byte, n int) [32]byte {
	clear(word[n:])
	return word
}

// TopicHash implements event.Value. An indexed tuple of one component comes as an object that holds its hash.
func (it *Item) TopicHash() common.Hash {
	if it.err == nil && it.v.kind == '{' {
		members := 0
		s := scanner{text: it.m.payload, pos: it.v.start}
		s.object(0, func(f field) {
			members++
			it.v = f.value
		})
		if members != 1 {
			it.fail("is an object of %d members, not a hash", members)
		}
	}
	return it.Hash()
}

// Bytes implements event.Value.
func (it *Item) Bytes() []byte {
	s, ok := it.str()
	if !ok {
		return nil
	}
	b := make([]byte, len(s)/2)
	n, err := fixedHex(s, b)
	if err != nil {
		it.fail("%q %w", excerpt(s), err)
		return nil
	}
	return b[:n]
}

// String implements event.Value.
func (it *Item) String() string {
	s, _ := it.str()
	return it.clean(s)
}

// BytesList implements event.Value: no release up to 0.41 sends the elements of bytes[] or bytes[n].
func (it *Item) BytesList(n int) [][]byte {
	if it.err == nil && it.v.kind == '[' && it.empty() {
		return nil
	}
	return event.List(it, n, event.Value.Bytes)
}

// empty reports whether the array at hand has no elements.
func (it *Item) empty() bool {
	s := scanner{text: it.m.payload, pos: it.v.start + 1}
	return s.peek() == ']'
}

// Each implements event.Value.
func (it *Item) Each(n int, read func(event.Value)) {
	array := it.v
	if it.err == nil && array.kind != '[' {
		it.fail("%s is no array", array.excerpt(it.m.payload))
	}
	if it.err != nil {
		return
	}
	count := 0
	s := scanner{text: it.m.payload, pos: array.start}
	s.array(0, func(element span) {
		if it.v = element; element.kind == 'n' {
			it.fail("element %d is null", count)
		}
		count++
		if it.err == nil {
			read(it)
		}
	})
	if n != event.Dynamic && count != n {
		it.fail("has %d elements, not %d", count, n)
	}
	it.v = array
}
