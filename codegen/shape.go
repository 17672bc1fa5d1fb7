package codegen

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/sha3"
)

// shape is what has a table: an event's name, signature, parameter and component names, which of its parameters are
// hashed, and whether it is anonymous. Whether a parameter of a value type is indexed makes no other shape, for
// rindexer's JSON cannot tell; such variants share the table.
type shape struct {
	// event is the variant that was recorded first.
	event
	// variants are the distinct lists of indexed positions, the recorded one first, then the others in order.
	variants [][]int
	// files are the ABIs that declare the shape, sorted, without their extensions.
	files []string
	// hinted is what hints say of the shape.
	hinted hinted
	// table is the name of the shape's table.
	table string
}

// hashed reports whether a log holds only the parameter's hash.
func (p param) hashed() bool { return p.indexed && p.typ.reference() }

// declaration is the parameter as Solidity declares it: "address indexed sender".
func (p param) declaration() string {
	indexed := ""
	if p.indexed {
		indexed = "indexed"
	}
	return spaced(p.typ.declaration(), indexed, p.name)
}

// declaration is the event as Solidity declares it, with canonical types and tuples spelled out.
func (e event) declaration() string {
	parts := make([]string, len(e.params))
	for i, p := range e.params {
		parts[i] = p.declaration()
	}
	return "event " + e.name + "(" + strings.Join(parts, ", ") + ")" + e.suffix()
}

func (e event) suffix() string {
	if e.anonymous {
		return " anonymous"
	}
	return ""
}

// signature is what topic0 is the hash of: "Transfer(address,address,uint256)".
func (e event) signature() string {
	types := make([]string, len(e.params))
	for i, p := range e.params {
		types[i] = p.typ.canonical()
	}
	return e.name + "(" + strings.Join(types, ",") + ")"
}

// topic0 is the hash of the signature, in 64 hex digits.
func (e event) topic0() string {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(e.signature()))
	return hex.EncodeToString(h.Sum(nil))
}

// key is equal for events of one shape, and for no others. names.lock holds its hash: it must never change.
func (e event) key() string {
	parts := make([]string, len(e.params))
	for i, p := range e.params {
		parts[i] = p.typ.key()
		if p.hashed() {
			parts[i] = "hash of " + parts[i]
		}
		parts[i] += fmt.Sprintf("%q", p.name)
	}
	return e.name + "(" + strings.Join(parts, ",") + ")" + e.suffix()
}

// indexed returns the positions of the indexed parameters.
func (e event) indexed() []int {
	positions := []int{}
	for i, p := range e.params {
		if p.indexed {
			positions = append(positions, i)
		}
	}
	return positions
}

// compare is the order in which the events of a file are served.
func (e event) compare(other event) int {
	return cmp.Or(
		cmp.Compare(e.signature(), other.signature()),
		cmp.Compare(e.key(), other.key()),
		slices.Compare(e.indexed(), other.indexed()),
	)
}

// collect returns the shapes of the events, in the order in which they first occur.
func collect(events []declared) []*shape {
	var shapes []*shape
	byKey := map[string]*shape{}
	for _, e := range events {
		s := byKey[e.key()]
		if s == nil {
			s = &shape{event: e.event}
			byKey[e.key()] = s
			shapes = append(shapes, s)
		}
		s.addVariant(e.indexed())
		if !slices.Contains(s.files, e.file) {
			s.files = append(s.files, e.file)
		}
	}
	return shapes
}

func (s *shape) addVariant(indexed []int) {
	if slices.ContainsFunc(s.variants, func(v []int) bool { return slices.Equal(v, indexed) }) {
		return
	}
	s.variants = append(s.variants, indexed)
	if len(s.variants) > 1 {
		slices.SortFunc(s.variants[1:], slices.Compare)
	}
}

// record makes the variant with the given indexed positions the recorded one.
func (s *shape) record(indexed []int) {
	s.params = slices.Clone(s.params)
	for i := range s.params {
		s.params[i].indexed = slices.Contains(indexed, i)
	}
	others := s.variants
	s.variants = nil
	for _, v := range append([][]int{indexed}, others...) {
		s.addVariant(v)
	}
}

// digits returns the first n hex digits of the SHA-256 of text.
func digits(text string, n int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:n]
}
