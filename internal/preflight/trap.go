package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// effect is what a construct does to rindexer or to the event.
type effect int

const (
	panics effect = iota
	mayPanic
	drops
	garbles
)

func (e effect) verdict() Verdict {
	if e == panics || e == drops {
		return Failure
	}
	return Warning
}

// trap is a construct of an event that rindexer cannot cope with.
type trap struct {
	effect effect
	what   string
	hint   string
}

const (
	hintLeave    = "leave it out of include_events, so that the others go on, and fetch its logs another way"
	hintNegative = "leave it out of include_events if that can happen"
	hintStrip    = "remove internalType from the ABI that rindexer reads"
	hintName     = "use the ABI that codegen rindexer writes, or give it a name of its own there and in abi/"
	hintFetch    = "fetch the value from the log where it matters"
)

// traps lists what is wrong with an event's parameters, as rindexer 0.41 encodes them: first what makes it panic or
// drop the log, then what it garbles.
func (e *abiEvent) traps() []trap {
	var s trapSearch
	for i, p := range e.Inputs {
		s.parameter(p, parameterName(p, i))
	}
	s.names(e.Inputs)
	slices.SortStableFunc(s.found, func(a, b trap) int { return int(a.effect - b.effect) })
	return s.found
}

// parameterName is what a finding calls a parameter.
func parameterName(p abiParam, i int) string {
	if p.name() == "" {
		return "parameter " + strconv.Itoa(i+1)
	}
	return "parameter " + p.name()
}

type trapSearch struct{ found []trap }

func (s *trapSearch) add(e effect, hint, format string, args ...any) {
	s.found = append(s.found, trap{e, fmt.Sprintf(format, args...), hint})
}

func (s *trapSearch) parameter(p abiParam, name string) {
	base, dimensions := p.base()
	switch {
	case undecodable(p):
		s.add(drops, hintLeave, "%s is a fixed-point number: rindexer drops every log of the event", name)
	case p.Indexed && base == "tuple" && dimensions == 0:
		if len(p.Components) > 1 {
			s.add(panics, hintLeave, "%s is an indexed struct of several fields: rindexer panics", name)
		}
	case p.Indexed && (dimensions > 0 || base == "string" || base == "bytes"):
		// The log holds a hash, and rindexer sends it.
	case base == "tuple" && dimensions == 0 && strings.HasPrefix(p.InternalType, "struct"):
		s.add(panics, hintStrip, "%s is a struct with internalType: rindexer panics", name)
		s.fields(p, name)
	case base == "tuple" && dimensions == 0:
		s.fields(p, name)
	default:
		s.plain(p, name)
	}
}

// undecodable reports whether a type is or holds one that no decoder knows.
func undecodable(p abiParam) bool {
	base, _ := p.base()
	if strings.HasPrefix(base, "fixed") || strings.HasPrefix(base, "ufixed") {
		return true
	}
	for _, c := range p.Components {
		if undecodable(c) {
			return true
		}
	}
	return false
}

// fields looks at the components of a single tuple, which have the encoder of parameters.
func (s *trapSearch) fields(p abiParam, name string) {
	for i, c := range p.Components {
		field := name + "." + c.name()
		if base, dimensions := c.base(); base == "tuple" && dimensions == 0 {
			s.add(panics, hintLeave, "%s is a struct inside a struct: rindexer panics, internalType or not", field)
			continue
		}
		s.plain(c, field)
		s.fieldName(p.Components, i, name)
	}
}

// plain looks at what the encoder of parameters sees: everything but a single tuple.
func (s *trapSearch) plain(p abiParam, name string) {
	base, dimensions := p.base()
	switch {
	case base == "function":
		s.add(panics, hintLeave, "%s is of type function: rindexer panics", name)
	case base == "uint" || base == "int":
		s.add(panics, "write "+base+"256 in the ABI", "%s is of type %s without its width: rindexer panics", name, base)
	case dimensions > 1:
		s.add(panics, hintLeave, "%s is an array of arrays: rindexer panics unless it is empty", name)
	case base == "tuple":
		s.members(p, name)
	case base == "bytes" && dimensions == 1:
		s.add(garbles, hintFetch, "%s is %s: rindexer sends [] whatever it holds, and the column stays NULL", name, p.Type)
	case narrowSigned(base):
		s.add(mayPanic, hintNegative, "%s is %s: rindexer panics at the first negative value", name, p.Type)
	}
}

// narrowSigned: negative values of these widths go through an unsigned conversion that checks its range.
func narrowSigned(base string) bool {
	return base == "int40" || base == "int48" || base == "int56" || base == "int64"
}

// members looks at the components of an array of tuples, which has an encoder of its own. It writes null for what it
// has no form for.
func (s *trapSearch) members(p abiParam, name string) {
	for i, c := range p.Components {
		base, dimensions := c.base()
		member := name + "." + c.name()
		switch {
		case base == "function" && dimensions <= 1:
			s.add(garbles, hintFetch, "%s is of type function: rindexer sends null, and the column stays NULL", member)
		case dimensions > 1:
			s.add(garbles, hintFetch, "%s is an array of arrays: rindexer sends null for the inner ones, "+
				"and the column stays NULL", member)
		case base == "tuple" && dimensions == 0 && strings.HasPrefix(c.InternalType, "struct"):
			s.add(garbles, hintStrip, "%s is a struct with internalType inside an array: rindexer sends null, "+
				"and the column stays NULL", member)
		case base == "tuple":
			s.members(c, member)
		}
		s.fieldName(p.Components, i, name)
	}
}

// fieldName: components become the keys of a JSON object, where the last of a name counts. One without a name has a
// key too, which is empty.
func (s *trapSearch) fieldName(components []abiParam, i int, tuple string) {
	name := components[i].name()
	for _, earlier := range components[:i] {
		switch {
		case earlier.name() != name:
		case name == "":
			s.add(garbles, hintName, "%s has two fields without a name: the column stays NULL", tuple)
		default:
			s.add(garbles, hintName, "%s has two fields %s: the column stays NULL", tuple, name)
		}
	}
}

// metadataKey is the key that rindexer puts an item's metadata under, over a parameter of that name.
const metadataKey = "transaction_information"

func (s *trapSearch) names(params []abiParam) {
	times := map[string]int{}
	for _, p := range params {
		times[p.name()]++
	}
	told := map[string]bool{}
	for i, p := range params {
		name := p.name()
		switch {
		case name == metadataKey:
			s.add(garbles, hintName, "%s is overwritten by the metadata: its column stays NULL", parameterName(p, i))
		case times[name] > 1 && !told[name]:
			told[name] = true
			called := "are called " + name
			if name == "" {
				called = "have no name"
			}
			s.add(garbles, hintName, "%d parameters %s, and rindexer sends the last only: their columns stay NULL",
				times[name], called)
		}
	}
}
