package migrate

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs that have an answer. https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	dependentObjects = "2BP01"
	readOnly         = "25006"
	deadlock         = "40P01"
	noPrivilege      = "42501"
	undefinedTable   = "42P01"
	wrongObjectType  = "42809"
	cannotCoerce     = "42804"
	duplicateTable   = "42P07"
	outOfMemory      = "53200"
	lockNotAvailable = "55P03"
)

// sqlState is the SQLSTATE of err, or empty.
func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// isLockFailure reports whether trying again can help.
func isLockFailure(err error) bool {
	code := sqlState(err)
	return code == lockNotAvailable || code == deadlock
}

// isOfServer reports whether what was tried next would fail as well: the connection or the server has gone, takes no
// writes, or lacks memory or room.
func isOfServer(err error) bool {
	code := sqlState(err)
	class := code[:min(2, len(code))]
	return class == "" || code == readOnly || class == "08" || class == "53" || class == "57" || class == "58"
}

// hint adds to an error of the server what the operator can do about it.
func (s *session) hint(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	var hint string
	switch pg.Code {
	case dependentObjects:
		hint = fmt.Sprintf("%s; drop what depends on it, or point it at the table", pg.Detail)
	case readOnly:
		hint = "this server is a standby or read-only; name the primary in DATABASE_URL"
	case noPrivilege:
		hint = fmt.Sprintf("role %s must own the tables of schema %s and may need "+
			"GRANT CREATE ON SCHEMA %s TO %s, the same for schema %s",
			s.role, s.target, quote(s.target), quote(s.role), s.hexSchema())
	case wrongObjectType, duplicateTable:
		hint = "something else has that name; rename it, or use another schema with ?search_path= in DATABASE_URL"
	case cannotCoerce:
		hint = "PostgreSQL has no cast for it; copy the rows into a new table by hand"
	case outOfMemory:
		hint = "raise max_locks_per_transaction of the server"
	case lockNotAvailable, deadlock:
		hint = "another session holds a lock on the table; look in pg_stat_activity, then run it again"
	default:
		return err
	}
	return fmt.Errorf("%w; hint: %s", err, hint)
}
