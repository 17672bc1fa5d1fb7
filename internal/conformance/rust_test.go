package conformance_test

import (
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// rustPage moves rows from tables in schema public to tables in schema chain.
const rustPage = "docs/from-rust.md"

// TestFromRust does with a database of the Rust service what the page says, by the statements of the page itself, and
// wants what a service writes that has read the streams alone.
func TestFromRust(t *testing.T) {
	t.Parallel()
	workspace := copyProject(t)
	binary := workspace.build(t)
	files := workspace.files(t)
	c := readCatalog(t, files)
	entries := rustEntries(t, "insertion-order/multivault")

	t.Run("rows move, and the service then reads the streams", func(t *testing.T) {
		t.Parallel()
		m := newMove(t, binary, files, entries)
		m.prepare(t)
		if unreadable := m.rows(t, "check"); len(unreadable) != 0 {
			t.Errorf("the check finds %q", unreadable)
		}
		m.run(t, "move")
		m.wantAllSame(t)
		m.wantCreatedAtKept(t)
		tables := m.db.tables(t)
		moved := m.db.digests(t, tables)
		m.run(t, "move")
		unchanged(t, "when the rows were moved twice", moved, m.db.digests(t, tables))

		m.tool(t, "replay", "--generic")
		want := expect(t, entries, nil, c, tables).rows
		compareRows(t, m.old.knownTo(want), m.db.contents(t, tables))

		v := startService(t, binary, m.db.url, m.streams)
		m.streams.settle(t, v)
		m.settle(t)
		v.stop(t)
		m.run(t, "helpers")
		m.run(t, "old tables")
		m.wantAllRun(t)
		compareRows(t, want, m.db.contents(t, tables))
		compareLetters(t, nil, m.db.letters(t))
	})
	t.Run("rows move beside the service that reads the streams", func(t *testing.T) {
		t.Parallel()
		entries := rustEntries(t, "multivault")
		m := newMove(t, binary, files, entries)
		m.prepare(t)
		v := startService(t, binary, m.db.url, m.streams)
		testenv.Eventually(t, settleTimeout, func() error {
			if m.count(t, "deposited_events") == 0 {
				return errors.New("the service has not written a deposit")
			}
			return nil
		})
		m.run(t, "move")
		m.streams.settle(t, v)
		m.settle(t)
		v.stop(t)
		tables := m.db.tables(t)
		compareRows(t, expect(t, entries, nil, c, tables).rows, m.db.contents(t, tables))
		compareLetters(t, nil, m.db.letters(t))
	})
	t.Run("rows that the service has read are left as they are", func(t *testing.T) {
		t.Parallel()
		m := newMove(t, binary, files, entries)
		v := startService(t, binary, m.db.url, m.streams)
		m.streams.settle(t, v)
		v.stop(t)
		tables := m.db.tables(t)
		read := m.db.digests(t, tables)
		m.run(t, "prepare")
		m.settle(t)
		unchanged(t, "when rows of the Rust service were moved", read, m.db.digests(t, tables))
	})
	t.Run("rows of the first build move", func(t *testing.T) {
		t.Parallel()
		m := newMove(t, binary, files, entries)
		m.exec(t, `DELETE FROM public.atom_created_events WHERE atom_data IS NULL;
			ALTER TABLE public.atom_created_events DROP COLUMN raw_data;
			ALTER TABLE public.triple_created_events DROP COLUMN counter_term_id`)
		m.prepare(t)
		m.run(t, "move")
		m.wantAllSame(t)
	})
	t.Run("a value that cannot be read is listed, and keeps its table from moving", func(t *testing.T) {
		t.Parallel()
		m := newMove(t, binary, files, entries)
		m.prepare(t)
		m.testUnreadable(t)
		m.testNumbers(t)
	})
	t.Run("a row of a block that was replaced gives way", func(t *testing.T) {
		t.Parallel()
		newMove(t, binary, files, entries).testReplaced(t)
	})
	t.Run("the commands of the page exist", func(t *testing.T) {
		t.Parallel()
		testPageCommands(t, binary, files)
	})
}

// rustEntries has events with tables in both services, with one only here, and with none.
func rustEntries(t *testing.T, multivault string) []recording.Entry {
	t.Helper()
	both, _ := readRecording(t, multivault, false)
	here, _ := readRecording(t, "multivault-other", false)
	none, _ := readRecording(t, "tokens", false)
	return slices.Concat(both, here, slices.DeleteFunc(none, func(e recording.Entry) bool { return e.Stream != "native" }))
}

// move is a database that the Rust service has filled from streams, to be moved into schema chain.
type move struct {
	binary  string
	blocks  map[string]string // the page's SQL, by the comment in the first line of each block
	ran     map[string]bool
	db      *database
	streams *streams
	old     *rust
}

var sqlBlock = regexp.MustCompile("(?ms)^```sql\n-- ([^\n]+)\n(.*?)^```$")

func newMove(t *testing.T, binary string, files map[string]string, entries []recording.Entry) *move {
	t.Helper()
	u, err := url.Parse(testenv.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", "chain")
	u.RawQuery = query.Encode()
	m := &move{
		binary: binary, blocks: map[string]string{}, ran: map[string]bool{},
		db: openDatabase(t, u.String()), streams: newStreams(t, entries), old: newRust(t, entries),
	}
	for _, block := range sqlBlock.FindAllStringSubmatch(files[rustPage], -1) {
		m.blocks[block[1]] = block[2]
	}
	if want := strings.Count(files[rustPage], "```sql"); want == 0 || len(m.blocks) != want {
		t.Fatalf("%s has %d blocks of SQL, of which %d have a name of their own", rustPage, want, len(m.blocks))
	}
	m.streams.publish(t, entries)
	m.exec(t, rustTables)
	m.old.copyTo(t, m.db.conn)
	return m
}

// prepare makes the new tables, without a service, and what the page needs.
func (m *move) prepare(t *testing.T) {
	t.Helper()
	m.tool(t, "migrate", "apply")
	m.run(t, "prepare")
}

// tool runs a command of the binary, and wants exit code 0.
func (m *move) tool(t *testing.T, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), m.binary, arguments...)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(),
		"DATABASE_URL="+m.db.url, "REDIS_URL="+m.streams.url, "REDIS_STREAMS="+strings.Join(m.streams.names, ","))
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

