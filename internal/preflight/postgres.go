package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	postgresArea area = "postgres"
	// program is the application_name of the service's own connections, where DATABASE_URL names no other.
	program = "redis-postgres-sync"
	// closeTimeout bounds the farewell to a server that no longer listens.
	closeTimeout = time.Second
)

// Database is what the service wants of PostgreSQL.
type Database struct {
	Config *pgx.ConnConfig
	// Connections is the most that the service opens at a time.
	Connections int
	// Migrates tells that the service makes its tables itself.
	Migrates bool
	// Tables are those that the service uses. One that does not exist yet is passed over.
	Tables []Table
}

// Table is a table, and what the service does with it: SELECT, INSERT, UPDATE, DELETE.
type Table struct {
	Name       string
	Privileges []string
}

// Postgres looks at the server, at its settings, and at what the role may do.
func Postgres(ctx context.Context, d Database) []Finding {
	conn, err := d.connect(ctx)
	if err != nil {
		return []Finding{postgresArea.fail("server", postgresHint(err), "%s", oneLine(err))}
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		conn.Close(ctx)
	}()
	f, err := readFacts(ctx, conn)
	if err != nil {
		return []Finding{postgresArea.fail("server", postgresHint(err), "read settings: %s", oneLine(err))}
	}
	all := slices.Concat(f.server(), f.durability(), f.privileges(d.Migrates))
	all = append(all, finding("pooler", func() (Finding, error) { return d.pooler(ctx, conn) }))
	all = append(all, finding("connections", func() (Finding, error) { return d.connections(ctx, conn) }))
	return append(all, finding("tables", func() (Finding, error) { return d.tables(ctx, conn) }))
}

func finding(subject string, look func() (Finding, error)) Finding {
	f, err := look()
	if err != nil {
		return postgresArea.fail(subject, postgresHint(err), "%s", oneLine(err))
	}
	return f
}

func (d Database) connect(ctx context.Context) (*pgx.Conn, error) {
	config := d.Config.Copy()
	config.RuntimeParams["application_name"] = d.application()
	// No prepared statements: a pooler in front of the server may not keep them.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	return pgx.ConnectConfig(ctx, config)
}

// application is the application_name of the service's connections, and of this one: it may still be closing when the
// next check counts.
func (d Database) application() string {
	return cmp.Or(d.Config.RuntimeParams["application_name"], program)
}

// postgresHint knows the errors that an operator can do something about.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func postgresHint(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return "start PostgreSQL, or correct DATABASE_URL"
	}
	switch pg.Code {
	case "28P01", "28000":
		return "correct user and password in DATABASE_URL, or let the user in with pg_hba.conf"
	case "3D000":
		return "CREATE DATABASE, or correct its name in DATABASE_URL"
	case "53300":
		return "raise max_connections, or lower WORKERS"
	case "42704":
		return "take from DATABASE_URL what the server does not know"
	}
	return "look at the log of PostgreSQL"
}

// facts are what one query tells.
type facts struct {
	VersionNum        int
	Version           string
	Database          string
	Role              string
	Schema            string // empty where no schema of search_path exists
	Path              string
	Recovery          bool
	ReadOnly          string
	Encoding          string
	Fsync             string
	FullPageWrites    string
	SynchronousCommit string
	CreateInDatabase  bool
	Temporary         bool
	CreateInSchema    bool
}

const factsQuery = `
SELECT current_setting('server_version_num')::int,
       current_setting('server_version'),
       current_database(),
       current_user,
       coalesce(current_schema(), ''),
       current_setting('search_path'),
       pg_is_in_recovery(),
       current_setting('default_transaction_read_only'),
       current_setting('server_encoding'),
       current_setting('fsync'),
       current_setting('full_page_writes'),
       current_setting('synchronous_commit'),
       has_database_privilege(current_database(), 'CREATE'),
       has_database_privilege(current_database(), 'TEMPORARY'),
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)`

