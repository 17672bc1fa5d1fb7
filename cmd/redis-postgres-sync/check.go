package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/preflight"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/schema"
)

const (
	// serverTimeout bounds what is asked of one server; a healthy one has answered within some milliseconds.
	serverTimeout = 15 * time.Second
	// compareTimeout bounds the comparison of the schema, which takes about a second for 300 tables.
	compareTimeout = 2 * time.Minute
	// migrating are the connections that look after the schema: one that compares or changes it, and one that builds indexes.
	migrating = 2
)

func checkCommand() *cobra.Command {
	var manifest string
	var asJSON bool
	command := &cobra.Command{
		Use:   "check",
		Short: "Look at configuration, Redis, PostgreSQL, schema and rindexer's pitfalls; exit 1 if something fails",
		Long: "Looks at what the service needs, and changes nothing: the configuration, Redis and its streams, PostgreSQL and\n" +
			"what the role may do there, the schema, and with --manifest the events that rindexer would drop, garble or\n" +
			"crash on, and its settings that lose events. A warning leaves the exit code at 0.",
		Example: "  redis-postgres-sync check --manifest rindexer.yaml\n" +
			"  redis-postgres-sync check --json | jq '.findings[] | select(.verdict != \"ok\")'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := newCheck(cmd, manifest)
			if err != nil {
				return err
			}
			defer c.redis.Close()
			c.run(cmd.Context())
			if err := printFindings(cmd.OutOrStdout(), c.findings, asJSON); err != nil {
				return failed(err)
			}
			return failed(failures(c.findings))
		},
	}
	command.Flags().StringVar(&manifest, "manifest", "", "rindexer.yaml to look at, with the ABIs that it names")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// check is one look at everything.
type check struct {
	cfg      config.Config
	redis    redis.UniversalClient
	database preflight.Database
	migrator *migrate.Migrator
	bar      *progress
	findings []preflight.Finding
	rindexer []preflight.Finding // of the manifest, which are told last
}

// newCheck asks no server. Its errors are those of wrong use.
func newCheck(cmd *cobra.Command, manifest string) (*check, error) {
	cfg, notes, err := loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	c := &check{cfg: cfg, findings: configured(notes)}
	if c.rindexer, err = c.manifest(manifest); err != nil {
		return nil, err
	}
	pool, err := pgxpool.ParseConfig(cfg.DatabaseURL.Reveal())
	if err != nil { // it quotes the URL
		return nil, errors.New("parse DATABASE_URL: it is no PostgreSQL URL or keyword string; " +
			"hint: postgresql://user:password@host:5432/database")
	}
	c.database = preflight.Database{
		Config:      pool.ConnConfig,
		Connections: writers(cfg) + probes + migrating,
		Migrates:    cfg.AutoMigrate,
		Tables:      usedTables(),
	}
	c.bar = newProgress(cmd.ErrOrStderr())
	if c.migrator, err = migrate.New(cfg.DatabaseURL.Reveal(), schema.Files, migrate.WithProgress(c.bar.step)); err != nil {
		c.bar.end()
		return nil, err
	}
	stream.LogTo(slog.New(slog.DiscardHandler)) // what go-redis has to say is a finding
	if c.redis, err = stream.Connect(cfg.RedisURL.Reveal()); err != nil {
		c.bar.end()
		return nil, err
	}
	return c, nil
}

func configured(notes []string) []preflight.Finding {
	const area = "configuration"
	if len(notes) == 0 {
		return []preflight.Finding{{Area: area, Subject: "settings", Verdict: preflight.OK, Detail: "read, all within range"}}
	}
	var all []preflight.Finding
	for _, note := range notes {
		all = append(all, preflight.Finding{Area: area, Subject: "settings", Verdict: preflight.Warning, Detail: note})
	}
	return all
}

func (c *check) manifest(path string) ([]preflight.Finding, error) {
	if path == "" {
		return []preflight.Finding{{Area: "rindexer", Subject: "manifest", Verdict: preflight.OK,
			Detail: "not looked at: name it with --manifest"}}, nil
	}
	return preflight.Manifest(path, preflight.Service{
		RedisURL: c.cfg.RedisURL.Reveal(),
		Streams:  c.cfg.RedisStreams,
		Catalog:  events.Catalog,
		Env:      os.LookupEnv,
	})
}

