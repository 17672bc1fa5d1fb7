package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const unitFile = "redis-postgres-sync.service"

// unit holds the values of a unit file by key. No key that matters here may stand in two of its sections.
type unit map[string][]string

func readUnit(t *testing.T) unit {
	t.Helper()
	u := unit{}
	for line := range strings.Lines(read(t, unitFile)) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && !strings.HasPrefix(key, "#") {
			u[key] = append(u[key], value)
		}
	}
	return u
}

// last returns the value that counts of a key that takes one.
func (u unit) last(key string) string {
	if len(u[key]) == 0 {
		return ""
	}
	return u[key][len(u[key])-1]
}

func (u unit) environment() map[string]string {
	variables := map[string]string{}
	for _, pair := range u["Environment"] {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	return variables
}

func TestUnit(t *testing.T) {
	t.Parallel()
	u := readUnit(t)

	t.Run("has time to end the batch in hand", func(t *testing.T) {
		t.Parallel()
		stop, err := time.ParseDuration(u.last("TimeoutStopSec"))
		if least := shutdownTimeout(t); err != nil || stop <= least {
			t.Errorf("killed after %s (%v); SHUTDOWN_TIMEOUT_MS is %s", stop, err, least)
		}
	})
	t.Run("gives settings that the service takes", func(t *testing.T) {
		t.Parallel()
		credentials := t.TempDir()
		for _, credential := range u["LoadCredential"] {
			name, _, _ := strings.Cut(credential, ":")
			url := "postgres://user:password@localhost/events\n"
			if err := os.WriteFile(filepath.Join(credentials, name), []byte(url), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		variables := u.environment()
		for name, value := range variables {
			variables[name] = strings.ReplaceAll(value, "%d", credentials)
		}
		requireSettings(t, variables)
	})
	t.Run("restarts after everything but wrong configuration", func(t *testing.T) {
		t.Parallel()
		if u.last("Restart") != "on-failure" || u.last("RestartPreventExitStatus") != "2" {
			t.Errorf("Restart=%s RestartPreventExitStatus=%s", u.last("Restart"), u.last("RestartPreventExitStatus"))
		}
		if got := u.environment()["GOTRACEBACK"]; got != "crash" {
			t.Errorf("GOTRACEBACK=%s: a panic would end with 2, as wrong configuration does", got)
		}
	})
	t.Run("reloads by the signal that tries again", func(t *testing.T) {
		t.Parallel()
		if got := u.last("ExecReload"); got != "/bin/kill -HUP $MAINPID" {
			t.Errorf("ExecReload=%s", got)
		}
	})
	t.Run("is valid", func(t *testing.T) {
		t.Parallel()
		out, err := analyze(t, "verify", installed(t)).CombinedOutput()
		// It also speaks of units of the host, and of keys it does not know it only warns.
		if err != nil || strings.Contains(string(out), unitFile) {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("is hardly exposed", func(t *testing.T) {
		t.Parallel()
		if help, err := analyze(t, "--help").Output(); err != nil || !strings.Contains(string(help), "--offline") {
			t.Skipf("systemd-analyze of this host cannot judge a file: it came with systemd 250 (%v)", err)
		}
		const most = "20" // tenths
		out, err := analyze(t, "security", "--offline=true", "--threshold="+most, installed(t)).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// installed returns the unit as on a host that has the program.
func installed(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), unitFile)
	text := strings.ReplaceAll(read(t, unitFile), "/usr/local/bin/redis-postgres-sync", program)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func analyze(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze on this host")
	}
	return exec.CommandContext(t.Context(), program, args...)
}