func readFacts(ctx context.Context, conn *pgx.Conn) (*facts, error) {
	rows, err := conn.Query(ctx, factsQuery)
	if err != nil {
		return nil, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[facts])
}

// minVersion is the first with BRIN bloom indexes. https://www.postgresql.org/docs/14/release-14.html
const minVersion = 14_00_00

func (f *facts) server() []Finding {
	all := []Finding{postgresArea.ok("server", "PostgreSQL %s, database %s, role %s", f.Version, f.Database, f.Role)}
	if f.VersionNum < minVersion {
		all[0] = postgresArea.fail("server", "upgrade PostgreSQL to 14 or newer", "PostgreSQL %s is too old", f.Version)
	}
	switch {
	case f.Recovery:
		all = append(all, postgresArea.fail("writable", "name the primary in DATABASE_URL; with several hosts, "+
			"add target_session_attrs=read-write", "the server is a standby, and takes no writes"))
	case f.ReadOnly == "on":
		all = append(all, postgresArea.fail("writable",
			"ALTER ROLE or ALTER DATABASE … SET default_transaction_read_only = off", "default_transaction_read_only is on"))
	default:
		all = append(all, postgresArea.ok("writable", "a primary that takes writes"))
	}
	if f.Encoding != "UTF8" {
		return append(all, postgresArea.fail("encoding", "create the database with ENCODING 'UTF8' TEMPLATE template0",
			"the database is in %s: strings of events are in any script", f.Encoding))
	}
	return append(all, postgresArea.ok("encoding", "UTF8"))
}

// durability: an entry is acknowledged once COMMIT is answered, so COMMIT has to mean what it says.
func (f *facts) durability() []Finding {
	var all []Finding
	if f.Fsync == "off" {
		all = append(all, postgresArea.warn("fsync", "set fsync = on in postgresql.conf",
			"off: a crash of the machine can destroy the database, and what is acknowledged does not come again"))
	}
	if f.FullPageWrites == "off" {
		all = append(all, postgresArea.warn("full_page_writes", "set full_page_writes = on in postgresql.conf, "+
			"unless the file system writes pages whole", "off: a crash of the machine can leave torn pages"))
	}
	if f.SynchronousCommit == "off" {
		all = append(all, postgresArea.warn("synchronous_commit", "ALTER ROLE … SET synchronous_commit = on",
			"off: a crash loses what was committed within the last second or so, which is read again as long as the stream still has it"))
	}
	if len(all) == 0 {
		all = append(all, postgresArea.ok("durability", "fsync and full_page_writes are on, synchronous_commit is %s",
			f.SynchronousCommit))
	}
	return all
}

func (f *facts) privileges(migrates bool) []Finding {
	var all []Finding
	role, database := pgx.Identifier{f.Role}.Sanitize(), pgx.Identifier{f.Database}.Sanitize()
	if !f.Temporary {
		all = append(all, postgresArea.fail("TEMPORARY", fmt.Sprintf("GRANT TEMPORARY ON DATABASE %s TO %s", database, role),
			"role %s may not make temporary tables, which entries that come again are merged through", f.Role))
	}
	if f.Schema == "" && !migrates {
		all = append(all, postgresArea.fail("schema", "create it, or name another with ?search_path= in DATABASE_URL",
			"search_path is %s, and no schema in it exists", f.Path))
	}
	if migrates && !f.CreateInDatabase {
		all = append(all, postgresArea.fail("CREATE on database",
			fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s, or AUTO_MIGRATE=off and migrate as another role", database, role),
			"role %s may not make the schemas that AUTO_MIGRATE needs: for views, and to compare in", f.Role))
	}
	if migrates && f.Schema != "" && !f.CreateInSchema {
		schema := pgx.Identifier{f.Schema}.Sanitize()
		all = append(all, postgresArea.fail("CREATE on schema",
			fmt.Sprintf("GRANT CREATE ON SCHEMA %s TO %s, or AUTO_MIGRATE=off and migrate as another role", schema, role),
			"role %s may not make tables in schema %s, as AUTO_MIGRATE does", f.Role, f.Schema))
	}
	switch {
	case len(all) > 0:
		return all
	case migrates:
		return []Finding{postgresArea.ok("privileges", "role %s may make schemas, tables and temporary tables", f.Role)}
	}
	return []Finding{postgresArea.ok("privileges", "role %s may make temporary tables", f.Role)}
}

