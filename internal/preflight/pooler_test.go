package preflight

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// TestPooler: PgBouncer is noticed, and is a failure where it gives each transaction another session.
func TestPooler(t *testing.T) {
	t.Parallel()
	databaseURL := testenv.Database(t)
	wantOK(t, lookAt(t, database(t, databaseURL)), "none stands in between", "pooler")
	for mode, want := range map[string]Finding{
		"session":     {Verdict: Warning, Detail: "has not taken a session away"},
		"transaction": {Verdict: Failure, Detail: "another session"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			found := lookAt(t, database(t, pgBouncer(t, databaseURL, mode)))
			i := slices.IndexFunc(found, func(f Finding) bool { return f.Subject == "pooler" })
			if i < 0 || found[i].Verdict != want.Verdict || !strings.Contains(found[i].Detail, want.Detail) {
				t.Errorf("found %+v, want of the pooler %+v", found, want)
			}
		})
	}
}

// pgBouncer starts one before a database, where it is installed, and returns the URL.
func pgBouncer(t *testing.T, databaseURL, mode string) string {
	t.Helper()
	program, ok := launch.FindPgBouncer()
	if !ok {
		t.Skip("PgBouncer is not installed")
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := launch.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	settings := fmt.Sprintf(`[databases]
* = host=%s port=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = %s
`, u.Hostname(), u.Port(), u.User.Username(), password, port, filepath.Join(dir, "users"), mode)
	for name, text := range map[string]string{
		"users": fmt.Sprintf("%q \"\"\n", u.User.Username()), "pgbouncer.ini": settings,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(program, filepath.Join(dir, "pgbouncer.ini"))
	if os.Geteuid() == 0 { // which PgBouncer does not run as
		const nobody = 65534
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var output launch.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if t.Failed() {
			t.Log(strings.ReplaceAll(output.String(), password, "…"))
		}
	})
	u.Host = net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
	testenv.Eventually(t, 30*time.Second, func() error {
		conn, err := net.Dial("tcp", u.Host)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	return u.String()
}