// usedTables are those that the service itself reads and writes, and how.
func usedTables() []preflight.Table {
	tables := []preflight.Table{
		{Name: "generic_events", Privileges: []string{"SELECT", "INSERT", "UPDATE", "DELETE"}},
		{Name: "dead_letters", Privileges: []string{"SELECT", "INSERT", "UPDATE"}},
		{Name: "blocks", Privileges: []string{"SELECT", "INSERT", "UPDATE", "DELETE"}},
		{Name: "reorgs", Privileges: []string{"SELECT", "INSERT"}},
	}
	for _, d := range events.Catalog.All() {
		tables = append(tables, preflight.Table{Name: d.Table, Privileges: []string{"SELECT", "INSERT", "UPDATE"}})
	}
	return tables
}

func (c *check) run(ctx context.Context) {
	defer c.bar.end()
	c.findings = append(c.findings, preflight.Encryption(&c.database.Config.Config, c.cfg.RedisURL.Reveal())...)
	c.findings = append(c.findings, within(ctx, serverTimeout, func(ctx context.Context) []preflight.Finding {
		return preflight.Redis(ctx, c.redis, c.cfg.ConsumerGroup, c.cfg.RedisStreams)
	})...)
	postgres := within(ctx, serverTimeout, func(ctx context.Context) []preflight.Finding {
		return preflight.Postgres(ctx, c.database)
	})
	c.findings = append(c.findings, postgres...)
	if usable(postgres) {
		c.findings = append(c.findings, within(ctx, compareTimeout, c.schema)...)
	}
	c.findings = append(c.findings, c.rindexer...)
}

func within(
	ctx context.Context, timeout time.Duration, look func(context.Context) []preflight.Finding,
) []preflight.Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return look(ctx)
}

// usable reports whether the server is there and new enough; else the schema has nothing to add.
func usable(postgres []preflight.Finding) bool {
	return !slices.ContainsFunc(postgres, func(f preflight.Finding) bool {
		return f.Subject == "server" && f.Verdict == preflight.Failure
	})
}

const (
	schemaArea = "schema"
	runPlan    = "run redis-postgres-sync migrate plan, then migrate apply"
)

func schemaFinding(subject string, verdict preflight.Verdict, hint, format string, args ...any) preflight.Finding {
	return preflight.Finding{
		Area: schemaArea, Subject: subject, Verdict: verdict, Detail: fmt.Sprintf(format, args...), Hint: hint,
	}
}

// schema tells what a start would find. With AUTO_MIGRATE off it asks only whether this version can work with the
// tables, so that is what counts; to compare in full takes a privilege that such a role need not have.
func (c *check) schema(ctx context.Context) []preflight.Finding {
	ready := c.migrator.Ready(ctx)
	mismatch, unfit := errors.AsType[*migrate.MismatchError](ready)
	if ready != nil && !unfit {
		return []preflight.Finding{broken(ready)}
	}
	plan, err := c.migrator.Plan(ctx)
	switch {
	case err != nil && !c.cfg.AutoMigrate && !unfit:
		return []preflight.Finding{schemaFinding("tables", preflight.OK, "",
			"as this version needs them; not compared in full")}
	case err != nil && !c.cfg.AutoMigrate:
		return mismatches(mismatch)
	case err != nil:
		return []preflight.Finding{broken(err)}
	}
	if refused := plan.Refused(); refused != nil {
		return refusals(refused)
	}
	return append(c.pending(plan, unfit), c.left(plan)...)
}

func broken(err error) preflight.Finding {
	detail, hint, _ := strings.Cut(err.Error(), "; hint: ")
	return schemaFinding("tables", preflight.Failure, hint, "%s", strings.Join(strings.Fields(detail), " "))
}

func mismatches(e *migrate.MismatchError) []preflight.Finding {
	return []preflight.Finding{schemaFinding("tables", preflight.Failure, runPlan+", as a role that owns the tables",
		"AUTO_MIGRATE is off, and %s", some(e.Problems))}
}

