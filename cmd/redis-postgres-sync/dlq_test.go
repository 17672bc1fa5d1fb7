package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// run runs a command to its end, and keeps what it prints apart from what it complains of.
func (s *site) run(args ...string) (code int, out, complaints string) {
	s.Helper()
	p := newCommand(s.T, s.settings(), args...)
	var stdout bytes.Buffer
	p.command.Stdout = &stdout
	p.start(s.T)
	code = p.wait()
	return code, stdout.String(), p.output()
}

// wantRun runs a command and compares its exit code and parts of what it prints.
func (s *site) wantRun(want int, parts []string, args ...string) {
	s.Helper()
	code, out, complaints := s.run(args...)
	expect(s.T, want, code, out+complaints, parts...)
}

// asJSON runs a command with --json and decodes what it prints.
func (s *site) asJSON(want int, into any, args ...string) {
	s.Helper()
	code, out, complaints := s.run(append(args, "--json")...)
	if code != want {
		s.Errorf("exit code %d, want %d\n%s%s", code, want, out, complaints)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		s.Fatalf("%v\n%s", err, out)
	}
}

// addEntry adds an entry, and returns its id.
func (s *site) addEntry(field, value string) string {
	s.Helper()
	id, err := s.client.XAdd(s.Context(), &redis.XAddArgs{Stream: s.key, Values: []string{field, value}}).Result()
	if err != nil {
		s.Fatal(err)
	}
	return id
}

func depositedMessage(items ...string) string {
	return `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 +
		`","network":"intuition","event_data":[` + strings.Join(items, ",") + `]}`
}

// serve runs the service until there are so many rows and letters.
func (s *site) serve(rows, letters int) {
	s.Helper()
	p := startService(s.T, s.settings()...)
	testenv.Eventually(s, time.Minute, func() error {
		r, l := s.number("SELECT count(*) FROM deposited_events"), s.number("SELECT count(*) FROM dead_letters")
		if r < rows || l < letters {
			return fmt.Errorf("%d rows and %d dead letters", r, l)
		}
		return nil
	})
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != exitDone {
		s.Fatalf("exit code %d\n%s", code, p.output())
	}
}

const refuseSome = "ALTER TABLE deposited_events ADD CONSTRAINT few CHECK (vault_type <> 1)"

// nasty is what must not reach a terminal, in a payload that is not JSON.
const nasty = "{\"\x1b[31m\u202eevil\u2066\u009b1m\x07\r\n\xff\x00"

