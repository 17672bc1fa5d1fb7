package pg

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Probe asks PostgreSQL for an answer.
func Probe(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, "SELECT 1"); err != nil {
		return fmt.Errorf("ask PostgreSQL: %w", err)
	}
	return nil
}

// mostLettersCounted bounds what CountOpenLetters costs.
const mostLettersCounted = 100_000

// CountOpenLetters returns how many dead letters are open, at most 100,000.
func CountOpenLetters(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
	var n int64
	const sql = "SELECT count(*) FROM (SELECT FROM dead_letters WHERE state = 'open' LIMIT $1) AS open"
	if err := pool.QueryRow(ctx, sql, mostLettersCounted).Scan(&n); err != nil {
		return 0, fmt.Errorf("count dead letters: %w", err)
	}
	return n, nil
}
