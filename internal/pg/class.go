package pg

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Class says whose fault an error is, which decides what is done about it.
type Class int

const (
	// Transient errors pass: a lost connection, a deadlock, a server that restarts. The batch is tried again.
	Transient Class = iota
	// Environment errors pass once somebody acts: a missing table, no permission, a full disk.
	Environment
	// Data errors are an event's own, and stay: the event is searched for, and becomes a dead letter.
	Data
	// Unknown errors are taken for transient a few times, then for data.
	Unknown
)

// classes assigns SQLSTATEs, and classes of them, which are their first two characters. The longer one counts.
// Source: PostgreSQL documentation, appendix A.
var classes = map[string]Class{
	"08": Transient, "26": Transient, "40": Transient, "53": Transient, "55": Transient, "57": Transient, "58": Transient,

	"25": Environment, "28": Environment, "3D": Environment, "3F": Environment, "42": Environment, "0A": Environment,
	"53100": Environment, // disk full
	"F0":    Environment,
	"25P04": Transient,                         // transaction_timeout of a role
	"25P03": Transient,                         // the process stood still within a transaction, and PostgreSQL has ended that
	"XX001": Environment, "XX002": Environment, // damaged files

	"22": Data, "23": Data, "21": Data, "44": Data, "54": Data,
	"P0001": Data, // a trigger of somebody's has judged the row

	// A NULL where there must be none: events have a value for each column of ours that asks for one, so the column is
	// somebody else's, and no event has one.
	"23502": Environment,
}

// Classify returns the class of an error of Write.
func Classify(err error) Class {
	if errors.Is(err, errSuppressed) || errors.Is(err, errUnfilled) {
		return Environment
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return Transient // no answer of the server: a connection or a deadline
	}
	if refused.Code == checkViolation && refused.ConstraintName == "" {
		return Environment // no partition takes the row
	}
	if class, ok := classes[refused.Code]; ok {
		return class
	}
	if len(refused.Code) == 5 {
		if class, ok := classes[refused.Code[:2]]; ok {
			return class
		}
	}
	return Unknown
}

const (
	uniqueViolation = "23505"
	checkViolation  = "23514"
)

func isUniqueViolation(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == uniqueViolation
}

// explain returns SQLSTATE and text of a refusal. Values are in it as far as PostgreSQL quotes them.
func explain(err error) (sqlstate, text string) {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return "", err.Error()
	}
	parts := []string{refused.Message}
	for _, more := range []string{refused.Detail, refused.Where} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	return refused.Code, strings.Join(parts, "; ")
}
