package testenv_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestDatabase(t *testing.T) {
	t.Parallel()
	t.Run("is the test's own, and empty", func(t *testing.T) {
		t.Parallel()
		first, second := connect(t, testenv.Database(t)), connect(t, testenv.Database(t))
		if _, err := first.Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
			t.Fatal(err)
		}
		var tables int
		err := second.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
		if err != nil || tables != 0 {
			t.Errorf("the other database has %d tables, %v", tables, err)
		}
	})
	t.Run("is dropped under open sessions", func(t *testing.T) {
		t.Parallel()
		var url string
		t.Run("leaves a session open", func(t *testing.T) {
			var conn *pgx.Conn
			t.Cleanup(func() { conn.Close(context.Background()) }) // after the drop: cleanups run last in, first out
			url = testenv.Database(t)
			conn = connect(t, url)
		})
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			conn.Close(t.Context())
			t.Error("the database is still there")
		}
	})
}

func TestRedis(t *testing.T) {
	t.Parallel()
	url, bystander := testenv.Redis(t)
	client := newClient(t, url)
	ctx := t.Context()
	if err := client.Set(ctx, bystander+"kept", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	var prefix string
	t.Run("gives a prefix of the test's own", func(t *testing.T) {
		_, prefix = testenv.Redis(t)
		if prefix == bystander || !strings.HasPrefix(prefix, "test:") {
			t.Errorf("prefix %q", prefix)
		}
		for i := range 3000 {
			if err := client.Set(ctx, fmt.Sprint(prefix, i), 1, 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if left := client.Keys(ctx, prefix+"*").Val(); len(left) > 0 {
		t.Errorf("%d keys are left after the test", len(left))
	}
	if client.Exists(ctx, bystander+"kept").Val() != 1 {
		t.Error("the key of another test is gone")
	}
}

func TestEventually(t *testing.T) {
	t.Parallel()
	calls := 0
	testenv.Eventually(t, time.Minute, func() error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if calls != 3 {
		t.Errorf("called %d times", calls)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func newClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}
