package migrate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
)

func TestReadProject(t *testing.T) {
	const path = "../../atlas.hcl"
	t.Setenv("DATABASE_URL", "postgres://localhost/app")
	t.Setenv("DEV_DATABASE_URL", "")
	p, err := migrate.ReadProject(path, "local")
	if err != nil {
		t.Fatal(err)
	}
	want := migrate.Project{
		Env: "local", Src: "file://schema", Dir: filepath.Join("..", "..", "schema"),
		URL: "postgres://localhost/app", Dev: "docker://postgres/16/dev",
	}
	if p != want {
		t.Errorf("project\n got %+v\nwant %+v", p, want)
	}
	t.Setenv("DEV_DATABASE_URL", "postgres://localhost/dev")
	if p, err = migrate.ReadProject(path, "local"); err != nil || p.Dev != "postgres://localhost/dev" {
		t.Errorf("dev is %q, %v", p.Dev, err)
	}
	_, err = migrate.ReadProject(path, "staging")
	wantError(t, err, "atlas.hcl", "staging")
	_, err = migrate.ReadProject("missing.hcl", "local")
	wantError(t, err, "missing.hcl")

	odd := filepath.Join(t.TempDir(), "atlas.hcl")
	if err := os.WriteFile(odd, []byte(`env "local" { src = "schema.hcl" }`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = migrate.ReadProject(odd, "local")
	wantError(t, err, "hint: src")
}

func TestNew(t *testing.T) {
	t.Parallel()
	const server = "postgres://localhost/app"

	t.Run("refuses what the files must not hold", func(t *testing.T) {
		t.Parallel()
		tests := []struct{ sql, want string }{
			{"CREATE TABLE public.x (a int);", `x.sql:1: statement "CREATE TABLE public.x (a int)" is not for here`},
			{"\n\nCREATE TABLE IF NOT EXISTS x (a int);", "x.sql:3"},
			{"CREATE VIEW x AS SELECT 1;", "not for here"},
			{"CREATE TABLE x (a int); CREATE INDEX ON x (a);", "CREATE INDEX with a name"},
			{"CREATE INDEX i ON y (a);", "index i is on table y"},
			{"COMMENT ON COLUMN y.a IS 'b';", "comment on table y"},
			{"COMMENT ON INDEX i IS 'b';", "comment on index i"},
			{"CREATE TABLE schema_state (a int);", "table schema_state is in core.sql already"},
			{"CREATE TABLE x (a int); CREATE INDEX i ON x (a); CREATE INDEX i ON x (a);", "index i stands on table x already"},
		}
		for _, test := range tests {
			schema := fstest.MapFS{"core.sql": {Data: []byte(core)}, "x.sql": {Data: []byte(test.sql)}}
			_, err := migrate.New(server, schema)
			wantError(t, err, test.want)
		}
		_, err := migrate.New(server, fstest.MapFS{})
		wantError(t, err, "no *.sql")
		_, err = migrate.New(server, fstest.MapFS{"x.sql": {Data: []byte("CREATE TABLE x (a int);")}})
		wantError(t, err, "schema_state", "hint:")
	})

	t.Run("never prints the password", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"", "postgres://u:se/cret@localhost/app", "postgres://u:cret%zz@localhost/app", "postgres://u:cret@localhost:port/app",
			"host=localhost password=cret port=x", "u:cret@localhost", "postgres://u:cret@h/d?sslmode=odd",
		} {
			_, err := migrate.New(url, files(deposited))
			wantError(t, err, "DATABASE_URL", "hint:")
			if strings.Contains(err.Error(), "cret") {
				t.Errorf("%s: %v", url, err)
			}
		}
		m := newMigrator(t, "postgres://u:cret@127.0.0.1:1/app?connect_timeout=2", files(deposited))
		_, err := m.Plan(t.Context())
		wantError(t, err, "connect to PostgreSQL")
		if strings.Contains(err.Error(), "cret") {
			t.Errorf("a failed connection prints it: %v", err)
		}
	})
}
