package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// badValue is one that no setting takes.
const badValue = "no, not this"

func complaint(s config.Setting, place string) string {
	shown := fmt.Sprintf("%s=%q", s.Name, badValue)
	if s.Secret {
		shown = s.Name + " (value not shown)"
	}
	return fmt.Sprintf("%s in %s: want %s\n", shown, place, s.Allowed())
}

func TestBadSettingsAreSaidAtOnce(t *testing.T) {
	t.Parallel()
	var settings, complaints []string
	for _, s := range config.Settings() {
		settings = append(settings, s.Name+"="+badValue)
		complaints = append(complaints, complaint(s, "environment"))
	}
	settings = append(settings, "WORKER=1", "RPC_URL=https://node")
	complaints = append(complaints, "WORKER in environment is not a setting", "RPC_URL in environment is not available")
	code, output := command(t, settings, "run")
	expect(t, exitUsage, code, output, complaints...)
	if lines := strings.Count(output, "\n"); lines != len(complaints) {
		t.Errorf("%d lines for %d mistakes:\n%s", lines, len(complaints), output)
	}
}

func TestBadSettingsOneByOne(t *testing.T) {
	t.Parallel()
	const database = "DATABASE_URL=postgres://127.0.0.1:1/db"
	for _, s := range config.Settings() {
		if !slices.Contains([]string{"REDIS_URL", "BATCH_SIZE", "HTTP_PORT", "TRIM_RETENTION", "LOG_LEVEL"}, s.Name) {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			code, output := command(t, []string{database, s.Name + "=" + badValue}, "run")
			expect(t, exitUsage, code, output, complaint(s, "environment"))
			code, output = command(t, []string{database}, "run", "--"+s.Flag(), badValue)
			expect(t, exitUsage, code, output, complaint(s, "flags"))
			// An empty variable counts as not set, and newCommand sets one of these.
			p := inDirectory(t, s.Name+"='"+badValue+"'\n", []string{database, s.Name + "="}, "run")
			expect(t, exitUsage, p.wait(), p.output(), complaint(s, ".env"))
		})
	}
}

// TestBadSettingsStopEveryCommand but the one that people ask when they report what is wrong.
func TestBadSettingsStopEveryCommand(t *testing.T) {
	t.Parallel()
	for _, c := range allCommands() {
		if c.HasSubCommands() && c.HasParent() || c.Name() == "version" {
			continue
		}
		t.Run(c.CommandPath(), func(t *testing.T) {
			t.Parallel()
			code, output := command(t, []string{"BATCH_SIZE=" + badValue}, words(c)...)
			expect(t, exitUsage, code, output)
		})
	}
}

