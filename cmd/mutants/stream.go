package main

import "time"

// ofStream are defects of the Redis side.
var ofStream = []mutant{
	{
		name: "go on behind a lost reply",
		file: "internal/stream/consumer.go",
		find: `	c.Rewind()
	c.page.failed(err)`,
		replace: `	c.page.failed(err)`,
		tests:   tests{pkg: "internal/stream", run: "TestConsumer/re-reads its pending entries after a lost reply"},
	},
	{
		name: "pass over own pending entries at start",
		file: "internal/stream/consumer.go",
		find: `	c.claims.cursor = zeroID
	c.Rewind()
`,
		replace: `	c.claims.cursor = zeroID
`,
		tests: tests{pkg: "internal/stream", run: "TestConsumer/replays its own pending entries first"},
	},
	{
		name:    "hand out what is decided but not acknowledged",
		file:    "internal/stream/consumer.go",
		find:    "switch _, decided := c.unacked[e.ID]; {",
		replace: `switch _, decided := c.unacked[""]; {`,
		tests:   tests{pkg: "internal/stream", run: "TestConsumerAck/of decided entries is not undone by reading the pending list"},
	},
	{
		name:    "leave trimmed entries pending",
		file:    "internal/stream/consumer.go",
		find:    "rest, err := c.ack(ctx, gone, 1)",
		replace: "rest, err := []string(nil), error(nil)",
		tests:   tests{pkg: "internal/stream", run: "TestConsumerTrimmed/acknowledges and counts what was trimmed while pending"},
	},
	{
		name:    "never look for what others left",
		file:    "internal/stream/consumer.go",
		find:    "c.claims.due(c.o.ClaimInterval)",
		replace: "c.claims.due(c.o.ClaimInterval) && false",
		tests:   tests{pkg: "internal/stream", run: "TestConsumerClaims/takes over a dead consumer's entries, page by page"},
	},
	{
		name:    "claim what others are working on",
		file:    "internal/stream/claim.go",
		find:    "c.o.ClaimMinIdle.Milliseconds(), c.claims.cursor",
		replace: "0, c.claims.cursor",
		tests:   tests{pkg: "internal/stream", run: "TestConsumerHold/keeps others from taking over, and counts no delivery"},
	},
	{
		name:    "end a sweep at the first page without anything",
		file:    "internal/stream/claim.go",
		find:    "found > 0 || page.cursor == zeroID",
		replace: "found >= 0",
		tests:   tests{pkg: "internal/stream", run: "TestConsumerClaims/passes over entries that are being worked on"},
	},
	{
		name:    "claims starve new entries",
		file:    "internal/stream/claim.go",
		find:    "!s.taken && (s.pages",
		replace: "(s.pages",
		tests:   tests{pkg: "internal/stream", run: "TestConsumerClaims/never starves new entries"},
	},
	{
		name: "a group that vanishes is not made again",
		file: "internal/stream/group.go",
		find: `	if noGroup(err) {
		if err := g.create`,
		replace: `	if noGroup(err) && !g.counters.joined.Load() {
		if err := g.create`,
		tests: tests{pkg: "internal/stream", run: "TestCounters/count a group that vanished once, whoever creates it again"},
	},
	{
		name: "NOGROUP is taken for no entries",
		file: "internal/stream/group.go",
		find: `	if noGroup(err) {
		if err := g.create(ctx); err != nil {
			return err
		}
		err = command()
	}`,
		replace: `	if noGroup(err) {
		return nil
	}`,
		tests: tests{pkg: "internal/stream", run: "TestConsumer/sees entries older than the group"},
	},
	{
		name:    "a group begins at the end of the stream",
		file:    "internal/stream/group.go",
		find:    `g.name, "0").Err()`,
		replace: `g.name, "$").Err()`,
		tests:   tests{pkg: "internal/stream", run: "TestConsumer/sees entries older than the group"},
	},
	{
		name: "forget an acknowledgement that failed",
		file: "internal/stream/ack.go",
		find: `rest, err := c.ack(ctx, ids, ackAttempts)
	c.owe(rest)`,
		replace: `rest, err := c.ack(ctx, ids, ackAttempts)
	_ = rest`,
		tests: tests{pkg: "internal/stream", run: "TestConsumerAck/is owed and settled before the next read"},
	},
	{
		name:    "acknowledge no more than one command takes",
		file:    "internal/stream/ack.go",
		find:    "ids = ids[len(chunk):]",
		replace: "ids = nil",
		tests:   tests{pkg: "internal/stream", run: "TestConsumerAck/takes more ids than one command"},
	},
	{
		name:    "hold refreshes nothing",
		file:    "internal/stream/hold.go",
		find:    "if err != nil || len(pending) == 0 {",
		replace: "if err != nil || len(pending) >= 0 {",
		tests:   tests{pkg: "internal/stream", run: "TestConsumerHold/keeps others from taking over, and counts no delivery"},
	},
	{
		name:    "commands are repeated silently",
		file:    "internal/stream/connect.go",
		find:    "o.MaxRetries = -1",
		replace: "o.MaxRetries = 3",
		tests:   tests{pkg: "internal/stream", run: "TestConsumer/re-reads its pending entries after a lost reply"},
	},
	{
		name:    "a lease is not renewed",
		file:    "internal/stream/lease.go",
		find:    "SET', KEYS[1], ARGV[2], 'PX', ARGV[3])",
		replace: "SET', KEYS[1], ARGV[2], 'KEEPTTL')",
		tests:   tests{pkg: "internal/stream", run: "TestLeaseKeep/renews"},
	},
	{
		name:    "a lease that is lost is kept",
		file:    "internal/stream/lease.go",
		find:    "case l.named:",
		replace: `case holder != "":`,
		tests:   tests{pkg: "internal/stream", run: "TestLeaseKeep/ends when another process has the name", within: 10 * time.Second},
	},
	{
		name:    "a lease is taken from who has it",
		file:    "internal/stream/lease.go",
		find:    "if current ~= ARGV[1] then return current end",
		replace: "",
		tests:   tests{pkg: "internal/stream", run: "TestLease/is had by one process only, however many ask at once"},
	},
	{
		name:    "remove consumers that hold entries",
		file:    "internal/stream/idle.go",
		find:    "consumer['pending'] == 0 and ",
		replace: "",
		tests:   tests{pkg: "internal/stream", run: "TestRemoveIdleLosesNothing"},
	},
	{
		name:    "put the watermark above what is pending",
		file:    "internal/stream/extent.go",
		find:    "return Extent{event.EntryIDOf(s.OldestPendingID), last}, nil",
		replace: "return Extent{last.Next(), last}, nil",
		tests:   tests{pkg: "internal/stream", run: "TestDelivered"},
	},
	{
		name:    "trim what another group needs",
		file:    "internal/stream/trim.go",
		find:    "if below(position, least) then least",
		replace: "if group['name'] == ARGV[2] and below(position, least) then least",
		tests:   tests{pkg: "internal/stream", run: "TestTrim"},
	},
	{
		name:    "trim what is pending",
		file:    "internal/stream/trim.go",
		find:    "if pending[2] and below(pending[2], position)",
		replace: "if false and below(pending[2], position)",
		tests:   tests{pkg: "internal/stream", run: "TestTrim"},
	},
	{
		name:    "do not count what is trimmed before it was given out",
		file:    "internal/stream/watch.go",
		find:    "w.counters[stream].lost.Add(float64(n))",
		replace: "_ = n",
		tests:   tests{pkg: "internal/stream", run: "TestWatcher/counts"},
	},
	{
		name:    "read as much as ever after a long time without reading",
		file:    "internal/stream/pager.go",
		find:    "time.Since(p.last) > p.stale",
		replace: "false",
		tests:   tests{pkg: "internal/stream", run: "TestPager"},
	},
}
