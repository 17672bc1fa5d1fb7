package launch

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a Debian of three files: a fake apt-get, which logs its arguments and what it finds in the two files that
// Install puts in its way, and those files.
type machine struct {
	apt
	log string
}

const clusterDefaults = "#create_main_cluster = true\n"

// newMachine runs body in apt-get after the logging; $command is install or update.
func newMachine(t *testing.T, body string) machine {
	t.Helper()
	dir := t.TempDir()
	m := machine{
		apt: apt{
			command:  filepath.Join(dir, "apt-get"),
			policy:   filepath.Join(dir, "policy-rc.d"),
			clusters: filepath.Join(dir, "createcluster.conf"),
			out:      io.Discard,
		},
		log: filepath.Join(dir, "log"),
	}
	writeScript(t, m.command, `
dir=$(dirname "$0")
shift 3
command=$1
"$dir/policy-rc.d"
echo "$* policy=$? $(grep ^create_main_cluster "$dir/createcluster.conf")" >>"$dir/log"
`+body)
	writeFile(t, m.clusters, clusterDefaults)
	return m
}

func TestInstall(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "")
	if err := m.install(t.Context(), []Program{PostgreSQL, RedisServer, CCompiler}); err != nil {
		t.Fatal(err)
	}
	want := `install -y --no-install-recommends postgresql-common policy=101 
install -y --no-install-recommends postgresql redis-server gcc libc6-dev policy=101 create_main_cluster = false
`
	if got := readFile(t, m.log); got != want {
		t.Errorf("apt-get was called\n%swant\n%s", got, want)
	}
	m.checkRestored(t, "")
}

func TestInstallRefreshesListsOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t, `if [ $command = update ]; then touch "$dir/fresh"; fi; test -e "$dir/fresh"`)
	if err := m.install(t.Context(), []Program{RedisServer}); err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(readFile(t, m.log)) {
		commands = append(commands, strings.Fields(line)[0])
	}
	if got := strings.Join(commands, " "); got != "install update install" {
		t.Errorf("apt-get was called to %s", got)
	}
}

func TestInstallRestoresFiles(t *testing.T) {
	t.Parallel()
	const admins = "#!/bin/sh\nexit 0\n"
	tests := []struct {
		name   string
		policy string // before, "" where there is none
		aside  string // left by a run that was killed
		aptGet string
		want   string
	}{
		{name: "none before", want: ""},
		{name: "the administrator's", policy: admins, want: admins},
		{name: "after a failure", policy: admins, aptGet: "exit 100", want: admins},
		{name: "left by a killed run", policy: noStarts, want: ""},
		{name: "set aside by a killed run", policy: noStarts, aside: admins, want: admins},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, tt.aptGet)
			if tt.policy != "" {
				writeFile(t, m.policy, tt.policy)
			}
			if tt.aside != "" {
				writeFile(t, m.policy+asideSuffix, tt.aside)
			}
			err := m.install(t.Context(), []Program{PostgreSQL})
			if failed := err != nil; failed != (tt.aptGet != "") {
				t.Errorf("got error %v", err)
			}
			m.checkRestored(t, tt.want)
		})
	}
}

func (m machine) checkRestored(t *testing.T, policy string) {
	t.Helper()
	got, err := os.ReadFile(m.policy)
	if policy == "" && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("policy-rc.d is left: %q, %v", got, err)
	}
	if string(got) != policy {
		t.Errorf("policy-rc.d is %q, was %q", got, policy)
	}
	if got := readFile(t, m.clusters); got != clusterDefaults {
		t.Errorf("createcluster.conf is %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(m.policy), "*"+asideSuffix)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestInstallDoesNothingWhereAllIsThere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Install(t.Context(), &out, PostgreSQL, RedisServer); err != nil || out.Len() > 0 {
		t.Errorf("got %v, and it said %q", err, out.String())
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