func (m *move) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := m.db.conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func (m *move) block(t *testing.T, name string) string {
	t.Helper()
	if m.blocks[name] == "" {
		t.Fatalf("%s has no SQL called %q", rustPage, name)
	}
	m.ran[name] = true
	return m.blocks[name]
}

// run runs all statements of a block.
func (m *move) run(t *testing.T, name string) {
	t.Helper()
	if _, err := m.db.conn.Exec(t.Context(), m.block(t, name)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// rows runs a block of one query. NULL is empty.
func (m *move) rows(t *testing.T, name string) [][]string {
	t.Helper()
	results, err := m.db.conn.PgConn().Exec(t.Context(), m.block(t, name)).ReadAll()
	if err != nil || len(results) != 1 {
		t.Fatalf("%s: %d results, %v", name, len(results), err)
	}
	var lines [][]string
	for _, values := range results[0].Rows {
		line := make([]string, len(values))
		for i, v := range values {
			line[i] = string(v)
		}
		lines = append(lines, line)
	}
	return lines
}

func (m *move) wantAllRun(t *testing.T) {
	t.Helper()
	for name := range m.blocks {
		if !m.ran[name] {
			t.Errorf("the SQL %q of %s was not run", name, rustPage)
		}
	}
}

// settle does what the page wants done when the service has read the streams.
func (m *move) settle(t *testing.T) {
	t.Helper()
	m.run(t, "move")
	m.wantAllSame(t)
	if differences := m.rows(t, "differences"); len(differences) != 0 {
		t.Errorf("%d rows differ, the first is %q", len(differences), differences[0])
	}
	m.tool(t, "replay", "--generic")
}

// wantAllSame wants the comparison to find every old row.
func (m *move) wantAllSame(t *testing.T) {
	t.Helper()
	compared := m.rows(t, "compare")
	for _, line := range compared {
		if table, old, same := line[0], line[1], line[2]; old == "0" || old != same {
			t.Errorf("table %s has %s old rows, of which %s are the same", table, old, same)
		}
	}
	if len(compared) != len(m.old.rows) {
		t.Errorf("%d tables were compared, want %d", len(compared), len(m.old.rows))
	}
}

func (m *move) wantCreatedAtKept(t *testing.T) {
	t.Helper()
	for table, rows := range m.old.rows {
		kept := m.count(t, "from_rust."+table+" JOIN chain."+table+
			" USING (network, block_number, log_index, transaction_hash, created_at)")
		if kept != len(rows) {
			t.Errorf("%d rows of %s have their created_at, want %d", kept, table, len(rows))
		}
	}
}

func (m *move) count(t *testing.T, from string) (n int) {
	t.Helper()
	if err := m.db.conn.QueryRow(t.Context(), "SELECT count(*) FROM "+from).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// testUnreadable spoils a value of a row each.
func (m *move) testUnreadable(t *testing.T) {
	var want [][]string
	for i, bad := range []struct{ table, column, value string }{
		{"atom_created_events", "address", "'0x" + strings.Repeat("0", 38) + "'"},
		{"atom_created_events", "atom_data", "NULL, raw_data = NULL"},
		{"atom_created_events", "term_id", "'" + strings.Repeat("0", 66) + "'"},
		{"atom_created_events", "transaction_hash", `'\x' || transaction_hash`},
		{"deposited_events", "assets", "'1e18'"},
		{"deposited_events", "curve_id", "'0x10'"},
		{"deposited_events", "sender", "''"},
		{"deposited_events", "shares", "'-1'"},
		{"generic_events", "block_hash", "'0xzz'"},
		{"redeemed_events", "fees", "(2::numeric ^ 256)::numeric(78, 0)::text"},
		{"share_price_changed_events", "total_assets", "'0x1' || repeat('0', 64)"},
		{"triple_created_events", "object_id", "' ' || object_id"},
	} {
		line := []string{bad.table, "", "", "", bad.column}
		err := m.db.conn.QueryRow(t.Context(), fmt.Sprintf(`UPDATE public.%[1]s SET %[2]s = %[3]s
			WHERE ctid = (SELECT ctid FROM public.%[1]s ORDER BY block_number, log_index OFFSET %[4]d LIMIT 1)
			RETURNING network, block_number::text, log_index::text`, bad.table, bad.column, bad.value, i),
		).Scan(&line[1], &line[2], &line[3])
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, line)
	}
	got := m.rows(t, "check")
	slices.SortFunc(want, slices.Compare)
	slices.SortFunc(got, slices.Compare)
	if !slices.EqualFunc(want, got, slices.Equal) {
		t.Errorf("the check lists\n%q, want\n%q", got, want)
	}
	statements := strings.SplitAfter(strings.TrimSpace(m.block(t, "move")), "DO NOTHING;")
	for _, statement := range statements[:len(m.old.rows)] {
		table := strings.Fields(statement)[2]
		_, err := m.db.conn.Exec(t.Context(), statement)
		if failure, ok := errors.AsType[*pgconn.PgError](err); !ok || failure.Code != "23502" {
			t.Errorf("moving %s gives %v, want a violation of NOT NULL", table, err)
		}
		if n := m.count(t, table); n != 0 {
			t.Errorf("%d rows of %s were moved", n, table)
		}
	}
}

// testNumbers is about the function that reads amounts.
func (m *move) testNumbers(t *testing.T) {
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)).String()
	odd, _ := new(big.Int).SetString("123456789abcdef0fedcba9876543210deadbeef00000000ffffffff7fffffff", 16)
	for text, want := range map[string]string{
		"0": "0", "0x0": "0", "7": "7", "007": "7", "0xff": "255", "0XFF": "255", "0x00aB": "171",
		largest: largest, "0x" + strings.Repeat("f", 64): largest, strings.Repeat("0", 30) + largest: largest,
		odd.String(): odd.String(), "0x" + odd.Text(16): odd.String(), "0x" + strings.ToUpper(odd.Text(16)): odd.String(),
		"0x1" + strings.Repeat("0", 64): "", strings.TrimSuffix(largest, "5") + "6": "", "1" + largest: "",
		"": "", "0x": "", "ff": "", "-1": "", "1.0": "", "1e3": "", " 1": "", "1\n": "", "0x0x1": "", "٣": "",
	} {
		var got string
		err := m.db.conn.QueryRow(t.Context(), "SELECT COALESCE(from_rust.uint256($1)::text, '')", text).Scan(&got)
		if err != nil || got != want {
			t.Errorf("%q is read as %q, %v, want %q", text, got, err, want)
		}
	}
}

