package launch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// doomedParent makes this binary a process that starts both servers and waits to be killed.
const doomedParent = "LAUNCH_TEST_DOOMED_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(doomedParent) != "" {
		startAndWait()
	}
	testenv.Main(m)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := testenv.OwnPostgres(t)

	t.Run("is an empty UTF8 cluster", func(t *testing.T) {
		conn := connect(t, server.URL())
		var encoding, collation string
		var tables int
		err := conn.QueryRow(t.Context(), `
			SELECT pg_encoding_to_char(encoding),
			       datcollate,
			       (SELECT count(*) FROM pg_tables WHERE schemaname = 'public')
			FROM pg_database
			WHERE datname = current_database()`).Scan(&encoding, &collation, &tables)
		if err != nil {
			t.Fatal(err)
		}
		if encoding != "UTF8" || collation != "C" || tables != 0 {
			t.Errorf("encoding %s, collation %s, %d tables", encoding, collation, tables)
		}
	})
	t.Run("refuses a stranger", func(t *testing.T) {
		stranger := replaceUser(t, server.URL(), url.UserPassword("postgres", "guess"))
		if conn, err := pgx.Connect(t.Context(), stranger); err == nil {
			conn.Close(t.Context())
			t.Error("connected with a wrong password")
		}
	})
	t.Run("leaves nothing", func(t *testing.T) { stopsAndLeavesNothing(t, server) })
}

func TestDurablePostgres(t *testing.T) {
	server, err := launch.DurablePostgres(t.Context(), "shared_buffers = 20MB")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	conn := connect(t, server.URL())
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "shared_buffers": "20MB"} {
		var got string
		if err := conn.QueryRow(t.Context(), "SHOW "+setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %s; error %v", setting, got, want, err)
		}
	}
	if dir := server.Dir(); filepath.Dir(dir) != filepath.Clean(os.TempDir()) {
		t.Errorf("its files are in %s", dir)
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)

	t.Run("answers", func(t *testing.T) {
		if err := ping(t, server.URL()); err != nil {
			t.Error(err)
		}
	})
	t.Run("refuses a stranger", func(t *testing.T) {
		if ping(t, replaceUser(t, server.URL(), nil)) == nil {
			t.Error("answered without a password")
		}
	})
	t.Run("leaves nothing", func(t *testing.T) { stopsAndLeavesNothing(t, server) })
}

func stopsAndLeavesNothing(t *testing.T, server *launch.Server) {
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(server.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its directory is still there: %v", err)
	}
	if conn, err := net.Dial("tcp", host(t, server.URL())); err == nil {
		conn.Close()
		t.Error("its port still answers")
	}
	if err := server.Stop(); err != nil {
		t.Errorf("stop again: %v", err)
	}
}

func TestServerComesBackAfterCrash(t *testing.T) {
	t.Parallel()
	t.Run("postgres with what it had committed", func(t *testing.T) {
		t.Parallel()
		server := testenv.OwnPostgres(t)
		before := server.URL()
		conn := connect(t, before)
		execute(t, conn, "CREATE TABLE kept AS SELECT 7 AS n")
		execute(t, conn, "CHECKPOINT")
		crash(t, server)

		var n int
		if err := connect(t, before).QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n); err != nil || n != 7 {
			t.Errorf("read %d, %v after the restart", n, err)
		}
	})
	t.Run("redis empty", func(t *testing.T) {
		t.Parallel()
		server := testenv.OwnRedis(t)
		before := server.URL()
		crash(t, server)
		if err := ping(t, before); err != nil {
			t.Error(err)
		}
	})
}

func crash(t *testing.T, server *launch.Server) {
	t.Helper()
	url := server.URL()
	if err := server.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if server.URL() != url {
		t.Errorf("its URL became %s", server.URL())
	}
}

func TestFrozenServerStops(t *testing.T) {
	t.Parallel()
	server := testenv.OwnRedis(t)
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopsAndLeavesNothing(t, server)
}

func TestStartGivesUpWhenContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if server, err := launch.Postgres(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", server, err)
	}
	if server, err := launch.Redis(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", server, err)
	}
}

func TestRootWithoutNamespaces(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	server, err := launch.PostgresAsOrdinaryUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	connect(t, server.URL())
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(status), "\nUid:\t0\t") {
		t.Error("postgres runs as root")
	}
	stopsAndLeavesNothing(t, server)
}

// TestOrdinaryUser runs the tests above once more as nobody. They are what a developer's machine sees.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	dir := readableCopy(t)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "test"), "-test.run", "^(TestPostgres|TestRedis)$", "-test.v")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id(t, nobody.Uid), Gid: id(t, nobody.Gid)}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestPostgres") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// readableCopy copies this binary to where other users may run it: go test keeps it in a directory of its user's own.
func readableCopy(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "launch-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	// A child that is forked while the file is open for writing keeps it so until it execs, and Linux runs no such file.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "test"), binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestServersEndWithKilledParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child's life to its parent's")
	}
	parent := exec.Command("/proc/self/exe")
	parent.Env = append(os.Environ(), doomedParent+"=1")
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	lines := readLines(t, stdout, 3)
	dirs, service := lines[:2], lines[2]
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	for _, dir := range dirs {
		t.Cleanup(func() { os.RemoveAll(dir) })
	}
	for _, dir := range dirs {
		testenv.Eventually(t, 20*time.Second, func() error { return launch.Unused(dir) })
	}
	testenv.Eventually(t, 20*time.Second, func() error {
		status, err := os.ReadFile(filepath.Join("/proc", service, "stat"))
		if err == nil && !strings.Contains(string(status), ") Z ") {
			return fmt.Errorf("the service, process %s, lives on", service)
		}
		return nil
	})
}

func startAndWait() {
	for _, start := range []func(context.Context) (*launch.Server, error){launch.Postgres, launch.Redis} {
		server, err := start(context.Background())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if launch.Unused(server.Dir()) == nil {
			fmt.Fprintln(os.Stderr, "directory is not locked")
			os.Exit(1)
		}
		fmt.Println(server.Dir())
	}
	service, err := launch.RunCommand("/bin/sleep", []string{"1000"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(service.PID())
	select {}
}

func readLines(t *testing.T, r io.Reader, n int) []string {
	t.Helper()
	var lines []string
	scanner := bufio.NewScanner(r)
	for len(lines) < n && scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	if len(lines) < n {
		t.Fatalf("read %d lines of %d: %v", len(lines), n, scanner.Err())
	}
	return lines
}

func requireRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func ping(t *testing.T, url string) error {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	return client.Ping(t.Context()).Err()
}

func host(t *testing.T, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func replaceUser(t *testing.T, rawURL string, user *url.Userinfo) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = user
	return u.String()
}

func id(t *testing.T, text string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}
