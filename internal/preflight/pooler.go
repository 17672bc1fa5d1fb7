package preflight

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// pooler looks for a connection pooler in front of PostgreSQL, as PgBouncer is one. It gives itself away by the process ID
// that it tells at the start, which is of its own making: PostgreSQL's sessions are not the client's for good. The service
// needs one that is, for temporary tables and advisory locks.
// https://www.pgbouncer.org/features.html#sql-feature-map-for-pooling-modes
func (d Database) pooler(ctx context.Context, conn *pgx.Conn) (Finding, error) {
	const subject = "pooler"
	first, err := backend(ctx, conn)
	if err != nil {
		return Finding{}, err
	}
	if first == conn.PgConn().PID() {
		return postgresArea.ok(subject, "none stands in between"), nil
	}
	// While another client is within a transaction it has a session to itself. Is that the one that was ours?
	other, err := d.connect(ctx)
	if err != nil {
		return Finding{}, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		other.Close(ctx)
	}()
	if _, err := other.Exec(ctx, "BEGIN"); err != nil {
		return Finding{}, err
	}
	theirs, err := backend(ctx, other)
	if err != nil {
		return Finding{}, err
	}
	taken := theirs == first
	for range 5 {
		again, err := backend(ctx, conn)
		if err != nil {
			return Finding{}, err
		}
		taken = taken || again != first
	}
	if taken {
		return postgresArea.fail(subject, "name PostgreSQL itself in DATABASE_URL, or a pool with pool_mode = session",
			"a pooler gives each transaction another session: temporary tables and locks of the service would be lost with it"), nil
	}
	return postgresArea.warn(subject, "make sure that its pool_mode is session",
		"a pooler stands in between; it has not taken a session away just now"), nil
}

// backend is the process of PostgreSQL that serves a connection.
func backend(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid)
	return pid, err
}
