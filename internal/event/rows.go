package event

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Staged is db, but that COPY goes to the temporary table <table>_stage instead of the table. The two have the same
// columns, so that one query serves both.
func Staged(db DB) DB { return staged{db} }

type staged struct{ DB }

// CopyFrom implements DB.
func (s staged) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	stage := slices.Clone(table)
	stage[len(stage)-1] += "_stage"
	return s.DB.CopyFrom(ctx, stage, columns, rows)
}

// Columns returns what columns makes of each row, which is the form the queries of a table take. Every row is an R.
func Columns[R Row, P any](rows []Row, columns func(R) P) []P {
	params := make([]P, len(rows))
	for i, row := range rows {
		params[i] = columns(row.(R))
	}
	return params
}

// NullableBytes converts what v points at; nil stays nil, which is NULL.
func NullableBytes[T any](v *T, convert func(T) []byte) []byte {
	if v == nil {
		return nil
	}
	return convert(*v)
}

// MergeStaged runs the queries of a Handler's Merge behind the one that has filled the temporary table with so many
// rows. Where all were new, the other two have nothing to do.
func MergeStaged[R any](
	ctx context.Context,
	staged int,
	insert func(context.Context) (int64, error),
	fill func(context.Context) error,
	conflicting func(context.Context) ([]R, error),
	key func(R) Key,
) (Merged, error) {
	inserted, err := insert(ctx)
	if err != nil || inserted == int64(staged) {
		return Merged{Inserted: inserted}, err
	}
	if err := fill(ctx); err != nil {
		return Merged{}, err
	}
	rows, err := conflicting(ctx)
	if err != nil {
		return Merged{}, err
	}
	return Merged{Inserted: inserted, Conflicts: Map(rows, key)}, nil
}
