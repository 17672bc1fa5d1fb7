package pg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	classes := map[pg.Class][]string{
		pg.Transient: {
			"08000", "08003", "08006", "08P01", // connection
			"26000", "40001", "40P01", // serialization, deadlock
			"53000", "53200", "53300", // memory, connections
			"55P03", "57014", "57P01", "57P02", "57P03", "57P05", // locks, cancel, shutdown
			"58000", "58030", // I/O
			"25P03", "25P04", // ended, as it stood still within a transaction
		},
		pg.Environment: {
			"XX001", "XX002", "42P01", "42703", "42501", "42883", "3D000", "3F000", "28000", "28P01", "53100", "25006", "25P02", "0A000", "F0000",
			"23502", // of a column that is not ours
		},
		pg.Data: {
			"22000", "22001", "22003", "22007", "22021", "22P02", "22P05", "23503", "23505", "23P01",
			"21000", "44000", "54000", "P0001",
		},
		pg.Unknown: {"XX000", "XY123", "", "4"},
	}
	violated := &pgconn.PgError{Code: "23514", ConstraintName: "deposited_events_check"}
	if got := pg.Classify(violated); got != pg.Data {
		t.Errorf("a violated check: class %d", got)
	}
	if got := pg.Classify(&pgconn.PgError{Code: "23514"}); got != pg.Environment {
		t.Errorf("no partition for a row: class %d", got)
	}
	for want, codes := range classes {
		for _, code := range codes {
			err := fmt.Errorf("copy into t: %w", &pgconn.PgError{Code: code})
			if got := pg.Classify(err); got != want {
				t.Errorf("SQLSTATE %q: class %d, want %d", code, got, want)
			}
		}
	}
	for _, err := range []error{io.ErrUnexpectedEOF, context.DeadlineExceeded, errors.New("dial: connection refused")} {
		if got := pg.Classify(err); got != pg.Transient {
			t.Errorf("%v: class %d, want %d", err, got, pg.Transient)
		}
	}
}
