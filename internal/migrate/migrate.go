// Package migrate brings a PostgreSQL schema to the state that schema/*.sql describes. Atlas computes the difference
// between the files, evaluated on the user's own server, and what stands there; this package decides what of it may
// happen without being asked. It moves no data and knows no event: tables that the files do not name do not exist for
// it. The invariant: without AllowDestructive, nothing that was readable or writable before is less so afterwards.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// tablesPerTx bounds the tables that one transaction creates, compares or gives views. A table takes about eight
// locks with its indexes, a server with default settings has 6,400 for everybody, and writers need some too.
const tablesPerTx = 200

// Migrator compares one database with one set of schema files, and applies what it lacks. It holds no connection and
// no state between calls: every method opens one connection and closes it. Methods may run at the same time.
type Migrator struct {
	config      *pgx.ConnConfig
	source      *source
	log         *slog.Logger
	lockTimeout time.Duration
	progress    func(step string, done, total int)
}

// Option changes how a Migrator works.
type Option func(*Migrator)

// WithLogger sends what the Migrator waits for and does to log. The default is silence.
func WithLogger(log *slog.Logger) Option {
	return func(m *Migrator) { m.log = log }
}

// WithLockTimeout bounds how long a change of an existing table waits for its lock, because everything that comes
// after it waits behind it. The default is five seconds. https://www.postgresql.org/docs/current/explicit-locking.html
func WithLockTimeout(d time.Duration) Option {
	return func(m *Migrator) { m.lockTimeout = d }
}

// WithProgress calls f while Plan, Apply and BuildIndexes work, with the step (compare, apply, views, index), what is
// done of it, at first nothing, and what there is to do: tables, changes, views, indexes. It is called in the goroutine
// of the caller, between transactions.
func WithProgress(f func(step string, done, total int)) Option {
	return func(m *Migrator) { m.progress = f }
}

// New reads the *.sql files at the top of files and the URL, and connects to nothing. The tables are for the schema
// that the connection finds first, as a statement without a schema would; ?search_path= in the URL names another.
func New(databaseURL string, files fs.FS, opts ...Option) (*Migrator, error) {
	config, err := parseURL(databaseURL)
	if err != nil {
		return nil, err
	}
	src, err := readSource(files)
	if err != nil {
		return nil, err
	}
	m := &Migrator{
		config:      config,
		source:      src,
		log:         slog.New(slog.DiscardHandler),
		lockTimeout: 5 * time.Second,
		progress:    func(string, int, int) {},
	}
	for _, opt := range opts {
		opt(m)
	}
	return m, nil
}

// Plan compares every table with the files, and changes nothing. It costs about a second for 300 tables.
func (m *Migrator) Plan(ctx context.Context) (*Plan, error) {
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.plan(ctx)
}

// ApplyOption changes what Apply may do.
type ApplyOption func(*applyOptions)

type applyOptions struct {
	destructive bool
	full        bool
}

// AllowDestructive is CompareInFull, and lets Apply run what it refuses otherwise: statements that drop or rewrite.
func AllowDestructive() ApplyOption {
	return func(o *applyOptions) { o.full, o.destructive = true, true }
}

// CompareInFull makes Apply compare every table even where the stored hash says that nothing changed, and do what a
// start leaves to the operator, as far as it is additive: Plan.Deferred, and views that show their table otherwise.
func CompareInFull() ApplyOption {
	return func(o *applyOptions) { o.full = true }
}

// Apply brings the schema to the desired state and returns what it did. It is safe to call from any number of
// instances at once: one works, the others wait and find nothing to do. A plan that is not additive gives a
// *RefusedError and changes nothing. An Apply that is cut off goes on at the next call. New indexes of tables that
// exist are left to BuildIndexes, and where that is at work, tables that exist are altered when it is done.
func (m *Migrator) Apply(ctx context.Context, opts ...ApplyOption) (*Plan, error) {
	var o applyOptions
	for _, opt := range opts {
		opt(&o)
	}
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	nothing := newPlan(s.target)
	if done, err := s.upToDate(ctx, o); done || err != nil {
		return nothing, err
	}
	if err := s.lock(ctx, "migrate"); err != nil {
		return nil, err
	}
	// Asked again behind the lock: another instance may have done it all in the meantime.
	if done, err := s.upToDate(ctx, o); done || err != nil {
		return nothing, err
	}
	plan, err := s.plan(ctx)
	if err != nil {
		return nil, err
	}
	if err := plan.refusal(o); err != nil {
		return plan, err
	}
	plan.take(o, s.source.tables)
	return plan, s.apply(ctx, plan, o)
}

// Status is where a database stands.
type Status struct {
	ServerVersion string    `json:"server_version"`
	Database      string    `json:"database"`
	Schema        string    `json:"schema"`
	HexSchema     string    `json:"hex_schema"`
	Tables        int       `json:"tables"`       // tables in the files
	HashMatches   bool      `json:"hash_matches"` // these very files were applied
	AppliedAt     time.Time `json:"applied_at"`   // zero: nothing was
	Pending       int       `json:"pending"`      // changes that a full comparison finds
	Refused       int       `json:"refused"`      // those of them that are not additive
	Deferred      int       `json:"deferred"`     // differences that this version works with
	// MissingIndexes and InvalidIndexes are those that BuildIndexes builds, of tables that exist; one that is being
	// built counts as missing.
	MissingIndexes []string `json:"missing_indexes"`
	InvalidIndexes []string `json:"invalid_indexes"`
}

// Status compares in full and changes nothing. For a probe, see Ready.
func (m *Migrator) Status(ctx context.Context) (*Status, error) {
	s, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	stored, err := s.stored(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := s.plan(ctx)
	if err != nil {
		return nil, err
	}
	st := &Status{
		ServerVersion: s.version,
		Database:      s.database,
		Schema:        s.target,
		HexSchema:     s.hexSchema(),
		Tables:        len(m.source.tables),
		HashMatches:   stored.matches(m.source.hash),
		AppliedAt:     stored.appliedAt,
		Pending:       len(plan.Changes),
		Refused:       len(plan.reasons()),
		Deferred:      len(plan.Deferred),

		MissingIndexes: []string{},
		InvalidIndexes: []string{},
	}
	lacking, err := s.lackingIndexes(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range lacking {
		if x.state == indexInvalid {
			st.InvalidIndexes = append(st.InvalidIndexes, x.name)
		} else {
			st.MissingIndexes = append(st.MissingIndexes, x.name)
		}
	}
	return st, nil
}

// parseURL reads a URL or a keyword string as libpq does. pgx repeats parts of what it could not read, and a password
// with a character that should have been escaped is exactly what it cannot read, so its error is not passed on.
func parseURL(databaseURL string) (*pgx.ConnConfig, error) {
	if databaseURL == "" {
		return nil, errors.New("read DATABASE_URL: it is empty; hint: postgres://user:password@host:5432/database")
	}
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("read DATABASE_URL: it is neither a PostgreSQL URL nor a keyword string; " +
			"hint: postgres://user:password@host:5432/database, characters such as @ : / # ? % in the password " +
			"percent-encoded")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	return config, nil
}

// connectTimeout is what a connection may take where the URL does not say: a server that is frozen accepts it, and never
// says a word.
const connectTimeout = 10 * time.Second

// checkVersion refuses servers that lack what the schema needs: version 14 brought BRIN bloom indexes.
// https://www.postgresql.org/docs/14/release-14.html
func checkVersion(num int, text string) error {
	if num < 14_00_00 {
		return fmt.Errorf("check server version: PostgreSQL %s is too old; hint: use version 14 or newer", text)
	}
	return nil
}