// TestDeadLetters is an operator's way from a dead letter to its row.
func TestDeadLetters(t *testing.T) {
	s := newSite(t)
	s.exec(refuseSome)
	first := s.addEntry("payload", depositedMessage(deposit{0}.json(), deposit{1}.json(), deposit{2}.json(), deposit{4}.json()))
	bad := s.addEntry("payload", nasty)
	bare := s.addEntry("other", "x")
	s.serve(2, 4)
	name := func(id string, index int) string { return fmt.Sprintf("%s/%s/%d", s.key, id, index) }

	s.wantRun(exitDone, []string{
		"LETTER", "LAST SEEN", name(first, 1), name(first, 3), name(bad, -1), name(bare, -1), "Deposited", "intuition", "rejected",
		"4 of 4 dead letters shown\n", "by reason: rejected 2, not_json 1, payload_missing 1",
	}, "dlq", "list")
	s.wantRun(exitDone, []string{"1 of 2 dead letters shown, 1 more: --limit"}, "dlq", "list", "--reason", "rejected", "--limit", "1")
	s.wantRun(exitDone, []string{"no dead letters of this choice"}, "dlq", "list", "--state", "replayed")
	s.wantRun(exitDone, []string{"no dead letters of this choice"}, "dlq", "list", "--stream", "none")
	var list struct {
		Letters []struct {
			Letter, Reason, State, Detail string
			SQLState                      string `json:"sqlstate"`
			Attempts                      int
		}
		Total    int
		ByReason map[string]int `json:"by_reason"`
	}
	s.asJSON(exitDone, &list, "dlq", "list", "--event", "Deposited", "--state", "all", "--limit", "1")
	if len(list.Letters) != 1 || list.Total != 2 || list.ByReason["rejected"] != 2 {
		t.Fatalf("got %+v", list)
	}
	l := list.Letters[0]
	if !strings.HasPrefix(l.Letter, s.key+"/"+first+"/") || l.Reason != "rejected" || l.SQLState != "23514" || l.State != "open" ||
		l.Attempts != 1 || !strings.Contains(l.Detail, "few") {
		t.Errorf("got %+v", l)
	}

	s.wantRun(exitDone, []string{`"vaultType":1`, "23514", "topic0", depositedTopic0, "0x", "attempts", "first seen"}, "dlq", "show", l.Letter)
	s.wantShown(name(bad, -1))

	// The cause stands.
	s.wantRun(exitFailed, []string{"replayed", "still open", "rejected", "2 dead letters still open; hint: redis-postgres-sync dlq list"},
		"dlq", "replay", "--reason", "rejected")
	// It is mended.
	s.exec("ALTER TABLE deposited_events DROP CONSTRAINT few")
	s.wantRun(exitDone, []string{"replayed                 1\n", "rows inserted            1\n"}, "dlq", "replay", name(first, 1))
	var done struct {
		Replayed, Written, Inserted, Duplicates int
		Open                                    map[string]int
		PassedOver                              []struct{ Letter, State string } `json:"passed_over"`
	}
	s.asJSON(exitFailed, &done, "dlq", "replay", "--all")
	if done.Replayed != 1 || done.Inserted != 1 || len(done.Open) != 2 || done.Open["not_json"] != 1 || done.Open["payload_missing"] != 1 {
		t.Errorf("got %+v", done)
	}
	compareLedgerOf(s, 0, 1, 2, 4)
	s.asJSON(exitDone, &done, "dlq", "replay", name(first, 1))
	if done.Replayed != 0 || len(done.PassedOver) != 1 || done.PassedOver[0].State != "replayed" {
		t.Errorf("got %+v", done)
	}

	s.wantRun(exitFailed, []string{"without a payload", "dlq discard --reason payload_missing --all"}, "dlq", "replay", name(bare, -1))
	s.wantRun(exitUsage, []string{"--all"}, "dlq", "discard", "--reason", "payload_missing")
	s.wantRun(exitDone, []string{"1 dead letter discarded"}, "dlq", "discard", "--reason", "payload_missing", "--all")
	s.wantRun(exitDone, []string{"is replayed, and stays so", "1 dead letter discarded"}, "dlq", "discard", name(first, 1), name(bad, -1))
	s.wantRun(exitFailed, []string{"is discarded", "discarded letters are not replayed"}, "dlq", "replay", name(bad, -1))
	s.wantRun(exitDone, []string{"0 dead letters discarded"}, "dlq", "discard", "--all")
	s.wantRun(exitDone, []string{"2 of 2 dead letters shown"}, "dlq", "list", "--state", "discarded")
	if n := s.number("SELECT count(*) FROM dead_letters"); n != 4 {
		t.Errorf("%d dead letters in the table, want 4", n)
	}
}

// wantShown: the nasty payload is shown in every form, and only --raw writes what could control a terminal.
func (s *site) wantShown(name string) {
	s.Helper()
	code, out, _ := s.run("dlq", "show", name)
	expect(s.T, exitDone, code, out, `{"\x1b[31m\u202eevil\u2066\u009b1m\a\r\n\xff\x00`, "not_json", "-1 (the whole message)")
	harmless(s.T, out)
	code, out, _ = s.run("dlq", "show", name, "--json")
	expect(s.T, exitDone, code, out)
	harmless(s.T, out)
	var shown struct {
		Payload *string
		Base64  []byte `json:"payload_base64"`
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.Payload != nil || string(shown.Base64) != nasty {
		s.Errorf("%v: %s", err, out)
	}
	if code, out, _ = s.run("dlq", "show", name, "--raw"); code != exitDone || out != nasty {
		s.Errorf("exit code %d, %q", code, out)
	}
	_, out, _ = s.run("dlq", "list")
	harmless(s.T, out)
}

// harmless fails where text could do more to a terminal than to appear.
func harmless(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar) {
			t.Errorf("%U is in the output: %q", r, text)
			return
		}
	}
}

