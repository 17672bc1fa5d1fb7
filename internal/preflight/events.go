package preflight

import (
	"slices"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// abis reports what rindexer, or we, cannot read.
func (m *manifest) abis() []Finding {
	var found []Finding
	for _, s := range m.contracts() {
		if len(s.abi.events) == 0 && len(s.abi.findings) == 0 {
			found = append(found, rindexerArea.fail("contract "+s.name, "give it the ABI with its events",
				"%s: its ABI has no events", s.at))
		}
		for _, f := range s.abi.findings {
			if !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
	}
	return orOK(found, "ABI", "the ABIs are read by rindexer")
}

// events looks for what rindexer drops, garbles or panics on.
func (m *manifest) events() []Finding {
	var found []Finding
	n := 0
	for _, s := range m.contracts() {
		first := map[string]*abiEvent{}
		for _, e := range s.indexed() {
			routes := s.streamed(e.Name)
			if len(routes) > 0 {
				n++
			}
			switch declared := first[e.Name]; {
			case declared == nil:
				first[e.Name] = e
				found = append(found, s.eventTraps(e, len(routes) > 0)...)
			case len(routes) > 0:
				found = append(found, s.again(declared, e))
			}
		}
	}
	if n == 0 {
		return found
	}
	return orOK(found, "events", "none of the %d that are streamed is dropped, garbled or makes rindexer panic", n)
}

// eventTraps: rindexer decodes every event that it indexes, so what makes it panic matters without a stream as well.
// In history a panic ends the process, later it ends the event's own pipeline without a word.
func (s *source) eventTraps(e *abiEvent, streamed bool) (found []Finding) {
	subject := s.name + "." + e.Name
	if e.Anonymous && streamed {
		return append(found, rindexerArea.fail(subject, hintLeave,
			"%s: it is anonymous: rindexer looks for a topic that its logs do not have, and sends none", e.at))
	}
	for _, t := range e.traps() {
		switch {
		case streamed:
			found = append(found, Finding{string(rindexerArea), subject, t.effect.verdict(), e.at + ": " + t.what, t.hint})
		case t.effect == panics || t.effect == mayPanic:
			found = append(found, rindexerArea.warn(subject, "leave it out of include_events",
				"%s: %s; no stream lists the event, but rindexer decodes it", e.at, t.what))
		}
	}
	return found
}

// again says what becomes of an event whose name the ABI has declared before: each has a pipeline, and all of them
// decode with the first declaration.
func (s *source) again(first, e *abiEvent) Finding {
	subject := s.name + "." + e.Name
	const hint = "give it a contract entry of its own, with an ABI that has only this one, and an alias"
	switch {
	case first.topic0() != e.topic0():
		return rindexerArea.fail(subject, hint,
			"%s: rindexer streams only the overload that comes first (%s): %s never arrives", e.at, first.at, e.signature())
	case first.indexed() != e.indexed():
		return rindexerArea.fail(subject, hint,
			"%s: it is declared with other parameters indexed at %s: rindexer decodes with that one and drops the logs of this",
			e.at, first.at)
	}
	return rindexerArea.warn(subject, "take one of them out of the ABI",
		"%s: it is declared at %s as well: rindexer publishes every log twice", e.at, first.at)
}

const hintTable = "put its ABI into abi/ and run make generate"

// tables looks for events that have no table, and go to generic_events.
func (m *manifest) tables() []Finding {
	var found []Finding
	n := 0
	for _, s := range m.contracts() {
		told := map[string]bool{}
		for _, e := range s.indexed() {
			if told[e.Name] || e.Anonymous || !slices.ContainsFunc(s.streamed(e.Name), m.reads) {
				continue
			}
			told[e.Name] = true
			n++
			if why := m.untyped(e); why != "" {
				found = append(found, rindexerArea.warn(s.name+"."+e.Name, hintTable,
					"%s: %s: its rows go to generic_events", e.at, why))
			}
		}
	}
	if n == 0 {
		return found
	}
	return orOK(found, "tables", "every one of the %s that the service reads has a table", count(n, "event"))
}

// untyped says why no table of ours takes the event, or "".
func (m *manifest) untyped(e *abiEvent) string {
	candidates := m.service.Catalog.ByTopic(e.topic0())
	if len(candidates) == 0 {
		return "no ABI here describes " + e.signature()
	}
	shapes, match := event.Pick(candidates, keysOf(e))
	if match != event.MatchExact {
		return "the ABIs here give its parameters other names"
	}
	if !slices.ContainsFunc(shapes, func(d *event.Definition) bool { return sameHashes(d, e) }) {
		return "the ABIs here do not have the same strings, bytes, arrays and structs indexed"
	}
	return ""
}

// keys are those that rindexer gives an item.
type keys map[string]bool

func keysOf(e *abiEvent) keys {
	k := keys{}
	for _, p := range e.Inputs {
		if p.name() != metadataKey {
			k[p.name()] = true
		}
	}
	return k
}

// Has implements event.Keys.
func (k keys) Has(name string) bool { return k[name] }

// Len implements event.Keys.
func (k keys) Len() int { return len(k) }

func sameHashes(d *event.Definition, e *abiEvent) bool {
	if len(d.Params) != len(e.Inputs) {
		return false
	}
	for i, p := range e.Inputs {
		if d.Params[i].Hashed != p.hashed() {
			return false
		}
	}
	return true
}

// hashed reports whether a log holds only the hash of the parameter.
func (p abiParam) hashed() bool {
	base, dimensions := p.base()
	return p.Indexed && (dimensions > 0 || base == "string" || base == "bytes" || base == "tuple")
}