// connectionsQuery counts as others what is not a connection of the service itself, which may be running.
const connectionsQuery = `
SELECT current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true)::int, 0),
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user),
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
       (SELECT count(*)
        FROM pg_stat_activity
        WHERE coalesce(backend_type, 'client backend') = 'client backend'
          AND usesysid IS NOT NULL
          AND pid <> pg_backend_pid()
          AND NOT (application_name = $1 AND usename = session_user))`

func (d Database) connections(ctx context.Context, conn *pgx.Conn) (Finding, error) {
	var allowed, role, database, others int
	err := conn.QueryRow(ctx, connectionsQuery, d.application()).Scan(&allowed, &role, &database, &others)
	if err != nil {
		return Finding{}, fmt.Errorf("count connections: %w", err)
	}
	return d.judgeConnections(allowed, role, database, others), nil
}

// judgeConnections: a limit of -1 is none. Limits of role and database count for what they bound alone.
func (d Database) judgeConnections(allowed, role, database, others int) Finding {
	const subject = "connections"
	for _, limit := range []struct {
		of string
		n  int
	}{{"max_connections less what is reserved", allowed}, {"the role's limit", role}, {"the database's limit", database}} {
		if limit.n >= 0 && limit.n < d.Connections {
			return postgresArea.fail(subject, "raise it, or lower WORKERS",
				"%s is %d, and the service opens up to %d", limit.of, limit.n, d.Connections)
		}
	}
	if others+d.Connections > allowed {
		return postgresArea.warn(subject, "raise max_connections, lower WORKERS, or close some of the others",
			"%d are allowed and others hold %d: the service opens up to %d", allowed, others, d.Connections)
	}
	return postgresArea.ok(subject, "%d are allowed, others hold %d, the service opens up to %d",
		allowed, others, d.Connections)
}

const tablesQuery = `
SELECT t.relation, t.privilege, has_table_privilege(c.oid, t.privilege)
FROM unnest($1::text[], $2::text[]) AS t (relation, privilege)
JOIN pg_class AS c
    ON c.relname = t.relation
    AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    AND c.relkind IN ('r', 'p')
ORDER BY 1, 2`

func (d Database) tables(ctx context.Context, conn *pgx.Conn) (Finding, error) {
	var relations, privileges []string
	for _, t := range d.Tables {
		for _, p := range t.Privileges {
			relations, privileges = append(relations, t.Name), append(privileges, p)
		}
	}
	rows, err := conn.Query(ctx, tablesQuery, relations, privileges)
	if err != nil {
		return Finding{}, fmt.Errorf("read privileges: %w", err)
	}
	var relation, privilege string
	var granted bool
	var missing []string
	found := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&relation, &privilege, &granted}, func() error {
		found[relation] = true
		if !granted {
			missing = append(missing, privilege+" on "+relation)
		}
		return nil
	})
	switch {
	case err != nil:
		return Finding{}, fmt.Errorf("read privileges: %w", err)
	case len(missing) > 0:
		return postgresArea.fail("tables", "GRANT them, or connect as the role that owns the tables",
			"the role lacks %s", list(missing)), nil
	case len(found) == 0:
		return postgresArea.ok("tables", "none of the %d is there yet", len(d.Tables)), nil
	}
	return postgresArea.ok("tables", "the role may read and write the %s that are there", count(len(found), "table")), nil
}