// compareLedgerOf holds the table against these events of the ledger.
func compareLedgerOf(s *site, events ...int) {
	s.Helper()
	for _, n := range events {
		d := deposit{n}
		if s.number(fmt.Sprintf("SELECT count(*) FROM deposited_events WHERE block_number = %d AND log_index = %d AND assets = %s",
			d.block(), d.logIndex(), d.assets())) != 1 {
			s.Errorf("event %d is not there, or not as it should be", n)
		}
	}
	if n := s.number("SELECT count(*) FROM deposited_events"); n != len(events) {
		s.Errorf("%d rows, want %d", n, len(events))
	}
}

// TestTextOfStrangersIsHarmless: names and details come from messages.
func TestTextOfStrangersIsHarmless(t *testing.T) {
	s := newSite(t)
	s.exec(`INSERT INTO dead_letters (stream, message_id, event_index, event_name, network, reason_code, detail, payload)
		SELECT E'it\'s $(a) \u202e', '1-' || i, 0, E'\u001b[2J' || repeat(E'\u202e', i), E'\u009b', 'rejected', repeat(E'\r', i), ''
		FROM generate_series(1, 100, 9) AS i`)
	for _, args := range [][]string{{"dlq", "list"}, {"dlq", "list", "--json"}} {
		code, out, _ := s.run(args...)
		expect(t, exitDone, code, out)
		harmless(t, out)
	}
	code, out, _ := s.run("dlq", "list", "--limit", "1")
	expect(t, exitDone, code, out, `'it'\''s $(a) \u202e/1-`)
	// The name is taken as it is.
	code, out, complaints := s.run("dlq", "show", "it's $(a) \u202e/1-10/0")
	expect(t, exitDone, code, out+complaints, `\x1b[2J`)
	harmless(t, out)
}

func TestDeadLettersWrongUse(t *testing.T) {
	s := newSite(t)
	letter := s.key + "/1-0/0"
	for _, args := range [][]string{
		{"dlq", "list", "--state", "closed"}, {"dlq", "list", "--reason", "bad_luck"}, {"dlq", "list", "--limit", "0"},
		{"dlq", "list", "--limit", "10001"}, {"dlq", "show"}, {"dlq", "show", letter, letter}, {"dlq", "show", letter, "--raw", "--json"},
		{"dlq", "show", "1-0/0"}, {"dlq", "show", s.key + "/1-0"}, {"dlq", "show", s.key + "/1-0/-2"}, {"dlq", "show", s.key + "/1-0/x"},
		{"dlq", "show", "/1-0/0"}, {"dlq", "show", s.key + "/now/0"}, {"dlq", "show", s.key + "/1-0/99999999999"},
		{"dlq", "replay"}, {"dlq", "replay", "--all", letter}, {"dlq", "replay", "--stream", s.key, letter},
		{"dlq", "replay", "--reason", "none"}, {"dlq", "replay", "nonsense"},
		{"dlq", "discard"}, {"dlq", "discard", "--all", letter}, {"dlq", "discard", "--event", "Deposited"},
	} {
		code, output := command(t, s.settings(), args...)
		expect(t, exitUsage, code, output, "; hint: ")
	}
	secret := "postgres://u:" + canary + "@h/db"
	for _, args := range [][]string{{"dlq", "show", secret}, {"dlq", "replay", secret}, {"dlq", "list", "--reason", secret}} {
		code, output := command(t, s.settings(), args...)
		expect(t, exitUsage, code, output, "; hint: ")
		noPassword(t, output)
	}
	for _, args := range [][]string{{"dlq", "show", letter}, {"dlq", "replay", letter}, {"dlq", "discard", letter}} {
		code, output := command(t, s.settings(), args...)
		expect(t, exitFailed, code, output, "there is no dead letter", "; hint: ")
	}
}

