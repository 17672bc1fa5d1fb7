package preflight

import (
	"fmt"
	"slices"
	"strings"
)

const hintABI = "correct the name, or give the contract the ABI that has it"

// refuses says why rindexer does not index an event of that name, or "".
func (s *source) refuses(name string) (why, hint string) {
	switch {
	case !slices.ContainsFunc(s.abi.events, func(e *abiEvent) bool { return e.Name == name }):
		return "its ABI has no such event", hintABI
	case !s.all && !slices.ContainsFunc(s.included, func(v value) bool { return includedName(v) == name }):
		return "include_events does not name it", "add it to include_events"
	case s.filtered() && !s.filters(name):
		return "filter does not name it", "add it to filter"
	}
	return "", ""
}

// includedName reads an element of include_events: a name, or a mapping with one.
func includedName(v value) string {
	if v.isMapping() {
		return v.get("name").text()
	}
	return v.text()
}

func (s *source) filters(name string) bool {
	return slices.ContainsFunc(s.deployments, func(d deployment) bool { return slices.Contains(d.filters, name) })
}

// filtered tells a contract that is indexed by event, whatever address emits it.
func (s *source) filtered() bool {
	return slices.ContainsFunc(s.deployments, func(d deployment) bool { return len(d.filters) > 0 })
}

// indexed are the events that rindexer fetches, in the order of the ABI.
func (s *source) indexed() []*abiEvent {
	return slices.DeleteFunc(slices.Clone(s.abi.events), func(e *abiEvent) bool {
		why, _ := s.refuses(e.Name)
		return why != ""
	})
}

// streamed are the routes of an event.
func (s *source) streamed(name string) (routes []route) {
	for _, r := range s.routes {
		if slices.ContainsFunc(r.events, func(e routed) bool { return e.name == name }) {
			routes = append(routes, r)
		}
	}
	return routes
}

// routes looks for stream entries that rindexer takes and never feeds.
func (m *manifest) routes() []Finding {
	var found []Finding
	n := 0
	for _, s := range m.contracts() {
		found = append(found, s.idleIncludes()...)
		found = append(found, m.idleNetworks(s)...)
		found = append(found, m.twice(s)...)
		for _, r := range s.routes {
			n += len(r.events)
			found = append(found, s.idleEvents(r)...)
		}
	}
	return orOK(found, "routes", "all of the %s that streams list are fed", count(n, "event"))
}

func (s *source) idleIncludes() (found []Finding) {
	if len(s.abi.findings) > 0 && len(s.abi.events) == 0 {
		return nil
	}
	for _, v := range s.included {
		name := includedName(v)
		known := slices.ContainsFunc(s.abi.events, func(e *abiEvent) bool { return e.Name == name })
		if !known && !unknown(name) {
			found = append(found, rindexerArea.fail(s.name+"."+name, hintABI,
				"%s: include_events names it and the ABI does not have it: rindexer refuses to start", v.at()))
		}
	}
	return found
}

func (s *source) idleEvents(r route) (found []Finding) {
	if len(s.abi.findings) > 0 && len(s.abi.events) == 0 {
		return nil
	}
	for _, e := range r.events {
		if why, hint := s.refuses(e.name); why != "" && !unknown(e.name) {
			found = append(found, rindexerArea.fail(s.name+"."+e.name, hint,
				"%s: stream %s lists it and never gets it: %s", e.at, r.stream, why))
		}
	}
	return found
}

// idleNetworks looks for networks that only one side knows.
func (m *manifest) idleNetworks(s *source) (found []Finding) {
	for _, r := range s.routes {
		for _, n := range r.networks {
			if !s.deployed(n) && !unknown(n) {
				found = append(found, rindexerArea.warn("contract "+s.name, "add the network to details, or take it from the stream",
					"%s: stream %s lists network %s, which the contract is not indexed on", r.at, r.stream, n))
			}
		}
	}
	for _, d := range s.deployments {
		_, declared := m.networks[d.network]
		switch {
		case !declared && !unknown(d.network):
			found = append(found, rindexerArea.fail("contract "+s.name, "correct the name, or declare the network",
				"%s: networks has no %s: rindexer refuses to start", d.at, d.network))
		case !slices.ContainsFunc(s.routes, func(r route) bool { return r.writes(d.network) }):
			found = append(found, rindexerArea.fail("contract "+s.name, "add the network to a stream",
				"%s: it is indexed on network %s, which no stream lists: none of its events arrive", d.at, d.network))
		}
	}
	return found
}

func (s *source) deployed(network string) bool {
	return slices.ContainsFunc(s.deployments, func(d deployment) bool { return d.network == network || unknown(d.network) })
}

// twice looks for events that reach the service on several ways.
func (m *manifest) twice(s *source) (found []Finding) {
	for _, name := range s.streamedNames() {
		var read []route
		for _, r := range s.streamed(name) {
			i := slices.IndexFunc(read, func(earlier route) bool { return overlap(earlier, r) })
			if i >= 0 && m.reads(r) {
				found = append(found, rindexerArea.warn(s.name+"."+name, "list it in one of the streams that the service reads",
					"%s: it goes to %s and to %s: every row is written once, but sent and read twice", r.at, read[i].stream, r.stream))
				break
			}
			if m.reads(r) {
				read = append(read, r)
			}
		}
	}
	return found
}

func overlap(a, b route) bool {
	return slices.ContainsFunc(a.networks, func(n string) bool { return slices.Contains(b.networks, n) })
}

// isAddress tells a bare address, without an operator.
func isAddress(text string) bool {
	digits, ok := strings.CutPrefix(strings.TrimSpace(text), "0x")
	return ok && len(digits) == 40 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// conditions looks for those that no event fulfils. rindexer drops what does not match, and says nothing.
func (m *manifest) conditions() []Finding {
	var found []Finding
	n := 0
	for _, s := range m.sources {
		for _, r := range s.routes {
			for _, e := range r.events {
				for _, c := range e.conditions {
					n++
					found = append(found, s.condition(e, c)...)
				}
			}
		}
	}
	if n == 0 {
		return []Finding{rindexerArea.ok("conditions", "there are none")}
	}
	return orOK(found, "conditions", "none of the %d is one that never matches", n)
}

func (s *source) condition(e routed, c value) (found []Finding) {
	subject := s.name + "." + e.name
	c.pairs(func(key string, v value) {
		if text := v.text(); isAddress(text) && strings.ToLower(text) != text {
			found = append(found, rindexerArea.fail(subject, "write the address in lower case, or with == before it",
				"%s: the condition on %s never matches: addresses come in lower case, and are compared as text", v.at(), key))
		}
		first, _, _ := strings.Cut(key, ".")
		if names := s.parameters(e.name); names != nil && first != metadataKey && !slices.Contains(names, first) {
			found = append(found, rindexerArea.fail(subject, fmt.Sprintf("the parameters are %s", strings.Join(names, ", ")),
				"%s: the condition on %s never matches: the event has no such parameter", v.at(), key))
		}
	})
	return found
}

// parameters are the names of an event's parameters; nil where the event is not known.
func (s *source) parameters(name string) []string {
	if s.native {
		return []string{"from", "to", "value"}
	}
	for _, e := range s.abi.events {
		if e.Name == name {
			names := make([]string, len(e.Inputs))
			for i, p := range e.Inputs {
				names[i] = p.name()
			}
			return names
		}
	}
	return nil
}