// inDirectory starts the program in a directory with this .env.
func inDirectory(t *testing.T, dotenv string, settings []string, args ...string) *process {
	t.Helper()
	p := newCommand(t, settings, args...)
	if err := os.WriteFile(filepath.Join(p.command.Dir, ".env"), []byte(dotenv), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start(t)
	return p
}

// canary is the password of the tests below: whatever prints it prints passwords.
const canary = "correct-horse"

func noPassword(t *testing.T, output string) {
	t.Helper()
	if strings.Contains(output, canary) {
		t.Errorf("the password is in the output:\n%s", output)
	}
}

// connections are the settings that hold a password.
type connections struct {
	database, redis string
	// away is in the output once a server was asked.
	away string
}

// placements are the ways to give connection strings to the program.
var placements = map[string]func(t *testing.T, urls connections) (dotenv string, settings, args []string){
	"environment": func(_ *testing.T, urls connections) (string, []string, []string) {
		return "", []string{"DATABASE_URL=" + urls.database, "REDIS_URL=" + urls.redis}, nil
	},
	"files": func(t *testing.T, urls connections) (string, []string, []string) {
		return "", []string{"DATABASE_URL_FILE=" + secretFile(t, urls.database), "REDIS_URL_FILE=" + secretFile(t, urls.redis)}, nil
	},
	"flags": func(_ *testing.T, urls connections) (string, []string, []string) {
		return "", nil, []string{"--database-url=" + urls.database, "--redis-url", urls.redis}
	},
	".env": func(_ *testing.T, urls connections) (string, []string, []string) {
		return "DATABASE_URL=\"" + urls.database + "\"\nREDIS_URL='" + urls.redis + "'\n", nil, nil
	},
}

func secretFile(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNoPasswordIsPrinted runs every command, and every example of it, where no server answers.
func TestNoPasswordIsPrinted(t *testing.T) {
	t.Parallel()
	urls := connections{
		"postgres://user:" + canary + "%2Fdb%40@127.0.0.1:1/db", "redis://user:" + canary + "%2Fredis%40@127.0.0.1:1", "refused",
	}
	for place, give := range placements {
		for _, c := range allCommands() {
			for _, args := range invocations(c) {
				t.Run(place+"/"+strings.Join(args, " "), func(t *testing.T) {
					t.Parallel()
					dotenv, settings, flags := give(t, urls)
					tryOut(t, c, urls, dotenv, settings, append(args, flags...))
				})
			}
		}
	}
}

// TestNoPasswordIsPrintedOnRefusal runs every command with passwords that the servers refuse, and keywords for a URL.
func TestNoPasswordIsPrintedOnRefusal(t *testing.T) {
	t.Parallel()
	redisURL, _ := testenv.Redis(t)
	database := withUser(t, testenv.Database(t))
	keywords := fmt.Sprintf("host=%s port=%s user=%s password='%s and more' dbname=none",
		database.Hostname(), database.Port(), database.User.Username(), canary)
	for form, text := range map[string]string{"URL": database.String(), "keywords": keywords} {
		urls := connections{text, withUser(t, redisURL).String(), "FATAL"}
		for _, c := range allCommands() {
			for _, args := range invocations(c) {
				t.Run(form+"/"+strings.Join(args, " "), func(t *testing.T) {
					t.Parallel()
					dotenv, settings, _ := placements["environment"](t, urls)
					tryOut(t, c, urls, dotenv, settings, args)
				})
			}
		}
	}
}

// withUser puts in a user that the server does not know.
func withUser(t *testing.T, connection string) *url.URL {
	t.Helper()
	u, err := url.Parse(connection)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("nobody", canary)
	return u
}

// invocations are a command without arguments, and as its examples show it.
func invocations(c *cobra.Command) [][]string {
	all := [][]string{words(c)}
	for line := range strings.Lines(c.Example) {
		line, _, _ = strings.Cut(line, " | ")
		_, args, _ := strings.Cut(strings.TrimSpace(line)+" ", c.Root().Name()+" ")
		if fields := strings.Fields(args); !slices.ContainsFunc(all, func(a []string) bool { return slices.Equal(a, fields) }) {
			all = append(all, fields)
		}
	}
	return all
}

// tryOut runs the command to its end, and the service until it has met a server.
func tryOut(t *testing.T, c *cobra.Command, urls connections, dotenv string, settings, args []string) {
	t.Helper()
	p := inDirectory(t, dotenv, append(settings, "LOG_LEVEL=debug", "HTTP_PORT=0"), args...)
	if c.Name() == "run" || !c.HasParent() {
		testenv.Eventually(t, time.Minute, func() error {
			if !strings.Contains(p.output(), urls.away) {
				return fmt.Errorf("%q is not in the output:\n%s", urls.away, p.output())
			}
			return nil
		})
		p.signal(syscall.SIGTERM)
	}
	testenv.Eventually(t, time.Minute, func() error {
		select {
		case <-p.ended:
			return nil
		default:
			return errors.New("it does not end")
		}
	})
	noPassword(t, p.output())
}

// TestNoPasswordIsPrintedWhileItWorks: those that the servers take stand in no log, no answer of the HTTP port, and not in the list of
// processes.
func TestNoPasswordIsPrintedWhileItWorks(t *testing.T) {
	t.Parallel()
	database := testenv.OwnPostgres(t)
	root := connect(t, database.URL())
	if _, err := root.Exec(t.Context(), "CREATE ROLE service SUPERUSER LOGIN PASSWORD '"+canary+"'"); err != nil {
		t.Fatal(err)
	}
	server := testenv.OwnRedis(t)
	client, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Do(t.Context(), "ACL", "SETUSER", "service", "on", ">"+canary, "~*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	as := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("service", canary)
		return u.String()
	}
	load := startProducer(t, client, "stream")
	p := startService(t, "DATABASE_URL="+as(database.URL()), "REDIS_URL="+as(server.URL()), "REDIS_STREAMS=stream", "LOG_LEVEL=debug")
	p.awaitStatus(t, "/readyz", 200)
	awaitRows(t, root, load.finish())
	for _, path := range []string{"/livez", "/readyz", "/health", "/metrics"} {
		_, body := p.get(t, path)
		noPassword(t, body)
	}
	if listed, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.command.Process.Pid)); err == nil { // on Linux
		noPassword(t, string(listed))
	}
	p.signal(syscall.SIGTERM)
	expect(t, exitDone, p.wait(), p.output())
	noPassword(t, p.output())
}

