package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/schema"
)

// migrateFlags say where the desired state and the database are, when not in the binary and in DATABASE_URL.
type migrateFlags struct {
	atlas string
	env   string
	json  bool
}

func migrateCommand() *cobra.Command {
	var flags migrateFlags
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Compare the database with the schema, and apply what it lacks",
		Long: "Compares the database with the schema that this program carries, or with the one that atlas.hcl names,\n" +
			"and applies what the database lacks. Tables that the schema does not name are left alone.",
		Example: "  redis-postgres-sync migrate plan",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	set := command.PersistentFlags()
	set.StringVar(&flags.atlas, "atlas", "", "take schema and database from this atlas.hcl")
	set.StringVar(&flags.env, "env", "local", "environment of atlas.hcl")
	set.BoolVar(&flags.json, "json", false, "print JSON")
	command.AddCommand(planCommand(&flags), applyCommand(&flags), statusCommand(&flags))
	return command
}

func planCommand(flags *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "plan",
		Short:   "Print what the database lacks; exit 1 if that would drop or rewrite anything",
		Example: "  redis-postgres-sync migrate plan --atlas atlas.hcl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			migrator, bar, err := flags.migrator(cmd)
			if err != nil {
				return err
			}
			plan, err := migrator.Plan(cmd.Context())
			bar.end()
			if err != nil {
				return failed(err)
			}
			if err := flags.print(cmd.OutOrStdout(), plan, plan.String()); err != nil {
				return failed(err)
			}
			switch refused := plan.Refused(); {
			case refused == nil:
				return nil
			case len(refused.Foreign) > 0:
				return failed(errors.New("these are tables of the Rust service, which no statement makes ours; " +
					"hint: use another schema or database, as docs/from-rust.md shows"))
			default:
				return failed(errors.New("the plan would drop or rewrite something, so a start refuses it; " +
					"hint: run redis-postgres-sync migrate apply --allow-destructive if that is meant"))
			}
		},
	}
}

func applyCommand(flags *migrateFlags) *cobra.Command {
	var destructive bool
	command := &cobra.Command{
		Use:   "apply",
		Short: "Apply what the database lacks; refuse what would drop or rewrite anything",
		Example: "  redis-postgres-sync migrate apply\n" +
			"  redis-postgres-sync migrate apply --allow-destructive",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			migrator, bar, err := flags.migrator(cmd)
			if err != nil {
				return err
			}
			options := []migrate.ApplyOption{migrate.CompareInFull()}
			if destructive {
				options = append(options, migrate.AllowDestructive())
			}
			plan, err := migrator.Apply(cmd.Context(), options...)
			bar.end()
			if err != nil {
				return failed(err)
			}
			if err := flags.print(cmd.OutOrStdout(), plan, plan.String()); err != nil {
				return failed(err)
			}
			bar.begin()
			defer bar.end()
			_, err = migrator.BuildIndexes(cmd.Context())
			return failed(err)
		},
	}
	command.Flags().BoolVar(&destructive, "allow-destructive", false, "run statements that drop or rewrite, too")
	return command
}

func statusCommand(flags *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Print where the schema stands; exit 1 if it lacks anything",
		Example: "  redis-postgres-sync migrate status --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			migrator, bar, err := flags.migrator(cmd)
			if err != nil {
				return err
			}
			status, err := migrator.Status(cmd.Context())
			bar.end()
			if err != nil {
				return failed(err)
			}
			if err := flags.print(cmd.OutOrStdout(), status, statusTable(status)); err != nil {
				return failed(err)
			}
			if status.Pending > 0 {
				return failed(fmt.Errorf("%d changes are pending; hint: run redis-postgres-sync migrate plan", status.Pending))
			}
			return nil
		},
	}
}

func statusTable(s *migrate.Status) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "server\tPostgreSQL %s\n", s.ServerVersion)
	fmt.Fprintf(w, "database\t%s\n", s.Database)
	fmt.Fprintf(w, "schema\t%s (views for people in %s)\n", s.Schema, s.HexSchema)
	fmt.Fprintf(w, "tables\t%d\n", s.Tables)
	fmt.Fprintf(w, "these files applied\t%t\n", s.HashMatches)
	fmt.Fprintf(w, "last applied\t%s\n", lastApplied(s.AppliedAt))
	fmt.Fprintf(w, "pending changes\t%d, of which refused %d\n", s.Pending, s.Refused)
	fmt.Fprintf(w, "differences that do no harm\t%d\n", s.Deferred)
	fmt.Fprintf(w, "missing indexes\t%s\n", list(s.MissingIndexes))
	fmt.Fprintf(w, "invalid indexes\t%s", list(s.InvalidIndexes))
	w.Flush()
	return text.String()
}

func lastApplied(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// migrator returns the engine for the database and the schema that the flags name, and what shows how far it is.
func (f *migrateFlags) migrator(cmd *cobra.Command) (*migrate.Migrator, *progress, error) {
	var files fs.FS = schema.Files
	var url string
	if f.atlas != "" {
		project, err := migrate.ReadProject(f.atlas, f.env)
		if err != nil {
			return nil, nil, err
		}
		files, url = os.DirFS(project.Dir), project.URL
	}
	if url == "" {
		cfg, _, err := loadConfig(cmd)
		if err != nil {
			return nil, nil, err
		}
		url = cfg.DatabaseURL.Reveal()
	}
	bar := newProgress(cmd.ErrOrStderr())
	migrator, err := migrate.New(url, files, migrate.WithProgress(bar.step))
	if err != nil {
		bar.end()
	}
	return migrator, bar, err
}

func (f *migrateFlags) print(w io.Writer, value any, text string) error {
	if !f.json {
		_, err := fmt.Fprintln(w, text)
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
