package launch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Program is something that must be installed on this machine.
type Program string

const (
	PostgreSQL  Program = "postgres"
	RedisServer Program = "redis-server"
	// CCompiler is what the race detector and OwnClock need; the servers do without.
	CCompiler Program = "cc"
	// PgBouncer is what one test needs, and skips without.
	PgBouncer Program = "pgbouncer"
)

// MissingError reports programs that are not installed. Its text is one line that ends with the command that installs
// them on this system.
type MissingError struct {
	Programs []Program
}

func (e *MissingError) Error() string {
	names := make([]string, len(e.Programs))
	for i, p := range e.Programs {
		names[i] = string(p)
	}
	return fmt.Sprintf("find %s: not installed; hint: %s", strings.Join(names, ", "), hint(e.Programs))
}

// installer is a system's package manager and its names for what we need.
type installer struct {
	tool     string // its presence in PATH tells the system
	command  string
	packages map[Program][]string
}

// aptGet is the one that Install runs; the others only make a hint.
var aptGet = installer{"apt-get", "apt-get install -y", map[Program][]string{
	PostgreSQL: {"postgresql"}, RedisServer: {"redis-server"}, CCompiler: {"gcc", "libc6-dev"}}}

var installers = []installer{
	aptGet,
	{"dnf", "dnf install -y", map[Program][]string{
		PostgreSQL: {"postgresql-server"}, RedisServer: {"redis"}, CCompiler: {"gcc", "glibc-devel"}}},
	{"zypper", "zypper install -y", map[Program][]string{
		PostgreSQL: {"postgresql-server"}, RedisServer: {"redis"}, CCompiler: {"gcc", "glibc-devel"}}},
	{"pacman", "pacman -S --needed", map[Program][]string{
		PostgreSQL: {"postgresql"}, RedisServer: {"valkey"}, CCompiler: {"gcc"}}},
	{"apk", "apk add", map[Program][]string{
		PostgreSQL: {"postgresql"}, RedisServer: {"redis"}, CCompiler: {"gcc", "musl-dev"}}},
}

var homebrew = installer{"brew", "brew install", map[Program][]string{
	PostgreSQL: {"postgresql"}, RedisServer: {"redis"}, CCompiler: {"llvm"}}}

func hint(programs []Program) string {
	if runtime.GOOS == "darwin" {
		return "run " + homebrew.line(programs)
	}
	for _, i := range installers {
		if inPath(i.tool) && os.Geteuid() == 0 {
			return "run " + i.line(programs)
		} else if inPath(i.tool) {
			return "run sudo " + i.line(programs)
		}
	}
	return "install them so that they are in PATH"
}

func (i installer) line(programs []Program) string {
	return i.command + " " + strings.Join(i.names(programs), " ")
}

func (i installer) names(programs []Program) []string {
	var names []string
	for _, p := range programs {
		if packages, ok := i.packages[p]; ok {
			names = append(names, packages...)
		} else {
			names = append(names, string(p)) // as it is called everywhere
		}
	}
	return names
}

// missing returns those of the programs that are not installed, or do not work.
func missing(programs ...Program) []Program {
	var absent []Program
	for _, p := range programs {
		if !installed(p) {
			absent = append(absent, p)
		}
	}
	return absent
}

func installed(p Program) bool {
	ok := false
	switch p {
	case PostgreSQL:
		_, ok = searchPostgres()
	case RedisServer:
		_, ok = searchRedis()
	case CCompiler:
		ok = compilerWorks()
	case PgBouncer:
		_, ok = FindPgBouncer()
	}
	return ok
}

// postgresPlaces are where packages put PostgreSQL's programs without linking them into PATH: Debian, PGDG for Red Hat,
// Alpine, Homebrew on both kinds of Mac, Postgres.app.
var postgresPlaces = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// findPostgres returns the directory that holds initdb and postgres.
func findPostgres() (string, error) {
	if err := checkPGBin(); err != nil {
		return "", err
	}
	bin, ok := searchPostgres()
	if !ok {
		return "", missingServers()
	}
	return bin, nil
}

// findRedis returns the path of the server's program.
func findRedis() (string, error) {
	program, ok := searchRedis()
	if !ok {
		return "", missingServers()
	}
	return program, nil
}

// missingServers names both servers where both are missing, so that one command brings both.
func missingServers() error { return &MissingError{Programs: missing(PostgreSQL, RedisServer)} }

// checkPGBin refuses a PG_BIN without PostgreSQL: to fall back on another version than the one asked for would mislead.
func checkPGBin() error {
	bin := os.Getenv("PG_BIN")
	if bin == "" || hasPostgres(bin) {
		return nil
	}
	return fmt.Errorf("find initdb and postgres in PG_BIN=%s: not there; "+
		"hint: set it to the output of pg_config --bindir, or unset it", bin)
}

func searchPostgres() (string, bool) {
	for _, bin := range postgresCandidates() {
		if hasPostgres(bin) {
			bin, err := filepath.Abs(bin) // the server runs in another directory
			return bin, err == nil
		}
	}
	return "", false
}

// postgresCandidates are the directories to look in, best first. PG_BIN, where it is set, is the only one.
func postgresCandidates() []string {
	if bin := os.Getenv("PG_BIN"); bin != "" {
		return []string{bin}
	}
	var bins []string
	if path, err := exec.LookPath("postgres"); err == nil {
		bins = append(bins, filepath.Dir(path))
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		bins = append(bins, strings.TrimSpace(string(out)))
	}
	for _, place := range postgresPlaces {
		found, _ := filepath.Glob(place)
		slices.SortFunc(found, newestFirst)
		bins = append(bins, found...)
	}
	return bins
}

func hasPostgres(bin string) bool {
	return inPath(filepath.Join(bin, "initdb")) && inPath(filepath.Join(bin, "postgres"))
}

var versionPattern = regexp.MustCompile(`\d+(\.\d+)?`)

func newestFirst(a, b string) int {
	version := func(path string) float64 {
		v, _ := strconv.ParseFloat(versionPattern.FindString(path), 64)
		return v
	}
	switch va, vb := version(a), version(b); {
	case va > vb:
		return -1
	case va < vb:
		return 1
	}
	return strings.Compare(a, b)
}

// searchRedis takes Valkey as well, which some systems ship in place of Redis.
func searchRedis() (string, bool) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			path, err = filepath.Abs(path)
			return path, err == nil
		}
	}
	return "", false
}

// compilerWorks tries a header too: a compiler without the C library's is of no use to cgo.
func compilerWorks() bool {
	cmd := compiler("-E", "-x", "c", "-")
	cmd.Stdin = strings.NewReader("#include <stdlib.h>\n")
	return cmd.Run() == nil
}

// compiler is a run of the C compiler that the go command calls.
func compiler(args ...string) *exec.Cmd {
	cc := strings.Fields(os.Getenv("CC"))
	if len(cc) == 0 {
		cc = []string{defaultCompiler()}
	}
	return exec.Command(cc[0], append(cc[1:], args...)...)
}

// defaultCompiler is the one that the go command calls where CC is not set.
func defaultCompiler() string {
	if runtime.GOOS == "linux" {
		return "gcc"
	}
	return "clang"
}

// FindPgBouncer returns the path of the program. Debian puts it where it is in the PATH of root only.
func FindPgBouncer() (program string, ok bool) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, true
		}
	}
	return "", false
}

func inPath(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}
