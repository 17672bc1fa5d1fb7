package preflight

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func database(t *testing.T, databaseURL string) Database {
	t.Helper()
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return Database{Config: config, Connections: 3, Migrates: true, Tables: []Table{
		{"transfers", []string{"SELECT", "INSERT", "UPDATE"}},
		{"letters", []string{"SELECT", "DELETE"}},
		{"not_there_yet", []string{"SELECT"}},
	}}
}

func lookAt(t *testing.T, d Database) []Finding {
	t.Helper()
	found := Postgres(t.Context(), d)
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), d.Config.Password) || strings.Contains(string(text), secret) {
		t.Errorf("the password is in the findings: %s", text)
	}
	return found
}

func execute(t *testing.T, databaseURL string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range statements {
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// asRole makes a role and returns its name, and the URL with it.
func asRole(t *testing.T, databaseURL string) (name, roleURL string) {
	t.Helper()
	name = "test_" + strings.ToLower(rand.Text())
	execute(t, databaseURL, "CREATE ROLE "+name+" LOGIN PASSWORD '"+secret+"'")
	t.Cleanup(func() { execute(t, databaseURL, "DROP OWNED BY "+name, "DROP ROLE "+name) })
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, secret)
	return name, u.String()
}

// The servers of testenv are not durable.
var throwaway = []problem{
	{Warning, "fsync", "can destroy the database"},
	{Warning, "full_page_writes", "torn pages"},
	{Warning, "synchronous_commit", "a crash loses what was committed"},
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	d := database(t, testenv.Database(t))
	found := lookAt(t, d)
	wantProblems(t, found, throwaway...)
	wantOK(t, found, "PostgreSQL ", "server")
	wantOK(t, found, "primary", "writable")
	wantOK(t, found, "UTF8", "encoding")
	wantOK(t, found, "may make schemas, tables and temporary tables", "privileges")
	wantOK(t, found, "the service opens up to 3", "connections")
	wantOK(t, found, "none of the 3 is there yet", "tables")

	d.Migrates = false
	wantOK(t, lookAt(t, d), "may make temporary tables", "privileges")
	d.Connections = 1_000_000
	wantProblems(t, lookAt(t, d), append(throwaway, problem{Failure, "connections", "opens up to 1000000"})...)
}

func TestPostgresPrivileges(t *testing.T) {
	t.Parallel()
	owner := testenv.Database(t)
	execute(t, owner, "CREATE TABLE transfers (n int)", "CREATE TABLE letters (n int)",
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC",
		"DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$")
	name, roleURL := asRole(t, owner)
	execute(t, owner, "GRANT SELECT ON transfers, letters TO "+name, "GRANT INSERT ON transfers TO "+name)
	d := database(t, roleURL)
	lacks := []problem{
		{Failure, "TEMPORARY", "may not make temporary tables"},
		{Failure, "tables", "the role lacks DELETE on letters, UPDATE on transfers"},
	}
	wantProblems(t, lookAt(t, d), append(append(lacks, throwaway...),
		problem{Failure, "CREATE on database", "may not make the schemas"},
		problem{Failure, "CREATE on schema", "may not make tables in schema public"})...)
	d.Migrates = false
	wantProblems(t, lookAt(t, d), append(lacks, throwaway...)...)

	execute(t, owner, "GRANT ALL ON transfers, letters TO "+name, "GRANT ALL ON SCHEMA public TO "+name,
		"DO $$ BEGIN EXECUTE format('GRANT ALL ON DATABASE %I TO "+name+"', current_database()); END $$")
	d.Migrates = true
	found := lookAt(t, d)
	wantProblems(t, found, throwaway...)
	wantOK(t, found, "the 2 tables that are there", "tables")
	wantOK(t, found, "role "+name, "privileges")
}

func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	plain := testenv.Database(t)
	with := func(option string) string {
		separator := "?"
		if strings.Contains(plain, "?") {
			separator = "&"
		}
		return plain + separator + option
	}
	found := lookAt(t, database(t, with("default_transaction_read_only=on")))
	wantProblems(t, found, append(throwaway, problem{Failure, "writable", "default_transaction_read_only is on"})...)

	found = lookAt(t, database(t, with("synchronous_commit=on")))
	wantProblems(t, found, throwaway[:2]...)

	nowhere := database(t, with("search_path=nowhere"))
	wantProblems(t, lookAt(t, nowhere), throwaway...)
	nowhere.Migrates = false
	wantProblems(t, lookAt(t, nowhere), append(throwaway,
		problem{Failure, "schema", "search_path is nowhere, and no schema in it exists"})...)

	name := "test_" + strings.ToLower(rand.Text())
	execute(t, plain, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
	t.Cleanup(func() { execute(t, plain, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(plain)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	wantProblems(t, lookAt(t, database(t, u.String())), append(throwaway, problem{Failure, "encoding", "SQL_ASCII"})...)
}

func TestPostgresAway(t *testing.T) {
	t.Parallel()
	here := testenv.Database(t)
	u, err := url.Parse(here)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change     func(*url.URL)
		part, hint string
	}{
		{func(u *url.URL) { u.Host = "127.0.0.1:1" }, "refused", "start PostgreSQL"},
		{func(u *url.URL) { u.Path = "/nowhere" }, "nowhere", "CREATE DATABASE"},
		{func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret) }, "28P01", "user and password"},
		{func(u *url.URL) { u.RawQuery = "no_such_setting=1" }, "no_such_setting", "take from DATABASE_URL"},
	} {
		changed := *u
		c.change(&changed)
		found := lookAt(t, database(t, changed.String()))
		wantProblems(t, found, problem{Failure, "server", c.part})
		if !strings.Contains(found[0].Hint, c.hint) || strings.Contains(found[0].Detail, "\n") {
			t.Errorf("%s: %+v", c.part, found[0])
		}
	}
}

// TestPostgresServers has the servers that cannot be had here.
func TestPostgresServers(t *testing.T) {
	t.Parallel()
	good := facts{VersionNum: 14_00_00, Version: "14.0", ReadOnly: "off", Encoding: "UTF8", Fsync: "on", FullPageWrites: "on",
		SynchronousCommit: "remote_apply"}
	wantProblems(t, good.server())
	wantProblems(t, good.durability())
	wantOK(t, good.durability(), "synchronous_commit is remote_apply", "durability")
	old, standby := good, good
	old.VersionNum, old.Version = 13_00_14, "13.14"
	wantProblems(t, old.server(), problem{Failure, "server", "PostgreSQL 13.14 is too old"})
	standby.Recovery, standby.ReadOnly = true, "off"
	wantProblems(t, standby.server(), problem{Failure, "writable", "the server is a standby"})
}

func TestPostgresConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		allowed, role, database, others int
		want                            Verdict
		part                            string
	}{
		{97, -1, -1, 5, OK, "97 are allowed, others hold 5"},
		{97, 12, 12, 85, OK, ""},
		{97, -1, -1, 86, Warning, "others hold 86"},
		{11, -1, -1, 0, Failure, "max_connections"},
		{97, 11, -1, 0, Failure, "the role's limit is 11"},
		{97, -1, 0, 0, Failure, "the database's limit is 0"},
	} {
		f := Database{Connections: 12}.judgeConnections(c.allowed, c.role, c.database, c.others)
		if f.Verdict != c.want || !strings.Contains(f.Detail, c.part) {
			t.Errorf("%+v: %+v", c, f)
		}
	}
}

// The service's own connections are no others, or a check beside a running service would count them twice.
func TestPostgresCountsOthers(t *testing.T) {
	t.Parallel()
	server := testenv.OwnPostgres(t)
	hold := func(name string) {
		config, err := pgx.ParseConfig(server.URL())
		if err != nil {
			t.Fatal(err)
		}
		config.RuntimeParams["application_name"] = name
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
	}
	d := database(t, server.URL())
	hold(program)
	check, err := d.connect(t.Context()) // of another check, which runs at the same time or is about to end
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check.Close(context.Background()) })
	wantOK(t, lookAt(t, d), "others hold 0", "connections")
	hold("another")
	hold("")
	wantOK(t, lookAt(t, d), "others hold 2", "connections")
}

func TestWorst(t *testing.T) {
	t.Parallel()
	all := []Finding{{Verdict: OK}, {Verdict: Warning}, {Verdict: Failure}}
	for n, want := range []Verdict{OK, OK, Warning, Failure} {
		if got := Worst(all[:n]); got != want {
			t.Errorf("%d findings: %s", n, got)
		}
	}
}
