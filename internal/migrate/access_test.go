package migrate_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// eventually is far above what a condition takes, for a machine with other work.
const eventually = 20 * time.Second

// role creates a login role for this test and returns its name, and the URL with it.
func role(t *testing.T, db string) (name, asRole string) {
	t.Helper()
	name = "test_" + strings.ToLower(rand.Text())
	exec(t, db, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'geheim'", name))
	t.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, db)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, fmt.Sprintf("DROP OWNED BY %s; DROP ROLE %s", name, name)); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(db)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, "geheim")
	return name, u.String()
}

func TestAccess(t *testing.T) {
	t.Parallel()

	t.Run("a role that cannot create a schema is told which GRANT", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		name, asRole := role(t, db)
		_, err := newMigrator(t, asRole, files(deposited)).Apply(t.Context())
		wantError(t, err, name, "hint: GRANT CREATE ON DATABASE")
	})

	t.Run("a role that cannot create tables is told which GRANT", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		exec(t, db, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
		name, asRole := role(t, db)
		grantDatabase(t, db, name)
		_, err := newMigrator(t, asRole, files(deposited)).Apply(t.Context())
		wantError(t, err, "schema public", `GRANT CREATE ON SCHEMA "public" TO "`+name)
	})

	t.Run("a table that the role cannot see is an error, not a plan to create it", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		name, asRole := role(t, db)
		grantDatabase(t, db, name)
		m := newMigrator(t, asRole, files(deposited))
		plan, err := m.Plan(t.Context())
		if plan != nil {
			t.Errorf("plan:\n%s", plan)
		}
		wantError(t, err, "table deposited_events", name, "sees 0 of its 14 columns", "hint: migrate as", "GRANT SELECT ON")

		exec(t, db, "GRANT SELECT ON schema_state TO "+name, "GRANT SELECT (sender) ON deposited_events TO "+name)
		_, err = m.Plan(t.Context())
		wantError(t, err, "table deposited_events", "sees 1 of its 14 columns")

		exec(t, db, "GRANT SELECT ON deposited_events TO "+name)
		wantNothing(t, asRole, files(deposited))
	})

	t.Run("a start with an equal hash needs no more than SELECT on the state", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		name, asRole := role(t, db)
		exec(t, db, "REVOKE ALL ON DATABASE "+query[string](t, db, "SELECT current_database()")+" FROM PUBLIC",
			"GRANT CONNECT ON DATABASE "+query[string](t, db, "SELECT current_database()")+" TO "+name)
		_, err := newMigrator(t, asRole, files(deposited)).Apply(t.Context())
		wantError(t, err, "table schema_state", `hint: GRANT SELECT ON "public"."schema_state" TO "`+name)
		exec(t, db, "GRANT SELECT ON schema_state TO "+name)
		if plan := apply(t, asRole, files(deposited)); !plan.Empty() {
			t.Errorf("plan:\n%s", plan)
		}
	})

	t.Run("a role that does not own the table cannot alter it", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		name, asRole := role(t, db)
		grantDatabase(t, db, name)
		exec(t, db, "GRANT ALL ON ALL TABLES IN SCHEMA public TO "+name)
		schema := edited(t, "    legs", "    extra text,\n    legs")
		_, err := newMigrator(t, asRole, schema).Apply(t.Context())
		wantError(t, err, "change table deposited_events", "must own")
	})

	t.Run("a lock held by somebody is named after the timeout", func(t *testing.T) {
		t.Parallel()
		db := testenv.Database(t)
		apply(t, db, files(deposited))
		reader := connect(t, db)
		if _, err := reader.Exec(t.Context(), "BEGIN; LOCK TABLE deposited_events IN ACCESS SHARE MODE"); err != nil {
			t.Fatal(err)
		}
		schema := edited(t, "    legs", "    extra text,\n    legs")
		m := newMigrator(t, db, schema, migrate.WithLockTimeout(20*time.Millisecond))
		_, err := m.Apply(t.Context())
		wantError(t, err, "change table deposited_events", "55P03", "hint: another session holds a lock")
		if _, err := reader.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Apply(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func grantDatabase(t *testing.T, db, role string) {
	t.Helper()
	exec(t, db, fmt.Sprintf("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %%I TO %s', current_database()); END $$", role))
}

func TestStatus(t *testing.T) {
	t.Parallel()
	db := testenv.Database(t)
	m := newMigrator(t, db, files(deposited))
	st, err := m.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.HashMatches || st.Pending != 2 || st.Refused != 0 || !st.AppliedAt.IsZero() || st.Tables != 2 {
		t.Errorf("empty database: %+v", st)
	}
	apply(t, db, files(deposited))
	if st, err = m.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !st.HashMatches || st.Pending != 0 || st.AppliedAt.IsZero() || st.Schema != "public" || st.HexSchema != "hex" ||
		st.ServerVersion == "" {
		t.Errorf("after applying: %+v", st)
	}
	changed := newMigrator(t, db, edited(t, "smallint", "bigint"))
	if st, err = changed.Status(t.Context()); err != nil || st.HashMatches || st.Refused != 1 {
		t.Errorf("other files: %+v, %v", st, err)
	}
}
