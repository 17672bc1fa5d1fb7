package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// TestDemo is not parallel: the demo reads the environment.
func TestDemo(t *testing.T) {
	binary, err := testenv.BuildService(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{
		"atom_created_events: 1,154 rows\n",
		"triple_created_events: 802 rows\n",
		"deposited_events: 8,266 rows\n",
		"redeemed_events: 2,282 rows\n",
		"share_price_changed_events: 11,355 rows\n",
		"23,859 events in ",
	}
	t.Run("brings up its own servers", func(t *testing.T) {
		t.Setenv("DATABASE_URL", "")
		t.Setenv("REDIS_URL", "")
		text := runDemo(t, binary)
		for _, line := range rows {
			if !strings.Contains(text, line) {
				t.Errorf("%q is not in the output:\n%s", line, text)
			}
		}
	})
	t.Run("leaves nothing on the servers it is given", func(t *testing.T) {
		database := testenv.Database(t)
		redisURL, _ := testenv.Redis(t)
		t.Setenv("DATABASE_URL", database)
		t.Setenv("REDIS_URL", redisURL)
		if text := runDemo(t, binary); !strings.Contains(text, rows[0]) {
			t.Errorf("%q is not in the output:\n%s", rows[0], text)
		}
		expectNothingLeft(t, database, redisURL)
	})
}

func runDemo(t *testing.T, binary string) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := run(t.Context(), out, binary); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func expectNothingLeft(t *testing.T, database, redisURL string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	db, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	var schemas int
	if err := db.QueryRow(ctx, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'demo%'").Scan(&schemas); err != nil {
		t.Fatal(err)
	}
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	keys, err := client.Keys(ctx, "demo:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if schemas > 0 || len(keys) > 0 {
		t.Fatalf("%d schemas and the keys %v are left", schemas, keys)
	}
}
