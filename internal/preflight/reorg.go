package preflight

import (
	"maps"
	"slices"
	"strings"
)

// reorgs looks at how rindexer is told to treat blocks that are replaced, network by network.
func (m *manifest) reorgs() []Finding {
	var all []Finding
	for _, name := range slices.Sorted(maps.Keys(m.networks)) {
		var live []*source
		for _, s := range m.sources {
			if s.live(name) {
				live = append(live, s)
			}
		}
		if len(live) > 0 {
			all = append(all, m.networkReorgs(name, live)...)
		}
	}
	return orOK(all, "reorgs", "no contract goes on beyond an end_block")
}

func (m *manifest) networkReorgs(name string, live []*source) (all []Finding) {
	subject, n := "reorgs on "+name, m.networks[name]
	var behind, ahead []string
	ordered := true
	for _, s := range live {
		if s.distanceOn(n) > 0 {
			behind = append(behind, s.name)
			continue
		}
		ahead = append(ahead, s.name)
		ordered = ordered && s.allInOrder()
	}
	const exact = "set reorg_safe_distance on the contracts, and leave reorg_handling out: that was exact, and late"
	switch {
	case n.handling && len(behind) > 0:
		all = append(all, rindexerArea.fail(subject, exact,
			"reorg_handling and reorg_safe_distance (%s) together: rindexer skips blocks for good after a reorg", list(behind)))
	case n.handling && ordered:
		all = append(all, rindexerArea.warn(subject, exact,
			"reorg_handling announces reorgs and dependency_events fetches all events again, "+
				"but a branch that grows block by block goes unnoticed: its stale rows stay and the right ones never come"))
	case n.handling:
		all = append(all, rindexerArea.warn(subject, exact,
			"reorg_handling announces reorgs, but only the event that noticed is fetched again, and some reorgs go unnoticed: "+
				"30 of 250 logs never came in a test of ten"))
	case len(ahead) > 0:
		all = append(all, rindexerArea.warn(subject, exact,
			"neither reorg_handling nor reorg_safe_distance (%s): stale rows stay and the right ones never come: "+
				"49 of 250 logs in a test of ten reorgs", list(ahead)))
	}
	for _, s := range live {
		if distance := s.distanceOn(n); distance > 0 && !n.handling {
			all = append(all, rindexerArea.ok(subject, "%s stays %d blocks behind the head, which is exact for reorgs up to "+
				"that depth", s.name, distance))
		}
	}
	return all
}

// allInOrder reports whether rindexer handles all streamed events of the contract together.
func (s *source) allInOrder() bool {
	for _, r := range s.routes {
		for _, e := range r.events {
			if !s.inOrder(e.name) {
				return false
			}
		}
	}
	return !s.native
}

// deliveries looks for delivery: finalized.
func (m *manifest) deliveries() []Finding {
	var found []Finding
	for _, s := range m.sources {
		for _, r := range s.routes {
			if !r.finalized {
				continue
			}
			subject := "stream " + r.stream
			if unready := m.withoutHandling(r); len(unready) > 0 {
				found = append(found, rindexerArea.fail(subject, "leave delivery out, and set reorg_safe_distance on the contract",
					"%s: delivery: finalized without reorg_handling on %s: rindexer refuses to start", r.at, list(unready)))
				continue
			}
			found = append(found, rindexerArea.warn(subject,
				"leave delivery and reorg_handling out, and set reorg_safe_distance on the contract",
				"%s: delivery: finalized keeps blocks in memory only: a restart of rindexer, or a moment in which Redis refuses "+
					"writes, loses them", r.at))
		}
	}
	return orOK(found, "delivery", "instant")
}

func (m *manifest) withoutHandling(r route) (names []string) {
	for _, name := range r.networks {
		if n, ok := m.networks[name]; ok && !n.handling {
			names = append(names, name)
		}
	}
	return names
}

// startBlocks looks for contracts that begin at the head.
func (m *manifest) startBlocks() []Finding {
	const hint = "set start_block to the block that the contract was made in"
	var found []Finding
	for _, s := range m.contracts() {
		for _, d := range s.deployments {
			if d.started {
				continue
			}
			if !m.started && !m.stored {
				found = append(found, rindexerArea.fail("contract "+s.name, hint,
					"%s: no contract has a start_block and nothing is stored: rindexer ends with an error at its first checkpoint, "+
						"and again after every restart", d.at))
				continue
			}
			found = append(found, rindexerArea.warn("contract "+s.name, hint,
				"%s: no start_block on %s: rindexer begins at the head at every start, and what happened while it was down is lost",
				d.at, d.network))
		}
	}
	return orOK(found, "start_block", "set for every contract")
}

// precedent are the types of streams whose name the checkpoints' folder takes before that of redis.
var precedent = []string{"rabbitmq", "sns", "webhooks", "kafka"}

