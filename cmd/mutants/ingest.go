package main

import "time"

// ofIngest are defects of what is made of messages, and how they go from one side to the other.
var ofIngest = []mutant{
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
		name:    "take a message of any number of items",
		file:    "internal/rindexer/message.go",
		find:    "if len(m.items) == maxItems {",
		replace: "if false {",
		tests:   tests{pkg: "internal/rindexer", run: "TestParse"},
	},
	{
		name:    "hold messages while PostgreSQL does not answer",
		file:    "internal/ingest/loop.go",
		find:    "\t\tif l.Breaker.answering() {\n\t\t\tif err := l.Source.Hold",
		replace: "\t\tif true {\n\t\t\tif err := l.Source.Hold",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopHolds"},
	},
}