// refusals has one finding for each table, or one for all where they are those of another program.
func refusals(e *migrate.RefusedError) []preflight.Finding {
	if len(e.Foreign) > 0 {
		return []preflight.Finding{schemaFinding("tables", preflight.Failure,
			"use another schema (?search_path=name in DATABASE_URL) or another database; "+
				"docs/from-rust.md shows how to move the rows",
			"schema %s holds the tables of the earlier service in Rust: %s", e.Plan.Schema, some(e.Foreign))}
	}
	var tables []string
	reasons := map[string][]string{}
	for _, change := range e.Plan.Changes {
		if len(change.Refused) > 0 && reasons[change.Table] == nil {
			tables = append(tables, change.Table)
		}
		for _, reason := range change.Refused {
			reasons[change.Table] = append(reasons[change.Table], strings.TrimPrefix(reason, "table "+change.Table+": "))
		}
	}
	var all []preflight.Finding
	for _, table := range tables {
		all = append(all, schemaFinding("table "+table, preflight.Failure,
			"run redis-postgres-sync migrate plan; after a backup, migrate apply --allow-destructive does it",
			"a start refuses what is not additive: %s", some(reasons[table])))
	}
	return all
}

// pending tells of additive changes.
func (c *check) pending(plan *migrate.Plan, unfit bool) []preflight.Finding {
	var tables []string
	for _, change := range plan.Changes {
		if !slices.Contains(tables, change.Table) && change.Table != "" {
			tables = append(tables, change.Table)
		}
	}
	lacking := fmt.Sprintf("schema %s lacks something of %s", plan.Schema, some(tables))
	switch {
	case len(plan.Changes) == 0:
		return []preflight.Finding{schemaFinding("tables", preflight.OK, "", "as desired, in schema %s", plan.Schema)}
	case c.cfg.AutoMigrate:
		return []preflight.Finding{schemaFinding("tables", preflight.OK, "", "%s, which will be added at start", lacking)}
	case unfit:
		return []preflight.Finding{schemaFinding("tables", preflight.Failure, runPlan, "AUTO_MIGRATE is off, and %s", lacking)}
	}
	return []preflight.Finding{schemaFinding("tables", preflight.Warning, runPlan,
		"AUTO_MIGRATE is off, and %s, which this version can work without", lacking)}
}

// left tells of what a start does not do.
func (c *check) left(plan *migrate.Plan) []preflight.Finding {
	var all []preflight.Finding
	switch n := len(plan.Indexes); {
	case n > 0 && c.cfg.AutoMigrate:
		all = append(all, schemaFinding("indexes", preflight.OK, "", "%d will be built while the service runs", n))
	case n > 0:
		all = append(all, schemaFinding("indexes", preflight.Warning, runPlan,
			"AUTO_MIGRATE is off, and %d are missing", n))
	}
	if n := len(plan.Deferred); n > 0 {
		all = append(all, schemaFinding("differences", preflight.OK, "",
			"%d that this version works with; migrate plan prints them", n))
	}
	return all
}

// some joins texts, and counts those that a table has no room for.
func some(texts []string) string {
	const most = 5
	if len(texts) <= most {
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
}

func printFindings(w io.Writer, findings []preflight.Finding, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(struct {
			Verdict  preflight.Verdict   `json:"verdict"`
			Findings []preflight.Finding `json:"findings"`
		}{preflight.Worst(findings), findings})
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AREA\tSUBJECT\tVERDICT\tDETAIL")
	for _, f := range findings {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Area, f.Subject, f.Verdict, f.Detail)
		if f.Hint != "" {
			fmt.Fprintf(table, "\t\t\thint: %s\n", f.Hint)
		}
	}
	return table.Flush()
}

// failures sums up what fails, or returns nil.
func failures(findings []preflight.Finding) error {
	var subjects []string
	for _, f := range findings {
		if f.Verdict == preflight.Failure {
			subjects = append(subjects, f.Area+" "+f.Subject)
		}
	}
	if len(subjects) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d checks fail: %s; hint: each says above what to do",
		len(subjects), len(findings), some(subjects))
}
