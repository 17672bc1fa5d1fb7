package event_test

import (
	"context"
	"slices"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// TestMergeStaged: no query runs that has nothing to do, and who fills less than was lacking looks again.
func TestMergeStaged(t *testing.T) {
	t.Parallel()
	lacks, conflicts := event.Difference{BlockNumber: 1}, event.Difference{BlockNumber: 1, Conflicts: true}
	for name, c := range map[string]struct {
		inserted  int64
		differing [][]event.Difference // each time that it is asked
		filled    int64
		queries   []string
		conflicts int
		unfilled  bool
	}{
		"all are new":            {inserted: 3, queries: []string{"insert"}},
		"all stand":              {inserted: 1, differing: [][]event.Difference{nil}, queries: []string{"insert", "differing"}},
		"one is another":         {differing: [][]event.Difference{{conflicts}}, queries: []string{"insert", "differing"}, conflicts: 1},
		"one lacks":              {differing: [][]event.Difference{{lacks}}, filled: 1, queries: []string{"insert", "differing", "fill"}},
		"one lacks, and another": {differing: [][]event.Difference{{conflicts, lacks}}, filled: 1, queries: []string{"insert", "differing", "fill"}, conflicts: 1},
		"somebody has filled it meanwhile": {
			differing: [][]event.Difference{{lacks}, {conflicts}}, queries: []string{"insert", "differing", "fill", "differing"}, conflicts: 1,
		},
		"somebody has filled it meanwhile with the same": {
			differing: [][]event.Difference{{lacks}, nil}, queries: []string{"insert", "differing", "fill", "differing"},
		},
		"nobody fills it": {
			differing: [][]event.Difference{{lacks, lacks}, {lacks}}, filled: 1,
			queries: []string{"insert", "differing", "fill", "differing"}, unfilled: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var ran []string
			merged, err := event.MergeStaged(t.Context(), 3,
				func(context.Context) (int64, error) { ran = append(ran, "insert"); return c.inserted, nil },
				func(context.Context) ([]event.Difference, error) {
					ran = append(ran, "differing")
					rows := c.differing[0]
					c.differing = c.differing[1:]
					return rows, nil
				},
				func(context.Context) (int64, error) { ran = append(ran, "fill"); return c.filled, nil },
				func(d event.Difference) event.Difference { return d },
			)
			if err != nil || merged.Inserted != c.inserted || len(merged.Conflicts) != c.conflicts ||
				merged.Unfilled != c.unfilled || !slices.Equal(ran, c.queries) {
				t.Errorf("%+v, %v, after %q; want %d conflicts after %q", merged, err, ran, c.conflicts, c.queries)
			}
		})
	}
}