// testReplaced has the old service keep an event of another block than the stream has, and one that it has not.
func (m *move) testReplaced(t *testing.T) {
	m.exec(t, `UPDATE public.deposited_events SET block_hash = repeat('ab', 32)
		WHERE ctid = (SELECT ctid FROM public.deposited_events ORDER BY block_number, log_index LIMIT 1)`)
	m.prepare(t)
	m.run(t, "move")
	v := startService(t, m.binary, m.db.url, m.streams)
	m.streams.settle(t, v)
	v.stop(t)
	const conflicts = "dead_letters WHERE reason_code = 'key_conflict' AND state = 'open'"
	if n := m.count(t, conflicts); n != 1 || len(m.rows(t, "differences")) != 0 {
		t.Errorf("%d conflicts and the differences %q, want 1 and none", n, m.rows(t, "differences"))
	}
	m.exec(t, "DELETE FROM deposited_events WHERE block_hash = decode(repeat('ab', 32), 'hex')")
	m.tool(t, "dlq", "replay", "--reason", "key_conflict")
	m.exec(t, `UPDATE public.deposited_events SET log_index = 1000000
		WHERE ctid = (SELECT ctid FROM public.deposited_events ORDER BY block_number DESC, log_index DESC LIMIT 1)`)
	differences := m.rows(t, "differences")
	if n := m.count(t, conflicts); n != 0 || len(differences) != 2 {
		t.Fatalf("%d conflicts and the differences %q, want none and 2", n, differences)
	}
	for _, d := range differences {
		if isMissing := d[2] == "1000000"; isMissing != (d[4] == "") {
			t.Errorf("log index %s has the new row %q", d[2], d[4])
		}
	}
	for _, line := range m.rows(t, "compare") {
		if differs := line[1] != line[2]; differs != (line[0] == "deposited_events") {
			t.Errorf("table %s has %s old rows, of which %s are the same", line[0], line[1], line[2])
		}
	}
}

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	assignment = regexp.MustCompile(`^[A-Z_]+=`)
)

