package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
)

// allCommands returns every command of the program, the program itself first.
func allCommands() []*cobra.Command {
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		all = append(all, c)
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(rootCommand())
	return all
}

// words are what a shell makes of the command's path, but for the program.
func words(c *cobra.Command) []string { return strings.Fields(c.CommandPath())[1:] }

// coming tells whether the command only answers that it does not exist yet.
func coming(c *cobra.Command) bool { return strings.Contains(c.Short, "not available in this version") }

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range allCommands() {
		t.Run(c.CommandPath(), func(t *testing.T) {
			t.Parallel()
			code, output := command(t, nil, append(words(c), "--help")...)
			expect(t, exitDone, code, output, "Usage:", "Examples:")
			if c.Short == "" || c.Example == "" {
				t.Error("it has no description or no example")
			}
			for line := range strings.Lines(c.Example) {
				expect(t, exitDone, code, output, strings.TrimSpace(line))
				if err := checkExample(c, line); err != nil {
					t.Errorf("example %q: %v", strings.TrimSpace(line), err)
				}
			}
		})
	}
}

// checkExample takes a line of an example apart as a shell and the program would, and runs nothing.
func checkExample(c *cobra.Command, line string) error {
	line, _, _ = strings.Cut(line, " | ")
	args := strings.Fields(line)
	for len(args) > 0 && strings.Contains(args[0], "=") {
		if name, _, _ := strings.Cut(args[0], "="); !isSetting(name) {
			return fmt.Errorf("%s is not a setting", name)
		}
		args = args[1:]
	}
	if len(args) == 0 || args[0] != c.Root().Name() {
		return fmt.Errorf("it does not begin with the program's name")
	}
	named, rest, err := rootCommand().Find(args[1:])
	if err != nil {
		return err
	}
	if !strings.HasPrefix(named.CommandPath()+" ", c.CommandPath()+" ") {
		return fmt.Errorf("it shows %s", named.CommandPath())
	}
	if err := named.ParseFlags(rest); err != nil {
		return err
	}
	if !coming(named) {
		rest = named.Flags().Args()
	}
	if err := named.ValidateArgs(rest); err != nil {
		return err
	}
	return named.ValidateRequiredFlags()
}

func isSetting(name string) bool {
	return slices.ContainsFunc(config.Settings(), func(s config.Setting) bool {
		return name == s.Name || s.Secret && name == s.Name+"_FILE"
	})
}

// TestExamplesAreChecked: the check of the examples finds what it is for.
func TestExamplesAreChecked(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "redis-postgres-sink run", "./redis-postgres-sync run", "BATCHSIZE=1 redis-postgres-sync run", "redis-postgres-sync rum",
		"redis-postgres-sync run --no-such-flag", "redis-postgres-sync run again", "redis-postgres-sync migrate plan --batch-size",
	} {
		if checkExample(rootCommand(), line) == nil {
			t.Errorf("%q passes", line)
		}
	}
}

// TestWrongUse: whatever does not exist is answered with what to do next.
func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, c := range allCommands() {
		if coming(c) {
			continue
		}
		t.Run(c.CommandPath(), func(t *testing.T) {
			t.Parallel()
			code, output := command(t, nil, append(words(c), "--no-such-flag")...)
			expect(t, exitUsage, code, output, "unknown flag: --no-such-flag", "; hint: ", "--help")
			if c.HasSubCommands() {
				code, output = command(t, nil, append(words(c), "no-such-command")...)
				expect(t, exitUsage, code, output, "no-such-command", "; hint: ", "--help")
			}
		})
	}
}

// TestComing: no flag and no argument hides that the command does not exist yet.
func TestComing(t *testing.T) {
	t.Parallel()
	for _, c := range allCommands() {
		if !coming(c) {
			continue
		}
		t.Run(c.CommandPath(), func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{
				nil, {"--no-such-flag"}, {"--from-block=1", "--to-block", "2"}, {"--json"}, {"range", "1", "2"}, {"--batch-size"},
			} {
				code, output := command(t, []string{"BATCH_SIZE=none"}, append(words(c), args...)...)
				expect(t, exitUsage, code, output, c.Name()+" is not available in this version; hint: ")
			}
			for _, args := range [][]string{{"-h"}, {"--from-block=1", "--help"}} {
				code, output := command(t, nil, append(words(c), args...)...)
				expect(t, exitDone, code, output, "not available in this version", "Usage:")
			}
		})
	}
	_, output := command(t, nil, "--help")
	for _, name := range []string{"verify", "audit"} {
		if !strings.Contains(output, "\n  "+name+" ") {
			t.Errorf("help does not announce %s:\n%s", name, output)
		}
	}
}

// withoutTable are the commands that do something, and print no table of what there is.
var withoutTable = []string{"run", "healthcheck"}

func TestTablesComeAsJSONToo(t *testing.T) {
	t.Parallel()
	for _, c := range allCommands() {
		if c.HasSubCommands() || coming(c) || slices.Contains(withoutTable, c.Name()) {
			continue
		}
		c.InheritedFlags() // a command knows its parents' flags once they are asked for
		if flag := c.Flag("json"); flag == nil || flag.Value.Type() != "bool" {
			t.Errorf("%s has no --json", c.CommandPath())
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	want := build()
	code, output := command(t, nil, "version")
	expect(t, exitDone, code, output, want.Version, want.Commit, want.GoVersion, fmt.Sprintf("event tables  %d\n", want.EventTables))
	code, output = command(t, []string{"BATCH_SIZE=none"}, "version", "--json")
	expect(t, exitDone, code, output)
	var got buildInfo
	if err := json.Unmarshal([]byte(output), &got); err != nil || got != want || want.EventTables < 30 {
		t.Errorf("got %+v, want %+v, error %v", got, want, err)
	}
}

func TestRecordedBuild(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		info            debug.BuildInfo
		version, commit string
	}{
		"nothing": {debug.BuildInfo{}, "", ""},
		"outside a repository": {debug.BuildInfo{
			Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}},
		}, "", ""},
		"a commit": {debug.BuildInfo{
			Main:     debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0a1b"}, {Key: "vcs.modified", Value: "false"}},
		}, "v1.2.3", "0a1b"},
		"with changes": {debug.BuildInfo{
			Main:     debug.Module{Version: "v1.2.4-0.20250130-0a1b+dirty"},
			Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "0a1b"}},
		}, "v1.2.4-0.20250130-0a1b+dirty", "0a1b-modified"},
	} {
		if v, c := recordedVersion(&test.info), recordedCommit(&test.info); v != test.version || c != test.commit {
			t.Errorf("%s: version %q, want %q; commit %q, want %q", name, v, test.version, c, test.commit)
		}
	}
}

// TestComingSettings: what a later version will take is refused by this one, and not silently left out.
func TestComingSettings(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{
		"REDIS_URL=redis://h:6379?addr=h2:6379", "REDIS_URL=redis://h:6379?cluster=true",
		"REDIS_URL=redis://h:26379?master_name=m", "RPC_URL=http://h:8545",
	} {
		t.Run(strings.ReplaceAll(setting, "/", "|"), func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(setting, "=")
			code, output := command(t, []string{"DATABASE_URL=postgres://127.0.0.1:1/db", setting}, "run")
			expect(t, exitUsage, code, output, name, "not available in this version")
		})
	}
}
