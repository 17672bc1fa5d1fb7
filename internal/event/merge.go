package event

import "context"

// MergeStaged runs the queries of a Handler's Merge, for so many rows in the temporary table. Where all were new, the
// other two have nothing to do.
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