// TestDeadLettersWithoutDatabase: what is wrong, and what to do about it.
func TestDeadLettersWithoutDatabase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ url, part string }{
		"no server": {"postgres://user@127.0.0.1:1/db", "run it again"},
		"no tables": {testenv.Database(t), "redis-postgres-sync check"},
	} {
		for _, args := range [][]string{{"dlq", "list"}, {"dlq", "replay", "--all"}, {"dlq", "discard", "--all"}, {"replay", "--generic"}} {
			t.Run(name+" "+strings.Join(args, " "), func(t *testing.T) {
				t.Parallel()
				code, output := command(t, []string{"DATABASE_URL=" + c.url}, args...)
				expect(t, exitFailed, code, output, "; hint: ", c.part)
			})
		}
	}
}

// ledger writes so many events of the ledger as dead letters, in the database alone, and returns their messages.
func (s *site) ledger(letters int) (messages []event.Message) {
	s.Helper()
	pool, err := pg.Connect(s.Context(), s.database, 1)
	if err != nil {
		s.Fatal(err)
	}
	defer pool.Close()
	writer := pg.NewWriter(pool, pg.Options{Finality: func(int64) int64 { return 1000 }, MaxRefusals: 1})
	for n := 0; n < letters; n += 10 {
		items := make([]string, 10)
		for i := range items {
			items[i] = deposit{n + i}.json()
		}
		messages = append(messages, event.Message{
			Stream: s.key, ID: fmt.Sprintf("%d-0", 1_700_000_000_000+n), HasPayload: true, Payload: depositedMessage(items...),
		})
	}
	var refused event.Batch
	for _, item := range ingest.NewDecider(events.Catalog, 1<<20).Decide(messages).Items {
		refused.DeadLetters = append(refused.DeadLetters, item.Letter(event.ReasonRejected, "by a constraint that is gone"))
	}
	if _, err := writer.Write(s.Context(), &refused); err != nil {
		s.Fatal(err)
	}
	if n := s.number("SELECT count(*) FROM dead_letters WHERE state = 'open'"); n != letters {
		s.Fatalf("%d dead letters, want %d", n, letters)
	}
	return messages
}

// TestReplayIsKilled: a replay that is killed outright has replayed some letters, and another one replays the rest. The
// service is given the same entries meanwhile.
func TestReplayIsKilled(t *testing.T) {
	s := newSite(t)
	const letters = 10_000
	for _, m := range s.ledger(letters) {
		if err := s.client.XAdd(t.Context(), &redis.XAddArgs{Stream: s.key, ID: m.ID, Values: []string{"payload", m.Payload}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	replayed := func() int { return s.number("SELECT count(*) FROM dead_letters WHERE state = 'replayed'") }
	p := startCommand(t, s.settings(), "dlq", "replay", "--all")
	testenv.Eventually(t, time.Minute, func() error {
		if replayed() == 0 {
			return fmt.Errorf("none replayed yet\n%s", p.output())
		}
		return nil
	})
	p.signal(syscall.SIGKILL)
	p.wait()
	some := replayed()
	if some == letters {
		t.Fatal("the kill came after the end")
	}
	t.Logf("killed at %d of %d", some, letters)
	service := startService(t, s.settings()...)
	var done struct{ Replayed, Inserted, Duplicates int }
	s.asJSON(exitDone, &done, "dlq", "replay", "--all")
	if done.Replayed != letters-some || done.Inserted+done.Duplicates != done.Replayed {
		t.Errorf("got %+v after %d", done, some)
	}
	awaitNonePendingIn(t, s.client, s.key, s.group)
	service.signal(syscall.SIGTERM)
	expect(t, exitDone, service.wait(), service.output())
	if n := replayed(); n != letters {
		t.Errorf("%d letters replayed, want %d", n, letters)
	}
	if n := s.number("SELECT count(*) FROM (SELECT DISTINCT block_number, log_index FROM deposited_events) AS d"); n != letters {
		t.Errorf("%d events have rows, want %d", n, letters)
	}
	if n := s.number("SELECT count(*) FROM deposited_events"); n != letters {
		t.Errorf("%d rows, want %d", n, letters)
	}
}
