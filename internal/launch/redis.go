package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// redisSettings are a file, not arguments: the password must not show in ps, and a test can CONFIG REWRITE.
const redisSettings = `bind 127.0.0.1
requirepass %s
save ""
daemonize no
dir %q
%s
`

type redis struct {
	program  string
	config   string
	password string
}

// Redis starts an empty Redis server that saves nothing, in some 20 ms. ctx bounds the start only; the server runs
// until Stop. A *MissingError says that Redis is not installed.
func Redis(ctx context.Context) (*Server, error) { return startRedis(ctx, "appendonly no") }

// DurableRedis is Redis, but that the server keeps over a restart, or a crash, all that it has answered for.
func DurableRedis(ctx context.Context) (*Server, error) {
	return startRedis(ctx, "appendonly yes\nappendfsync always")
}

func startRedis(ctx context.Context, persistence string) (*Server, error) {
	program, err := findRedis()
	if err != nil {
		return nil, err
	}
	dir, err := newDirectory(baseDir())
	if err != nil {
		return nil, err
	}
	r := &redis{program: program, config: dir.join("redis.conf"), password: newPassword()}
	settings := fmt.Sprintf(redisSettings, r.password, dir.path, persistence)
	if err := os.WriteFile(r.config, []byte(settings), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("configure redis: %w", err), dir.remove())
	}
	return start(ctx, dir, r)
}

func (r *redis) command(port int) *exec.Cmd {
	cmd := exec.Command(r.program, r.config, "--port", strconv.Itoa(port))
	cmd.Env = environment()
	return cmd
}

// ready logs in and pings. The password tells our server from another one on the same port.
func (r *redis) ready(_, port int) bool {
	conn, err := net.DialTimeout("tcp4", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", r.password)
	const want = "+OK\r\n+PONG\r\n"
	got := make([]byte, len(want))
	_, err = io.ReadFull(conn, got)
	return err == nil && string(got) == want
}

func (r *redis) url(port int) string {
	return fmt.Sprintf("redis://:%s@127.0.0.1:%d", r.password, port)
}