// testPageCommands wants the binary and make to know the commands of the page, and the files in deploy to be there.
func testPageCommands(t *testing.T, binary string, files map[string]string) {
	var commands []string
	for _, match := range codeSpan.FindAllStringSubmatch(files[rustPage], -1) {
		commands = append(commands, match[1])
	}
	for _, match := range shellBlock.FindAllStringSubmatch(files[rustPage], -1) {
		commands = append(commands, strings.Split(match[1], "\n")...)
	}
	ours := 0
	for _, text := range commands {
		words := slices.DeleteFunc(strings.Fields(text), assignment.MatchString)
		if len(words) == 0 {
			continue
		}
		switch filepath.Base(words[0]) {
		case "make":
			if ours++; !strings.Contains(files["Makefile"], "\n"+words[1]+":") {
				t.Errorf("%s: make has no such target", text)
			}
		case "redis-postgres-sync":
			ours++
			output, err := exec.CommandContext(t.Context(), binary, append(words[1:], "--help")...).CombinedOutput()
			path, _, _ := strings.Cut(strings.Join(append([]string{"redis-postgres-sync"}, words[1:]...), " "), " -")
			if err != nil || !strings.Contains(string(output), "\n  "+path) {
				t.Errorf("%s: %v\n%s", text, err, output)
			}
		}
		for _, word := range words {
			if _, there := files[word]; strings.HasPrefix(word, "deploy/") && !there {
				t.Errorf("%s: there is no %s", text, word)
			}
		}
	}
	if ours < 10 {
		t.Errorf("%s has %d commands of ours", rustPage, ours)
	}
}
