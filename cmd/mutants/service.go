package main

import "time"

// ofService are defects of what is begun and kept beside the loops.
var ofService = []mutant{
	{
		name:    "a schema that lacks its key bars nobody",
		file:    "cmd/redis-postgres-sync/health.go",
		find:    "s.breaker.Bar(mismatch)",
		replace: "_ = mismatch",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestSchemaDrift/no key", within: 2 * time.Minute},
	},
	{
		name:    "bar nobody when the schema cannot be looked at",
		file:    "cmd/redis-postgres-sync/health.go",
		find:    "} else if s.lacks != nil {",
		replace: "} else if false {",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestNoKeyUnseen", within: 2 * time.Minute},
	},
	{
		name:    "hold later than others claim",
		file:    "cmd/redis-postgres-sync/run.go",
		find:    "cfg.ClaimMinIdle / 3",
		replace: "cfg.ClaimMinIdle * 3",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestHeld", within: 2 * time.Minute},
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
		name:    "a letter seen again is open again",
		file:    "gen/db/core.sql.go",
		find:    "state = CASE d.state WHEN 'open' THEN excluded.state ELSE d.state END",
		replace: "state = excluded.state",
		tests:   tests{pkg: "internal/pg", run: "TestLetterSeenAgain"},
	},
	{
		name:    "final blocks forget competing hashes",
		file:    "gen/db/core.sql.go",
		find:    "HAVING count(*) > 1",
		replace: "HAVING count(*) > 2",
		tests:   tests{pkg: "internal/pg", run: "TestBlocks"},
	},
	{
		name:    "take a server that has lost something for the one that it was",
		file:    "internal/watermark/keeper.go",
		find:    "	if k.known != found.in {",
		replace: "	if false {",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/reads again what another incarnation"},
	},
	{
		name:    "trim below a watermark that a backup may not know",
		file:    "internal/watermark/keeper.go",
		find:    "unbroken, lower(mark.Trim, given.Low)",
		replace: "unbroken, given.Low",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestTrimming", within: 2 * time.Minute},
	},
	{
		name:    "trim above the watermark",
		file:    "internal/watermark/keeper.go",
		find:    "below := lower(low, event.EntryIDAt(now.Add(-k.o.Retention)))",
		replace: "below := event.EntryIDAt(now.Add(-k.o.Retention))",
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
		find:    "low := lower(mark.Low, k.low)",
		replace: "low := mark.Low",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/reads again what it saw written"},
	},
	{
		name:    "take a Redis that is empty for a moment for one that has nothing",
		file:    "internal/watermark/keeper.go",
		find:    `if given.Last == nothing && (`,
		replace: `if false && (`,
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/does not take a Redis that is empty"},
	},
	{
		name:    "read a stream that has begun anew from the old watermark",
		file:    "internal/watermark/keeper.go",
		find:    "mark.Low, mark.Trim = nothing, nothing",
		replace: "mark.Trim = nothing",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/(reads a stream that has begun anew|goes on where somebody)"},
	},
	{
		name:    "go by a watermark above where the group was set back to",
		file:    "internal/watermark/keeper.go",
		find:    "\t\tk.low = nothing\n",
		replace: "",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/reads again from the beginning"},
	},
	{
		name:    "go by whatever watermark stands in an old incarnation",
		file:    "internal/watermark/keeper.go",
		find:    "mark.Incarnation != in && mark.Incarnation == k.lowIn {",
		replace: "mark.Incarnation != in {",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/reads again what it saw written"},
	},
	{
		name:    "go on writing to a server that answers nobody, when told to end",
		file:    "internal/ingest/loop.go",
		find:    "_ = l.Breaker.unwritable(timed)",
		replace: "<-timed.Done()",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopEnds/giving_up_once"},
	},
	{
		name:    "leave unacknowledged what is committed when the time to write ends",
		file:    "internal/ingest/loop.go",
		find:    "context.WithTimeout(context.WithoutCancel(ctx), ackTimeout)",
		replace: "context.WithTimeout(ctx, ackTimeout)",
		tests:   tests{pkg: "internal/ingest", run: "TestLoopEnds/acknowledging"},
	},
	{
		name:    "take back a watermark that somebody has raised",
		file:    "internal/pg/progress.go",
		find:    "(low_id, incarnation) = (@low, @written)",
		replace: "(incarnation, @low) = (@written, @low)",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/goes on where somebody"},
	},
	{
		name:    "leave reading again to others without looking how far they come",
		file:    "internal/watermark/keeper.go",
		find:    `if unbroken && k.known == "" && !k.seen {`,
		replace: `if unbroken && k.known == "" {`,
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/leaves it to another"},
	},
	{
		name:    "read again beside others who are ahead",
		file:    "internal/watermark/keeper.go",
		find:    "if !raised {",
		replace: "if false && !raised {",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/leaves it to another"},
	},
	{
		name:    "never try again to build an index",
		file:    "cmd/redis-postgres-sync/indexes.go",
		find:    "			wait = min(2*wait, indexesLate)",
		replace: "			wait = indexesLate",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestIndexesLater", within: 3 * time.Minute},
	},
	{
		name:    "keep a watermark while nothing should be written",
		file:    "internal/watermark/keeper.go",
		find:    "\terr := k.o.Passable(ctx)\n",
		replace: "\tvar err error\n",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/touches_nothing"},
	},
	{
		name:    "read on while nothing should be written any more",
		file:    "internal/watermark/keeper.go",
		find:    "func (k *Keeper) passable(ctx context.Context, _ event.EntryID) error { return k.o.Passable(ctx) }",
		replace: "func (k *Keeper) passable(context.Context, event.EntryID) error { return nil }",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/stands_still"},
	},
	{
		name:    "trim a stream that has begun anew by the ids of the one before",
		file:    "internal/watermark/keeper.go",
		find:    "mark.Low, mark.Trim = nothing, nothing",
		replace: "mark.Low = nothing",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/trims nothing of a stream that has begun anew"},
	},
}