// checkpoints looks for what keeps rindexer from going on where it was. What it sends again is written once, but
// takes the time of a whole history.
func (m *manifest) checkpoints() []Finding {
	if m.stored {
		return []Finding{rindexerArea.ok("checkpoints", "in rindexer's own storage")}
	}
	var found []Finding
	for _, s := range m.contracts() {
		subject := "contract " + s.name
		for _, kind := range precedent {
			if slices.Contains(s.others, kind) {
				found = append(found, rindexerArea.warn(subject, "expect a replay from start_block when you add or remove it",
					"%s: checkpoints are kept under %s, which goes before redis: adding or removing it sends everything again",
					s.at, kind))
				break
			}
		}
		if s.filtered() {
			found = append(found, rindexerArea.warn(subject, "give the addresses instead, if they are known",
				"%s: a contract with filter keeps no checkpoint: every restart sends everything again", s.at))
		}
		found = append(found, s.sharedCheckpoints(subject)...)
	}
	return orOK(found, "checkpoints", "each event has its own")
}

// sharedCheckpoints: the file of a checkpoint is named after the event in lower case.
func (s *source) sharedCheckpoints(subject string) (found []Finding) {
	names := map[string]string{}
	for _, e := range s.indexed() {
		lower := strings.ToLower(e.Name)
		earlier, ok := names[lower]
		names[lower] = e.Name
		if ok && earlier != e.Name {
			found = append(found, rindexerArea.warn(subject, "give one of them a contract entry of its own",
				"%s: %s and %s share one checkpoint: the slower one can lose its place at a restart", e.at, earlier, e.Name))
		}
	}
	return found
}

// addresses looks at contracts that are many.
func (m *manifest) addresses() []Finding {
	var found []Finding
	for _, s := range m.contracts() {
		subject := "contract " + s.name
		if s.filtered() {
			found = append(found, rindexerArea.warn(subject, "give those a contract entry of their own, with their ABI",
				"%s: whoever emits an event that filter names is asked for it, and where other parameters are indexed, "+
					"rindexer drops the log", s.at))
		}
		for _, d := range s.deployments {
			most := m.networks[d.network].together
			if most > 0 && uint64(d.addresses) > most {
				found = append(found, rindexerArea.warn(subject,
					"divide them among several contracts, or set address_filtering: in-memory",
					"%s: %d addresses are asked for in pieces of %d: blocks come unordered, and some twice", d.at, d.addresses, most))
			}
			if d.factory {
				found = append(found, rindexerArea.warn(subject,
					"index the factory as a contract of its own, if its event is wanted",
					"%s: the event of a factory itself is not streamed; above %d children blocks come unordered, and some twice",
					d.at, most))
			}
		}
	}
	return orOK(found, "addresses", "few enough for one request")
}

// timestamps looks for events that come without a time.
func (m *manifest) timestamps() []Finding {
	var found []Finding
	for _, s := range m.contracts() {
		var without, ordered []string
		for _, name := range s.streamedNames() {
			switch {
			case !s.timestamped(name, m.stamped):
				without = append(without, name)
			case s.inOrder(name):
				ordered = append(ordered, name)
			}
		}
		if len(without) > 0 {
			found = append(found, rindexerArea.warn("contract "+s.name, "set timestamps: true at the top of the manifest",
				"%s: block_timestamp of %s is NULL for history, unless the node puts it into its logs", s.at, list(without)))
		}
		if len(ordered) > 0 {
			found = append(found, rindexerArea.warn("contract "+s.name, "",
				"%s: block_timestamp of %s is NULL once rindexer is live, unless the node puts it into its logs: "+
					"events of dependency_events and factories get none", s.at, list(ordered)))
		}
	}
	return orOK(found, "timestamps", "on for every streamed event")
}

// streamedNames are the names of the events that are indexed and listed by a stream, each once.
func (s *source) streamedNames() (names []string) {
	for _, e := range s.indexed() {
		if len(s.streamed(e.Name)) > 0 && !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	return names
}

// timestamped: what include_events says of an event goes before what the manifest says of all.
func (s *source) timestamped(name string, all bool) bool {
	for _, v := range s.included {
		if on, known := v.get("timestamps").truth(); known && includedName(v) == name {
			return on
		}
	}
	return all
}

// nativeTransfer is the event that rindexer makes of a transfer.
var nativeTransfer = &abiEvent{Name: "NativeTransfer", Inputs: []abiParam{
	{Name: new("from"), Type: "address"}, {Name: new("to"), Type: "address"}, {Name: new("value"), Type: "uint256"},
}}

// nativeTransfers says what is different about them.
func (m *manifest) nativeTransfers() []Finding {
	var found []Finding
	for _, s := range m.sources {
		if !s.native {
			continue
		}
		found = append(found, rindexerArea.warn("native_transfers", "",
			"%s: all have log_index 0 and the address 0x0, and transfers inside of calls are not among them", s.at))
		if !m.stored {
			found = append(found, rindexerArea.warn("native_transfers", "",
				"%s: they keep no checkpoint: every restart sends all of them again", s.at))
		}
		if why := m.untyped(nativeTransfer); why != "" && slices.ContainsFunc(s.routes, m.reads) {
			found = append(found, rindexerArea.warn("native_transfers", hintTable, "%s: %s: they go to generic_events", s.at, why))
		}
	}
	return orOK(found, "native_transfers", "off, or not sent to Redis")
}
