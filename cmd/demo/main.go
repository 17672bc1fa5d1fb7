// Command demo shows the service at work: it plays a stream that a real rindexer recorded into Redis, has the
// service write it into PostgreSQL, and prints what stands in the tables. It exits with 1 if any event is missing.
//
// Servers are those of DATABASE_URL and REDIS_URL, or throwaway ones. It touches a schema demo_<id>, its views in
// demo_<id>_hex, and keys demo:<id>:*, and removes them.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

func main() {
	binary := flag.String("binary", "bin/redis-postgres-sync", "the service")
	flag.Parse()
	stream.LogTo(slog.New(slog.DiscardHandler))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *binary)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run: its servers, and the names of what it makes on them.
type demo struct {
	databaseURL string
	redisURL    string
	schema      string
	prefix      string

	db    *pgx.Conn
	redis redis.UniversalClient
	out   *os.File
}

func run(ctx context.Context, out *os.File, binary string) (err error) {
	entries, err := recording.Entries("multivault")
	if err != nil {
		return err
	}
	expected, err := expect(entries)
	if err != nil {
		return err
	}
	servers, err := findServers(ctx, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.stop()) }()

	d, err := open(ctx, servers)
	if err != nil {
		return err
	}
	d.out = out
	defer func() { err = errors.Join(err, d.remove()) }()

	service, err := d.startService(binary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Stop()) }()

	start := time.Now()
	if err := recording.Play(ctx, d.redis, entries, func(stream string) string { return d.prefix + stream }); err != nil {
		return err
	}
	written, err := d.watch(ctx, service, expected, start)
	if err != nil {
		return err
	}
	return d.report(ctx, expected, written)
}

// servers are where the demo runs; started are those of them that it started itself.
type servers struct {
	databaseURL string
	redisURL    string
	started     []*launch.Server
}

func findServers(ctx context.Context, out io.Writer) (*servers, error) {
	s := &servers{databaseURL: os.Getenv("DATABASE_URL"), redisURL: os.Getenv("REDIS_URL")}
	var missing []launch.Program
	if s.databaseURL == "" {
		missing = append(missing, launch.PostgreSQL)
	}
	if s.redisURL == "" {
		missing = append(missing, launch.RedisServer)
	}
	if err := launch.Install(ctx, out, missing...); err != nil {
		return nil, err
	}
	if s.databaseURL == "" {
		if err := s.start(ctx, launch.Postgres, &s.databaseURL); err != nil {
			return nil, err
		}
	}
	if s.redisURL == "" {
		if err := s.start(ctx, launch.Redis, &s.redisURL); err != nil {
			return nil, errors.Join(err, s.stop())
		}
	}
	return s, nil
}

func (s *servers) start(ctx context.Context, start func(context.Context) (*launch.Server, error), url *string) error {
	server, err := start(ctx)
	if err != nil {
		return err
	}
	s.started = append(s.started, server)
	*url = server.URL()
	return nil
}

func (s *servers) stop() error {
	var errs []error
	for _, server := range s.started {
		errs = append(errs, server.Stop())
	}
	return errors.Join(errs...)
}

// open connects to the servers and makes the schema.
func open(ctx context.Context, s *servers) (*demo, error) {
	id := make([]byte, 4)
	rand.Read(id)
	d := &demo{redisURL: s.redisURL}
	d.schema = "demo_" + hex.EncodeToString(id)
	d.prefix = "demo:" + hex.EncodeToString(id) + ":"

	var err error
	if d.redis, err = stream.Connect(s.redisURL); err != nil {
		return nil, err
	}
	if err := d.redis.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("reach Redis: %w", err)
	}
	config, err := pgx.ParseConfig(s.databaseURL)
	if err != nil {
		return nil, fmt.Errorf("parse DATABASE_URL: not a PostgreSQL URL; hint: postgresql://user:password@host/database")
	}
	config.RuntimeParams["search_path"] = d.schema
	if d.databaseURL, err = withSearchPath(s.databaseURL, d.schema); err != nil {
		return nil, err
	}
	if d.db, err = pgx.ConnectConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if _, err := d.db.Exec(ctx, "CREATE SCHEMA "+d.schema); err != nil {
		return nil, fmt.Errorf("create schema %s: %w", d.schema, err)
	}
	return d, nil
}

// removeTimeout bounds the cleaning up, which happens after an interrupt as well.
const removeTimeout = 30 * time.Second

// remove drops all that the demo made.
func (d *demo) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	_, err := d.db.Exec(ctx, fmt.Sprintf("DROP SCHEMA IF EXISTS %s_hex CASCADE; DROP SCHEMA %[1]s CASCADE", d.schema),
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		err = fmt.Errorf("drop schema %s: %w", d.schema, err)
	}
	keys := d.redis.Scan(ctx, 0, d.prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		d.redis.Del(ctx, keys.Val())
	}
	return errors.Join(err, keys.Err(), d.db.Close(ctx), d.redis.Close())
}
