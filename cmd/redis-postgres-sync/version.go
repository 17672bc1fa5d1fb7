package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
)

// version and commit are set by a release: -ldflags "-X main.version=v1.2.3 -X main.commit=0a1b2c3".
var version, commit string

// buildInfo tells which program this is.
type buildInfo struct {
	Version   string `json:"version"`
	Commit    string `json:"commit"`
	GoVersion string `json:"go_version"`
	// EventTables counts the events that the ABIs describe, each of which has a table.
	EventTables int `json:"event_tables"`
}

// build takes what the linker was told first, then what the go command has recorded of module and repository.
func build() buildInfo {
	var module, revision string
	if recorded, ok := debug.ReadBuildInfo(); ok {
		module, revision = recordedVersion(recorded), recordedCommit(recorded)
	}
	return buildInfo{
		Version:     cmp.Or(version, module, "devel"),
		Commit:      cmp.Or(commit, revision, "unknown"),
		GoVersion:   runtime.Version(),
		EventTables: len(events.Catalog.All()),
	}
}

func recordedVersion(info *debug.BuildInfo) string {
	if info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}

// recordedCommit marks a commit that is not all there is to the program.
func recordedCommit(info *debug.BuildInfo) string {
	var revision, mark string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			mark = "-modified"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + mark
}

func versionCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:     "version",
		Short:   "Print version, commit, Go version and the number of event tables",
		Example: "  redis-postgres-sync version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return failed(build().print(cmd.OutOrStdout(), asJSON))
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (b buildInfo) print(w io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(b)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "version\t%s\n", b.Version)
	fmt.Fprintf(table, "commit\t%s\n", b.Commit)
	fmt.Fprintf(table, "Go version\t%s\n", b.GoVersion)
	fmt.Fprintf(table, "event tables\t%d\n", b.EventTables)
	return table.Flush()
}
