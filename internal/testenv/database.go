package testenv

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// cleanupTimeout bounds what a cleanup asks of a server; tb.Context has ended by then.
const cleanupTimeout = 30 * time.Second

// Database creates an empty database for this test alone and returns its URL. It is dropped at the end of the test,
// sessions that are still in it included.
func Database(tb testing.TB) string {
	tb.Helper()
	server := sharedPostgres.URL(tb)
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		tb.Fatalf("parse TEST_DATABASE_URL: not a URL; hint: write it as postgres://user:password@host:port/database")
	}
	name := "test_" + randomName()
	create := "CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'"
	if err := execute(tb.Context(), server, create); err != nil {
		tb.Fatalf("create database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
		defer cancel()
		if err := execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop database: %v", err)
		}
	})
	u.Path = "/" + name
	return u.String()
}

// execute uses a connection of its own, so that none is open when a test looks for leaked goroutines.
func execute(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// randomName is 26 lower-case letters and digits: an identifier that needs no quotes.
func randomName() string { return strings.ToLower(rand.Text()) }
