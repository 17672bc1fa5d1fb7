package main

import "time"

// ofPostgres are defects of the PostgreSQL side, the schema included.
var ofPostgres = []mutant{
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
		name:    "leave NULL what a later message knows",
		file:    "internal/event/merge.go",
		find:    "lacking = true",
		replace: "lacking = false",
		tests:   tests{pkg: "internal/pg", run: "^TestWriter$/fills"},
	},
	{
		name:    "read a whole table to merge a batch",
		file:    "gen/db/deposited_events.gen.sql.go",
		find:    "    OFFSET 0\n",
		replace: "",
		tests:   tests{pkg: "internal/pg", run: "TestMergeReadsNoWholeTable"},
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
		find:    "func(item event.Item) bool { return stays[item.Origin] })",
		replace: "func(item event.Item) bool { return stays[item.Origin] && false })",
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
		name:    "leave a frozen transaction open",
		file:    "internal/pg/pool.go",
		find:    "SET idle_in_transaction_session_timeout = '30s'",
		replace: "SET idle_in_transaction_session_timeout = 0",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestFrozen/after", within: 3 * time.Minute},
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
		name:    "leave a frozen process waiting for a lock",
		file:    "internal/pg/writer.go",
		find:    "BEGIN; SET LOCAL statement_timeout = %d",
		replace: "BEGIN; SET LOCAL statement_timeout = 0 -- %d",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestFrozen/while", within: 2 * time.Minute},
	},
	{
		name:    "go on building indexes without a connection",
		file:    "internal/migrate/index.go",
		find:    "if ctx.Err() != nil || isOfServer(err) {",
		replace: "if ctx.Err() != nil {",
		tests:   tests{pkg: "internal/migrate", run: "TestBuildIndexes/no_more_of_them"},
	},
	{
		name:    "keep the row that a crash should take away",
		file:    "schema/core.sql",
		find:    "CREATE UNLOGGED TABLE server_incarnation",
		replace: "CREATE TABLE server_incarnation",
		tests:   tests{pkg: "cmd/redis-postgres-sync", run: "TestForgottenInACrash/of_a_session", within: 3 * time.Minute},
	},
	{
		name:    "trim below a watermark that is younger than the retention is now",
		file:    "internal/pg/progress.go",
		find:    "CASE WHEN now() - (p.trim_at + ` + unseen + `) >= $3 THEN",
		replace: "CASE WHEN $3 >= interval '0' THEN",
		tests:   tests{pkg: "internal/pg", run: "TestWatermarkToTrimBelow"},
	},
	{
		name:    "take a clock that was set ahead for time that has passed",
		file:    "internal/pg/progress.go",
		find:    "AND interval '1 minute' THEN interval '0'",
		replace: "AND interval '1000 days' THEN interval '0'",
		tests:   tests{pkg: "internal/pg", run: "TestWatermarkToTrimBelow"},
	},
	{
		name:    "trim nothing until a clock that was set back has caught up",
		file:    "internal/pg/progress.go",
		find:    "BETWEEN - interval '1 minute' AND",
		replace: "BETWEEN - interval '1000 days' AND",
		tests:   tests{pkg: "internal/pg", run: "TestWatermarkToTrimBelow"},
	},
	{
		name:    "raise a watermark in an incarnation that has lost what was read again",
		file:    "internal/pg/progress.go",
		find:    "AND ` + incarnation + ` = @now",
		replace: "AND @now::text IS NOT NULL",
		tests:   tests{pkg: "internal/watermark", run: "TestKeeper/goes_on"},
	},
	{
		name:    "take a lock for each network",
		file:    "internal/pg/writer.go",
		find:    "hash.Sum64()%networkLocks",
		replace: "hash.Sum64()",
		tests:   tests{pkg: "internal/pg", run: "TestManyNetworks"},
	},
	{
		name:    "take rows that a trigger has left out for written",
		file:    "internal/pg/rows.go",
		find:    "tag.RowsAffected() != int64(len(items))",
		replace: "tag.RowsAffected() < 0",
		tests:   tests{pkg: "internal/pg", run: "TestSuppressedRows"},
	},
	{
		name:    "take rows that a trigger has left out for standing",
		file:    "internal/pg/rows.go",
		find:    "int(merged.Inserted) < len(items)",
		replace: "int(merged.Inserted) > len(items)",
		tests:   tests{pkg: "internal/pg", run: "TestSuppressedRows"},
	},
	{
		name:    "leave an event in generic_events that has its own row",
		file:    "internal/pg/replace.go",
		find:    "if len(ask) == 0 {",
		replace: "if len(ask) >= 0 {",
		tests:   tests{pkg: "internal/pg", run: "TestReplacedGenerics"},
	},
	{
		name:    "take the generic row of another block for an event's own",
		file:    "internal/pg/replace.go",
		find:    "common.BytesToHash(row.BlockHash) != m.BlockHash",
		replace: "false",
		tests:   tests{pkg: "internal/pg", run: "TestReplacedGenerics"},
	},
	{
		name:    "delete the generic row of an event that was refused",
		file:    "internal/pg/replace.go",
		find:    "bool { return stays[item.Origin] })\n\tif len(replaced) == 0",
		replace: "bool { return stays[item.Origin] && false })\n\tif len(replaced) == 0",
		tests:   tests{pkg: "internal/pg", run: "TestReplacedGenerics"},
	},
	{
		name:    "do not look whether a table is unlogged",
		file:    "internal/migrate/ready.go",
		find:    "if t.unlogged() && logged[t.name] {",
		replace: "if t.unlogged() && logged[t.name] && false {",
		tests:   tests{pkg: "internal/migrate", run: "TestReady/notices_a_table_that_a_crash"},
	},
}
