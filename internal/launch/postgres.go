package launch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// postgresSettings go to the end of postgresql.conf, not to the command line, so that a test can ALTER SYSTEM. Locks
// are plenty because a migration creates hundreds of tables in one transaction. WAL is little because it may lie in
// memory, and checkpoints that sync nothing cost little. The shared memory of parallel queries is in the cluster's own
// files: a killed server then leaves none behind, and containers, which have little of it, do not run out.
const postgresSettings = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
max_locks_per_transaction = 256
dynamic_shared_memory_type = mmap
`

const throwawaySettings = `
shared_buffers = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 256MB
`

type postgres struct {
	bin      string // the directory of initdb and postgres
	data     string
	password string
	settings string
	attr     syscall.SysProcAttr
}

// Postgres starts an empty PostgreSQL cluster (UTF8, locale C) in some 0.4 s. ctx bounds the start only; the server
// runs until Stop. A *MissingError says that PostgreSQL is not installed.
func Postgres(ctx context.Context) (*Server, error) {
	return postgresIn(ctx, baseDir(), throwawaySettings)
}

// DurablePostgres is Postgres, but that the server keeps what it has committed as it would by default, on the disk of
// the directory for temporary files. Settings are lines of postgresql.conf. It is for measurements, and
// for what must not forget.
func DurablePostgres(ctx context.Context, settings string) (*Server, error) {
	return postgresIn(ctx, os.TempDir(), settings)
}

func postgresIn(ctx context.Context, parent, settings string) (*Server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	attr, err := account(ctx, filepath.Join(bin, "postgres"))
	if err != nil {
		return nil, err
	}
	return postgresAs(ctx, parent, postgres{bin: bin, settings: settings, attr: attr})
}

func postgresAs(ctx context.Context, parent string, p postgres) (*Server, error) {
	dir, err := newDirectory(parent)
	if err != nil {
		return nil, err
	}
	p.data, p.password = dir.join("data"), newPassword()
	if err := p.initialize(ctx, dir); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	return start(ctx, dir, &p)
}

// initialize makes the cluster. initdb takes the password from a file only.
func (p *postgres) initialize(ctx context.Context, dir *directory) error {
	passwordFile := dir.join("password")
	if err := errors.Join(os.WriteFile(passwordFile, []byte(p.password), 0o600), os.Mkdir(p.data, 0o700)); err != nil {
		return fmt.Errorf("prepare cluster: %w", err)
	}
	if err := p.handOver(dir, passwordFile); err != nil {
		return err
	}
	if err := p.initdb(ctx, dir, passwordFile); err != nil {
		return err
	}
	return p.configure()
}

// handOver gives the other user, where there is one, the two paths it needs and the way to them.
func (p *postgres) handOver(dir *directory, passwordFile string) error {
	c := p.attr.Credential
	if c == nil {
		return nil
	}
	err := errors.Join(
		os.Chmod(dir.path, 0o711),
		os.Chown(p.data, int(c.Uid), int(c.Gid)),
		os.Chown(passwordFile, int(c.Uid), int(c.Gid)),
	)
	if err != nil {
		return fmt.Errorf("hand cluster to another user: %w", err)
	}
	return nil
}

func (p *postgres) initdb(ctx context.Context, dir *directory, passwordFile string) error {
	log, err := dir.createLog()
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "initdb"), "--pgdata", p.data, "--username", "postgres",
		"--pwfile", passwordFile, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	p.prepare(cmd)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir.path, log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("initialize cluster: %w; initdb said: %s", err, dir.logTail())
	}
	return nil
}

func (p *postgres) configure() error {
	conf, err := os.OpenFile(filepath.Join(p.data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure cluster: %w", err)
	}
	_, err = conf.WriteString(postgresSettings + p.settings)
	if err := errors.Join(err, conf.Close()); err != nil {
		return fmt.Errorf("configure cluster: %w", err)
	}
	return nil
}

func (p *postgres) prepare(cmd *exec.Cmd) {
	attr := p.attr
	cmd.SysProcAttr = &attr
	cmd.Env = environment()
}

func (p *postgres) command(port int) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, "postgres"), "-D", p.data, "-p", strconv.Itoa(port))
	p.prepare(cmd)
	return cmd
}

// ready asks as pg_ctl --wait does: the first line of postmaster.pid is the pid, the eighth says "ready".
// https://github.com/postgres/postgres/blob/master/src/include/utils/pidfile.h
func (p *postgres) ready(pid, _ int) bool {
	const pidLine, statusLine = 0, 7
	text, err := os.ReadFile(filepath.Join(p.data, "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return len(lines) > statusLine &&
		lines[pidLine] == strconv.Itoa(pid) && strings.TrimSpace(lines[statusLine]) == "ready"
}

func (p *postgres) url(port int) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", p.password, port)
}

// Backup makes a base backup of a PostgreSQL server while it works, which Restore goes back to.
func (s *Server) Backup(ctx context.Context) error {
	p, ok := s.engine.(*postgres)
	if !ok {
		return errors.New("back up: the server is no PostgreSQL")
	}
	if err := p.newDirectory(p.backup()); err != nil {
		return err
	}
	return p.copy(ctx, s, p.backup())
}

// copy makes a base backup of a server in an empty directory.
// https://www.postgresql.org/docs/current/app-pgbasebackup.html
func (p *postgres) copy(ctx context.Context, s *Server, to string, options ...string) error {
	u, err := url.Parse(s.URL())
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	options = append(options, "--pgdata", to, "--checkpoint", "fast", "--wal-method", "stream", "--host", u.Hostname(), "--port", u.Port(),
		"--username", "postgres")
	return p.execute(ctx, s.dir, "pg_basebackup", options...)
}

// execute runs one of PostgreSQL's other programs as the user that it runs as.
func (p *postgres) execute(ctx context.Context, dir *directory, name string, args ...string) error {
	// What we were led to may be a link to the server's program alone.
	program, err := filepath.EvalSymlinks(filepath.Join(p.bin, "postgres"))
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(program), name), args...)
	p.prepare(cmd)
	cmd.Dir = dir.path
	cmd.Env = append(cmd.Env, "PGPASSWORD="+p.password)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w; it said: %s", name, err, out)
	}
	return nil
}

// Standby starts a PostgreSQL server that follows this one by streaming. Nobody waits for it, so what is committed here may
// not have come there yet.
func (s *Server) Standby(ctx context.Context) (*Server, error) {
	p, ok := s.engine.(*postgres)
	if !ok {
		return nil, errors.New("start standby: the server is no PostgreSQL")
	}
	dir, err := newDirectory(filepath.Dir(s.dir.path))
	if err != nil {
		return nil, err
	}
	standby := *p
	standby.data = dir.join("data")
	if err = p.newDirectory(standby.data); err == nil && p.attr.Credential != nil {
		err = os.Chmod(dir.path, 0o711)
	}
	if err == nil {
		err = p.copy(ctx, s, standby.data, "--write-recovery-conf")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start standby: %w", err), dir.remove())
	}
	return start(ctx, dir, &standby)
}

// Promote makes a standby a server of its own, which takes writes.
func (s *Server) Promote(ctx context.Context) error {
	p, ok := s.engine.(*postgres)
	if !ok {
		return errors.New("promote: the server is no PostgreSQL")
	}
	return p.execute(ctx, s.dir, "pg_ctl", "promote", "--pgdata", p.data, "--wait")
}

// Restore stops the server, and starts it with the files of the last Backup, which is used up by that. What was committed
// since is lost.
func (s *Server) Restore(ctx context.Context) error {
	p, ok := s.engine.(*postgres)
	if !ok {
		return errors.New("restore: the server is no PostgreSQL")
	}
	s.process.stop()
	if err := errors.Join(os.RemoveAll(p.data), os.Rename(p.backup(), p.data)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return s.Restart(ctx)
}

func (p *postgres) backup() string { return p.data + "-backup" }

// newDirectory makes an empty directory for the user that PostgreSQL runs as.
func (p *postgres) newDirectory(path string) error {
	err := errors.Join(os.RemoveAll(path), os.Mkdir(path, 0o700))
	if c := p.attr.Credential; c != nil && err == nil {
		err = os.Chown(path, int(c.Uid), int(c.Gid))
	}
	if err != nil {
		return fmt.Errorf("make directory %s: %w", path, err)
	}
	return nil
}
