package main

import "time"

// all are defects that somebody could make, or has made. Each has the text of the code in it, and is to follow it: where the
// code has changed, so that a defect cannot be planted any more, plant one like it where it can be made now.
var all = []mutant{
	// The loop.
	{
		name: "acknowledge before the commit",
		file: "internal/ingest/loop.go",
		find: `	result, err := l.write(ctx, batch)
	if err != nil {`,
		replace: `	l.ack(ctx, messages)
	result, err := l.write(ctx, batch)
	if err != nil {`,
		tests: tests{pkg: "internal/ingest", run: "TestLoopWaits/for a table that is missing"},
	},
	{
		name: "acknowledge a batch that was given up",
		file: "internal/ingest/loop.go",
		find: `	if err != nil {
		return err
	}
	l.Metrics.decided`,
		replace: `	if err != nil {
		l.ack(context.WithoutCancel(ctx), messages)
		return err
	}
	l.Metrics.decided`,
		tests: tests{pkg: "internal/ingest", run: "TestLoopEnds/giving up a write that never succeeds"},
	},
	{
		name: "never acknowledge",
		file: "internal/ingest/loop.go",
		find: `	l.ack(ctx, messages)
	l.Storm`,
		replace: `	l.Storm`,
		tests:   tests{pkg: "internal/ingest", run: "TestLoopEnds/finishing the batch in hand"},
	},
	{
		name:    "give up the batch in hand at the signal",
		file:    "internal/ingest/loop.go",
		find:    "working, cancel := l.afterwards(ctx)",
		replace: "working, cancel := context.WithCancel(ctx)",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopEnds/finishing the batch in hand"},
	},
	{
		name:    "forget the rest of a divided batch",
		file:    "internal/ingest/loop.go",
		find:    "		messages = messages[n:]",
		replace: "		messages = nil",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopWaits/dividing messages that take too long together"},
	},
	{
		name:    "wait longer instead of dividing",
		file:    "internal/ingest/write.go",
		find:    "case tooSlow && batch.Messages > 1:",
		replace: "case tooSlow && batch.Messages < 0:",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopWaits/dividing messages that take too long together"},
	},
	{
		name:    "do not hold what takes long",
		file:    "internal/ingest/loop.go",
		find:    "l.Source.Hold(ctx, idsOf(messages))",
		replace: "ctx.Err()",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopHolds"},
	},
	{
		name: "hold what takes long only once",
		file: "internal/ingest/loop.go",
		find: `		timer.Reset(l.HoldInterval)
`,
		replace: "",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopHolds"},
	},
	{
		name:    "read on while a storm lasts",
		file:    "internal/ingest/loop.go",
		find:    "if err := l.Storm.wait(ctx); err != nil {",
		replace: "if err := ctx.Err(); err != nil {",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopWaits/for somebody to end a storm of dead letters"},
	},
	{
		name:    "no pause for an environment that refuses",
		file:    "internal/ingest/write.go",
		find:    "l.Pauses.begin(l.Stream, l.Worker, PauseEnvironment, err)",
		replace: "_ = err",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopWaits/for a table that is missing"},
	},
	{
		name: "a pause for the environment never ends",
		file: "internal/ingest/write.go",
		find: `			l.Pauses.end(l.Stream, l.Worker, PauseEnvironment)
`,
		replace: "",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopWaits/for a table that is missing"},
	},
	{
		name:    "an environment that refuses opens the breaker",
		file:    "internal/ingest/write.go",
		find:    "case environment || tooSlow:",
		replace: "case tooSlow:",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopWaits/for a table that is missing"},
	},
	{
		name: "keep connections that fail",
		file: "internal/ingest/write.go",
		find: `		l.Sink.Reconnect()
`,
		replace: "",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopReconnects"},
	},
	{
		name:    "no pause between attempts",
		file:    "internal/ingest/backoff.go",
		find:    "b.pause = min(2*b.pause, longPause)",
		replace: "b.pause = 1",
		tests:   tests{pkg: "internal/ingest", run: "TestBackoff"},
	},
	// What keeps loops from trying.
	{
		name:    "breaker never opens",
		file:    "internal/ingest/breaker.go",
		find:    "b.failures >= b.threshold",
		replace: "b.failures < 0",
		tests:   tests{pkg: "internal/ingest", run: "TestBreaker/opens after so many failures in a row"},
	},
	{
		name: "breaker never closes",
		file: "internal/ingest/breaker.go",
		find: `			b.enter(Closed)
`,
		replace: "",
		tests:   tests{pkg: "internal/ingest", run: "TestBreaker/half-opens with a probe that succeeds"},
	},
	{
		name: "breaker waits for a probe for ever",
		file: "internal/ingest/breaker.go",
		find: `			if b.state == Open {
				b.enter(HalfOpen)`,
		replace: `			if b.state == Open && !b.silent {
				b.enter(HalfOpen)`,
		tests: tests{pkg: "internal/ingest", run: "TestBreaker/half-opens after the timeout even if no probe succeeds"},
	},
	{
		name: "breaker never gets its trial back",
		file: "internal/ingest/breaker.go",
		find: `		b.trying = false
`,
		replace: "",
		tests:   tests{pkg: "internal/ingest", run: "TestBreakerNeverStays"},
	},
	{
		name:    "breaker that is barred lets loops read",
		file:    "internal/ingest/breaker.go",
		find:    "return b.state != Open && !b.barred",
		replace: "return b.state != Open",
		tests:   tests{pkg: "internal/ingest", run: "TestBreaker/keeps those from reading who are barred, but not what is in hand"},
	},
	{
		name: "a storm never pauses",
		file: "internal/ingest/storm.go",
		find: `				s.begin(k, sum)
`,
		replace: "",
		tests:   tests{pkg: "internal/ingest", run: "TestStorm/is more than half of a thousand"},
	},
	{
		name: "each pause of a storm is the first",
		file: "internal/ingest/storm.go",
		find: `	s.suspect = &k
`,
		replace: `	_ = k
`,
		tests: tests{pkg: "internal/ingest", run: "TestStorm/pauses longer each time, and starts over when it is over"},
	},
	{
		name:    "a schema that lacks its key bars nobody",
		file:    "cmd/redis-postgres-sync/health.go",
		find:    "s.breaker.Bar(mismatch)",
		replace: "_ = mismatch",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestSchemaDrift/no key", within: 2 * time.Minute},
	},
	// What becomes of a message.
	{
		name: "no dead letter for what does not decode",
		file: "internal/ingest/decide.go",
		find: `	definition, row, err := d.decode(item)
	if err != nil {
		d.rejectItem(origin, meta.Network, reasonOf(err), err)`,
		replace: `	definition, row, err := d.decode(item)
	if err != nil {`,
		tests: tests{pkg: "internal/ingest", run: "TestBadItem"},
	},
	{
		name: "no dead letter for a message that cannot be read",
		file: "internal/ingest/decide.go",
		find: `			reason, detail = malformed.Reason, malformed.Detail
		}
		d.reject(origin, reason, detail, m.Payload)`,
		replace: `			reason, detail = malformed.Reason, malformed.Detail
		}
		_, _ = reason, detail`,
		tests: tests{pkg: "internal/ingest", run: "TestMalformed"},
	},
	{
		name:    "payloads of any size",
		file:    "internal/ingest/decide.go",
		find:    "len(m.Payload) > d.maxPayload",
		replace: "len(m.Payload) < 0",
		tests:   tests{pkg: "internal/ingest", run: "TestMalformed"},
	},
	{
		name:    "text after the end of a message",
		file:    "internal/rindexer/message.go",
		find:    "s.err == nil && s.pos < len(s.text)",
		replace: "s.err == nil && s.pos > len(s.text)",
		tests:   tests{pkg: "internal/ingest", run: "TestMalformed"},
	},
	{
		name:    "a number beyond its type",
		file:    "internal/rindexer/value.go",
		find:    "n.Neg || n.Abs.BitLen() > bits",
		replace: "n.Neg",
		tests:   tests{pkg: "internal/rindexer", run: "TestValue"},
	},
	{
		name:    "a number beyond 256 bits wraps",
		file:    "internal/rindexer/integer.go",
		find:    "n.AddOverflow(&n, uint256.NewInt(low)); overflow",
		replace: "n.AddOverflow(&n, uint256.NewInt(low)); overflow && false",
		tests:   tests{pkg: "internal/rindexer", run: "TestValue"},
	},
	{
		name:    "bytes that are cut off",
		file:    "internal/rindexer/value.go",
		find:    "case [32]byte(word) != zeroBehind(word, len(dst)):",
		replace: "case false:",
		tests:   tests{pkg: "internal/rindexer", run: "TestValue"},
	},
	{
		name:    "NUL is left in text",
		file:    "internal/event/text.go",
		find:    "if strings.IndexByte(s, 0) < 0 {",
		replace: "if len(s) >= 0 {",
		tests:   tests{pkg: "internal/event", run: "TestCleanText"},
	},
	// The Redis side.
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
		find: `	c.claims.cursor = firstID
	c.Rewind()
`,
		replace: `	c.claims.cursor = firstID
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
		find:    "found > 0 || page.cursor == firstID",
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
		name:    "hold later than others claim",
		file:    "cmd/redis-postgres-sync/run.go",
		find:    "cfg.ClaimMinIdle / 3",
		replace: "cfg.ClaimMinIdle * 3",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestHeld", within: 2 * time.Minute},
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
		name: "loops go on under a name that is lost",
		file: "cmd/redis-postgres-sync/run.go",
		find: `			defer cancel()
			kept <- lease.Keep(leased)`,
		replace: `			kept <- lease.Keep(leased)`,
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestNameIsLost", within: 2 * time.Minute},
	},
	{
		name:    "remove consumers that hold entries",
		file:    "internal/stream/idle.go",
		find:    "consumer['pending'] == 0 and ",
		replace: "",
		tests:   tests{pkg: "internal/stream", run: "TestRemoveIdleLosesNothing"},
	},
	// The PostgreSQL side.
	{
		name: "a copy that meets a standing row is done",
		file: "internal/pg/writer.go",
		find: "if !isUniqueViolation(err) && !w.isData(err, batch) {",
		replace: `if isUniqueViolation(err) {
			return event.Result{}, nil
		}
		if !w.isData(err, batch) {`,
		tests: tests{pkg: "internal/pg", run: "^TestWriter$/a batch of which half is new"},
	},
	{
		name:    "swallow a key conflict",
		file:    "internal/pg/rows.go",
		find:    "p.letters = append(p.letters, conflict(round[i], t.Table))",
		replace: "_ = i",
		tests:   tests{pkg: "internal/pg", run: "TestKeyConflict"},
	},
	{
		name:    "duplicates count as inserted",
		file:    "internal/pg/rows.go",
		find:    "p.count(t.Table, int(merged.Inserted), len(round)-int(merged.Inserted)-len(merged.Conflicts))",
		replace: "p.count(t.Table, len(round)-len(merged.Conflicts), 0)",
		tests:   tests{pkg: "internal/pg", run: "^TestWriter$/a replayed batch changes nothing"},
	},
	{
		name:    "insert in the order of arrival",
		file:    "internal/pg/rows.go",
		find:    "slices.SortStableFunc(sorted, compareRows)",
		replace: "slices.SortStableFunc(sorted, func(a, b *event.Item) int { return cmp.Compare(definition(a).Table, definition(b).Table) })",
		tests:   tests{pkg: "internal/pg", run: "TestWritersAtOnce"},
	},
	{
		name:    "swallow what PostgreSQL refuses",
		file:    "internal/pg/rows.go",
		find:    "return placed{letters: []event.DeadLetter{letter}}, nil",
		replace: "return placed{}, nil",
		tests:   tests{pkg: "internal/pg", run: "TestRefusedRows/one among a hundred"},
	},
	{
		name:    "lose half of what was isolated",
		file:    "internal/pg/rows.go",
		find:    "left.add(right)",
		replace: "_ = right",
		tests:   tests{pkg: "internal/pg", run: "TestRefusedRows/the first and the last"},
	},
	{
		name: "reject all items with the one that is refused",
		file: "internal/pg/rows.go",
		find: `	case len(items) == 1:
		letter := items[0].Letter(event.ReasonRejected, "")
		letter.SQLState, letter.Detail = explain(err)
		return placed{letters: []event.DeadLetter{letter}}, nil`,
		replace: `	case len(items) >= 1:
		for i := range items {
			letter := items[i].Letter(event.ReasonRejected, "")
			letter.SQLState, letter.Detail = explain(err)
			p.letters = append(p.letters, letter)
		}
		return placed{letters: p.letters}, nil`,
		tests: tests{pkg: "internal/pg", run: "TestRefusedRows/one among a hundred"},
	},
	{
		name:    "isolate without rolling back",
		file:    "internal/pg/rows.go",
		find:    `end = "ROLLBACK TO SAVEPOINT try; RELEASE SAVEPOINT try"`,
		replace: `end = "RELEASE SAVEPOINT try"`,
		tests:   tests{pkg: "internal/pg", run: "TestRefusedRows/one among a hundred"},
	},
	{
		name:    "a missing table is the event's fault",
		file:    "internal/pg/writer.go",
		find:    "class == Data || class",
		replace: "class == Data || class == Environment || class",
		tests:   tests{pkg: "internal/pg", run: "TestWriterWithoutTable"},
	},
	{
		name:    "a lost connection is the event's fault",
		file:    "internal/pg/class.go",
		find:    "return Transient // no answer",
		replace: "return Data // no answer",
		tests:   tests{pkg: "internal/pg", run: "TestClassify"},
	},
	{
		name:    "a server that shuts down is the event's fault",
		file:    "internal/pg/class.go",
		find:    `"57": Transient`,
		replace: `"57": Data`,
		tests:   tests{pkg: "internal/pg", run: "TestClassify"},
	},
	{
		name:    "an unknown refusal is the event's fault at once",
		file:    "internal/pg/writer.go",
		find:    "class == Unknown && batch.Refusals >= w.o.MaxRefusals",
		replace: "class == Unknown",
		tests:   tests{pkg: "internal/pg", run: "TestUnknownRefusal"},
	},
	{
		name:    "an unknown refusal of all rows is theirs",
		file:    "internal/pg/writer.go",
		find:    "return Classify(refusal) == Unknown && batch",
		replace: "return Classify(refusal) != Unknown && batch",
		tests:   tests{pkg: "internal/pg", run: "TestUnknownRefusal"},
	},
	{
		name:    "no more letters than one statement takes",
		file:    "internal/pg/beside.go",
		find:    "letters = letters[n:]",
		replace: "letters = nil",
		tests:   tests{pkg: "internal/pg", run: "TestDeadLetters/more than one statement takes"},
	},
	{
		name:    "a letter seen again is open again",
		file:    "gen/db/core.sql.go",
		find:    "state = CASE d.state WHEN 'open' THEN excluded.state ELSE d.state END",
		replace: "state = excluded.state",
		tests:   tests{pkg: "internal/pg", run: "TestLetterSeenAgain"},
	},
	{
		name:    "a replay decides letters that were discarded",
		file:    "internal/pg/settle.go",
		find:    "open != int64(len(settles))",
		replace: "open < 0",
		tests:   tests{pkg: "internal/pg", run: "TestSettle"},
	},
	{
		name:    "a replay settles what fails again",
		file:    "internal/pg/settle.go",
		find:    "return again[o] })",
		replace: "return again[o] && false })",
		tests:   tests{pkg: "internal/pg", run: "TestSettle"},
	},
	{
		name:    "a moved event is deleted though it was refused",
		file:    "internal/pg/move.go",
		find:    "return stays[item.Origin] })",
		replace: "return stays[item.Origin] && false })",
		tests:   tests{pkg: "internal/replay", run: "TestGenericThatStays"},
	},
	{
		name:    "networks are not locked",
		file:    "internal/pg/writer.go",
		find:    "lockNetworks(ctx, tx, seen); err",
		replace: "ctx.Err(); err",
		tests:   tests{pkg: "internal/pg", run: "TestWriterLocksNetworks", within: 30 * time.Second},
	},
	{
		name:    "final blocks forget competing hashes",
		file:    "gen/db/core.sql.go",
		find:    "HAVING count(*) > 1",
		replace: "HAVING count(*) > 2",
		tests:   tests{pkg: "internal/pg", run: "TestBlocks"},
	},
	// Indexes.
	{
		name:    "an invalid index is not built again",
		file:    "internal/migrate/index.go",
		find:    "if x.state == indexInvalid {",
		replace: "if x.state == indexBuilding {",
		tests:   tests{pkg: "internal/migrate", run: "TestBuildIndexes/drops invalid leftovers and builds them again"},
	},
	{
		name:    "one index that cannot be built keeps others from being built",
		file:    "internal/migrate/index.go",
		find:    "if ctx.Err() != nil || isOfServer(err) {",
		replace: "if err != nil {",
		tests:   tests{pkg: "internal/migrate", run: "TestBuildIndexes/goes on to the next index where one cannot be built"},
	},
	{
		name:    "several instances build at once",
		file:    "internal/migrate/index.go",
		find:    "s.lock(ctx, indexLock)",
		replace: "ctx.Err()",
		tests:   tests{pkg: "internal/migrate", run: "TestBuildIndexes/builds once where three instances do"},
	},
	{
		name:    "write full batches to a server that is too slow for them",
		file:    "internal/ingest/pace.go",
		find:    "p.most = max(1, messages/2)",
		replace: "p.most = max(1, messages/2) * 0",
		tests:   tests{pkg: "internal/ingest", run: "TestPace", within: 10 * time.Second},
	},
	{
		name:    "die of a panic in a decoder",
		file:    "internal/ingest/decide.go",
		find:    "		cause := recover()",
		replace: "		var cause any",
		tests:   tests{pkg: "internal/ingest", run: "TestPanic"},
	},
	{
		name:    "keep what was decided of a message before the panic",
		file:    "internal/ingest/decide.go",
		find:    "b.Items, b.DeadLetters, b.Reorgs = b.Items[:items], b.DeadLetters[:letters], b.Reorgs[:reorgs]",
		replace: "_, _, _, _ = b, items, letters, reorgs",
		tests:   tests{pkg: "internal/ingest", run: "TestPanic"},
	},
	{
		name:    "leave a frozen transaction open",
		file:    "internal/pg/pool.go",
		find:    "SET idle_in_transaction_session_timeout = '30s'",
		replace: "SET idle_in_transaction_session_timeout = 0",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestFrozen/after", within: 3 * time.Minute},
	},
	{
		name:    "take a server that has lost something for the one that it was",
		file:    "internal/watermark/keeper.go",
		find:    "	if k.known != found.in {",
		replace: "	if false {",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/reads again what another incarnation"},
	},
	{
		name:    "write a watermark into an incarnation that nobody has made up for",
		file:    "internal/pg/progress.go",
		find:    "WHERE ` + incarnation + ` = @incarnation",
		replace: "WHERE ` + incarnation + ` = @incarnation OR true",
		tests:   tests{pkg: "internal/pg", run: "TestIncarnation"},
	},
	{
		name:    "take a copy of the row for the incarnation",
		file:    "internal/pg/progress.go",
		find:    "i.id, i.xmin, i.tableoid, d.oid,",
		replace: "i.id,",
		tests:   tests{pkg: "internal/pg", run: "TestIncarnation"},
	},
	{
		name:    "put the watermark above what is pending",
		file:    "internal/stream/extent.go",
		find:    "return Extent{s.OldestPendingID, s.LastDeliveredID}, nil",
		replace: "return Extent{parseID(s.LastDeliveredID).next().String(), s.LastDeliveredID}, nil",
		tests:   tests{pkg: "internal/stream", run: "TestDelivered"},
	},
	{
		name:    "trim what another group needs",
		file:    "internal/stream/extent.go",
		find:    "if below(position, least) then least",
		replace: "if group['name'] == ARGV[2] and below(position, least) then least",
		tests:   tests{pkg: "internal/stream", run: "TestTrim"},
	},
	{
		name:    "trim what is pending",
		file:    "internal/stream/extent.go",
		find:    "if pending[2] and below(pending[2], position)",
		replace: "if false and below(pending[2], position)",
		tests:   tests{pkg: "internal/stream", run: "TestTrim"},
	},
	{
		name:    "trim below a watermark that a backup may not know",
		file:    "internal/watermark/keeper.go",
		find:    "found.trim = stream.Lower(mark.TrimID, given.LowID)",
		replace: "found.trim = given.LowID",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestTrimming", within: 2 * time.Minute},
	},
	{
		name:    "trim above the watermark",
		file:    "internal/watermark/keeper.go",
		find:    "below := stream.Lower(low, stream.IDAt(now.Add(-k.o.Retention).UnixMilli()))",
		replace: "below := stream.IDAt(now.Add(-k.o.Retention).UnixMilli())",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/trims below a watermark that has stood, and no more"},
	},
	{
		name: "forget what could not be read again",
		file: "internal/watermark/keeper.go",
		find: `	if err != nil {
		return fmt.Errorf("read again from`,
		replace: `	if err != nil {
		k.known = in
		return fmt.Errorf("read again from`,
		tests: tests{pkg: "internal/watermark", run: "TestKeeper/reads again what another incarnation"},
	},
	{
		name:    "trust a watermark that others have moved",
		file:    "internal/watermark/keeper.go",
		find:    `if k.low != "" {`,
		replace: `if k.low != "" && false {`,
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/reads again what it saw written"},
	},
	{
		name:    "take a Redis that is empty for a moment for one that has nothing",
		file:    "internal/watermark/keeper.go",
		find:    `if given.LastID == nothing && mark.LowID != ""`,
		replace: `if false && mark.LowID != ""`,
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/does not take a Redis that is empty"},
	},
	{
		name:    "read a stream that has begun anew from the old watermark",
		file:    "internal/watermark/keeper.go",
		find:    "first = replay.Position{} // the stream",
		replace: "_ = 0 // the stream",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/reads a stream that has begun anew"},
	},
}
