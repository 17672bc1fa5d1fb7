// Package pg writes batches into PostgreSQL: one transaction each, COPY where all rows are new, a merge where some
// may stand already, savepoints where a row is refused. It does not decide what a message holds, and it does not
// make tables.
//
// Its invariant: when Write returns without an error, every item of the batch is a row or a dead letter, and when it
// returns an error, nothing was changed, unless the connection was lost while COMMIT was under way; writing the same
// batch again is right in every case.
package pg

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectionLifetime bounds the life of a connection, and with it that of its temporary tables, which autovacuum
// cannot reach.
const connectionLifetime = 30 * time.Minute

// connectTimeout is what a connection may take where the URL does not say: a server that is frozen accepts it, and never
// says a word.
const connectTimeout = 10 * time.Second

// sessionSettings are those of every connection. A batch has a deadline of ours, after which it is divided; a statement
// timeout of the database's own would have it tried again as it is. A transaction that a frozen process has left open keeps
// its locks, for which other instances wait: the server ends it.
const sessionSettings = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '30s'"

// keepalive has the server notice within a minute that a process is gone with its machine, and not within two hours. Not
// every platform knows all of it. https://www.postgresql.org/docs/current/runtime-config-connection.html
const keepalive = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"

// Connect returns a pool of at most size connections. It does not wait for the server: the first use does.
// Errors never hold the password.
func Connect(ctx context.Context, url string, size int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse DATABASE_URL: it is no PostgreSQL URL or keyword string; " +
			"hint: postgresql://user:password@host:5432/database")
	}
	config.MaxConns = int32(size)
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.MaxConnLifetime = connectionLifetime
	config.MaxConnLifetimeJitter = connectionLifetime / 10
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "redis-postgres-sync"
	}
	// CREATE TEMPORARY TABLE IF NOT EXISTS says so each time that it does.
	config.ConnConfig.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerNumeric(conn.TypeMap())
		_, _ = conn.Exec(ctx, keepalive)
		_, err := conn.Exec(ctx, sessionSettings)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return pool, nil
}
