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
// to do: not the second where all rows were new, not the third where no row lacks anything.
func MergeStaged[R any](
	ctx context.Context,
	staged int,
	insert func(context.Context) (int64, error),
	differing func(context.Context) ([]R, error),
	fill func(context.Context) error,
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
	merged := Merged{Inserted: inserted}
	lacking := false
	for _, row := range rows {
		d := difference(row)
		if d.Conflicts {
			merged.Conflicts = append(merged.Conflicts, Key{d.Network, d.BlockNumber, d.LogIndex, d.TransactionHash})
		} else {
			lacking = true
		}
	}
	if lacking {
		err = fill(ctx)
	}
	return merged, err
}
