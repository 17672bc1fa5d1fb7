package event

import "context"

// Difference is a staged row that is not like the one that stands under its key. Its fields are those of the generated
// queries' rows, in their order.
type Difference struct {
	Network         string
	BlockNumber     int64
	LogIndex        int64
	TransactionHash []byte // 32 bytes
	// Conflicts: the standing row has other content. Else it only lacks what the staged one has.
	Conflicts bool
}

// MergeStaged runs the queries of a Handler's Merge, for so many rows in the temporary table, and none that has nothing
// to do: differing is not asked where all rows were new, and fill is not run where no row lacks anything. Another writer
// can fill in between, with something else, which is a conflict then.
func MergeStaged[R any](
	ctx context.Context,
	staged int,
	insert func(context.Context) (int64, error),
	differing func(context.Context) ([]R, error),
	fill func(context.Context) (int64, error),
	difference func(R) Difference,
) (Merged, error) {
	inserted, err := insert(ctx)
	if err != nil || inserted == int64(staged) {
		return Merged{Inserted: inserted}, err
	}
	rows, err := differing(ctx)
	if err != nil {
		return Merged{}, err
	}
	conflicts, lacking := split(rows, difference)
	if lacking > 0 {
		filled, err := fill(ctx)
		if err != nil {
			return Merged{}, err
		}
		lacking -= int(filled)
	}
	if lacking > 0 {
		if rows, err = differing(ctx); err != nil {
			return Merged{}, err
		}
		conflicts, lacking = split(rows, difference)
	}
	return Merged{Inserted: inserted, Conflicts: conflicts, Unfilled: lacking > 0}, nil
}

// split returns the keys of the rows that are others, and how many only lack something.
func split[R any](rows []R, difference func(R) Difference) (conflicts []Key, lacking int) {
	for _, row := range rows {
		if d := difference(row); d.Conflicts {
			conflicts = append(conflicts, Key{d.Network, d.BlockNumber, d.LogIndex, d.TransactionHash})
		} else {
			lacking++
		}
	}
	return conflicts, lacking
}