// TestNoPasswordIsPrintedOnMistakes: connection strings that cannot be taken apart, or stand where they should not.
func TestNoPasswordIsPrintedOnMistakes(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		canary,
		"postgres://u:" + canary + "/x@h/db",
		"postgres://u:" + canary + "#x@h/db",
		"postgres://u:%zz" + canary + "@h/db",
		"postgres://u:" + canary + "@h:port/db",
		"postgres://u:" + canary + "@h:99999/db",
		"postgres://u:" + canary + "@h/db?sslmode=nonsense",
		"postgres://u:" + canary + "@h/db?connect_timeout=soon",
		"postgresql://h/db?password=" + canary + "&sslmode=nonsense",
		"host=h port=99999 password=" + canary,
		`host=h port=99999 password='x\' ` + canary + `'`,
		`host=h port=99999 password=x\ ` + canary,
		"host=h password = '" + canary + "' sslmode=nonsense",
		"host=h password='" + canary,
	} {
		t.Run("DATABASE_URL "+strings.ReplaceAll(value, "/", "|"), func(t *testing.T) {
			t.Parallel()
			code, output := command(t, []string{"DATABASE_URL=" + value}, "run")
			expect(t, exitUsage, code, output, "DATABASE_URL")
			noPassword(t, output)
			code, output = command(t, []string{"DATABASE_URL=" + value}, "migrate", "plan")
			expect(t, exitUsage, code, output, "DATABASE_URL")
			noPassword(t, output)
			code, output = command(t, []string{"DATABASE_URL_FILE=" + value}, "run")
			expect(t, exitUsage, code, output, "DATABASE_URL_FILE")
			if value != canary { // a bare word may well be the name of a file
				noPassword(t, output)
			}
		})
	}
	for _, value := range []string{
		"redis://u:" + canary + "/x@h",
		"redis://u:" + canary + "?x@h",
		"redis://u:" + canary + "@h:port",
		"redis://u:" + canary + "@h/db",
		"redis://u:" + canary + "@h?cluster=true",
		"redis://u:" + canary + "@h?master_name=m&password=" + canary,
		"redis://u:" + canary + "@h?read_timeout=soon",
		"redis://u:" + canary + "@h?no_such_option=1",
		"rediss//u:" + canary + "@h",
	} {
		t.Run("REDIS_URL "+strings.ReplaceAll(value, "/", "|"), func(t *testing.T) {
			t.Parallel()
			code, output := command(t, []string{"DATABASE_URL=postgres://127.0.0.1:1/db", "REDIS_URL=" + value}, "run")
			expect(t, exitUsage, code, output, "URL")
			noPassword(t, output)
		})
	}
}

func TestNoPasswordIsPrintedInTheWrongPlace(t *testing.T) {
	t.Parallel()
	const secret = "postgres://u:" + canary + "@h/db"
	for _, args := range [][]string{
		{secret}, {"run", secret}, {"migrate", secret}, {"run", "host=h password=" + canary}, {"run", "--no-such-flag=" + secret},
		{"run", "--batch-size"}, {"migrate", "plan", "--atlas", "none", secret},
	} {
		code, output := command(t, []string{"DATABASE_URL=" + secret}, args...)
		expect(t, exitUsage, code, output)
		noPassword(t, output)
	}
	for _, dotenv := range []string{
		"DATABASE_URL " + secret + "\n", secret + "\n", "DATABASE_URL=\"" + secret + "\nWORKERS=4\n", "DATABASE_URI=" + secret + "\n",
	} {
		p := inDirectory(t, dotenv, nil, "run")
		expect(t, exitUsage, p.wait(), p.output(), ".env")
		noPassword(t, p.output())
	}
}
