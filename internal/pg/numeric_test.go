package pg_test

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestNumeric: what the service writes as binary numeric is the number that the server reads, and reads back.
func TestNumeric(t *testing.T) {
	t.Parallel()
	pool, err := pg.Connect(t.Context(), testenv.Database(t), 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	numbers := append(edges(), randomNumbers(rand.New(rand.NewPCG(seed, 0)), 2000)...)
	var want []string
	for _, n := range numbers {
		want = append(want, n.Big().String())
	}
	t.Run("parameters", func(t *testing.T) {
		t.Parallel()
		for i, n := range numbers[:len(edges())] {
			var text string
			var back event.Integer
			if err := pool.QueryRow(t.Context(), "SELECT $1::numeric::text, $1::numeric", n).Scan(&text, &back); err != nil {
				t.Fatal(err)
			}
			if text != want[i] || back != n {
				t.Errorf("%s became %s, and came back as %s", want[i], text, back)
			}
		}
	})
	t.Run("arrays", func(t *testing.T) {
		t.Parallel()
		for _, list := range [][]event.Integer{{}, numbers} {
			var texts []string
			var back []event.Integer
			err := pool.QueryRow(t.Context(), "SELECT $1::numeric[]::text[], $1::numeric[]", list).Scan(&texts, &back)
			if err != nil || !slices.Equal(texts, want[:len(list)]) || !slices.Equal(back, list) {
				t.Errorf("%d numbers became %d, %v", len(list), len(texts), err)
			}
		}
	})
	t.Run("COPY", func(t *testing.T) {
		t.Parallel()
		if got := copied(t, pool, numbers); !slices.Equal(got, want) {
			t.Errorf("%d numbers did not become the same %d", len(want), len(got))
		}
	})
	t.Run("the server compares and sorts them as its own", func(t *testing.T) {
		t.Parallel()
		var equal bool
		const sql = `SELECT bool_and(n = t::numeric AND hash_numeric(n) = hash_numeric(t::numeric) AND scale(n) = 0)
			FROM (SELECT unnest($1::numeric[]) AS n, unnest($2::text[]) AS t) AS pairs`
		if err := pool.QueryRow(t.Context(), sql, numbers, want).Scan(&equal); err != nil || !equal {
			t.Errorf("got %v, %v", equal, err)
		}
	})
	t.Run("NULL", func(t *testing.T) {
		t.Parallel()
		var null bool
		err := pool.QueryRow(t.Context(), "SELECT $1::numeric IS NULL", (*event.Integer)(nil)).Scan(&null)
		if err != nil || !null {
			t.Errorf("got %v, %v", null, err)
		}
	})
}

// copied sends numbers by COPY and returns what the server makes of them.
func copied(t *testing.T, pool *pgxpool.Pool, numbers []event.Integer) []string {
	t.Helper()
	ctx := t.Context()
	if _, err := pool.Exec(ctx, "CREATE TABLE numbers (i serial, n numeric(78,0), list numeric(78,0)[])"); err != nil {
		t.Fatal(err)
	}
	copyInto(t, pool, "numbers (n, list)", func(to *event.Encoder) {
		for _, n := range numbers {
			to.Row(2)
			to.Numeric(n)
			event.EncodeList(to, []event.Integer{n, numbers[0]}, event.NumericElement, (*event.Encoder).Numeric)
		}
	})
	rows, err := pool.Query(ctx, `SELECT CASE WHEN list[1] = n AND list[2] = 0 THEN n::text ELSE 'not in the list' END
		FROM numbers ORDER BY i`)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// edges are zero, and the powers of 2, 10 and 10,000 with what lies beside them, of either sign.
func edges() []event.Integer {
	list := []event.Integer{{}}
	add := func(n *big.Int) {
		abs, overflow := uint256.FromBig(new(big.Int).Abs(n))
		if !overflow && n.Sign() > 0 {
			list = append(list, event.Integer{Abs: *abs}, event.Integer{Abs: *abs, Neg: true})
		}
	}
	for _, base := range []int64{2, 10} {
		for power := big.NewInt(1); power.BitLen() <= 257; power.Mul(power, big.NewInt(base)) {
			for _, more := range []int64{-1, 0, 1} {
				add(new(big.Int).Add(power, big.NewInt(more)))
			}
		}
	}
	return list
}

func randomNumbers(rng *rand.Rand, n int) []event.Integer {
	list := make([]event.Integer, n)
	for i := range list {
		abs := uint256.Int{rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64()}
		abs.Rsh(&abs, uint(rng.IntN(256)))
		list[i] = event.Integer{Abs: abs, Neg: rng.IntN(2) == 0 && !abs.IsZero()}
	}
	return list
}
