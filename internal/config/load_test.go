package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

const database = "DATABASE_URL=postgres://u:secret@h/db"

func flagSet(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	Flags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return fs
}

func write(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, environ ...string) Config {
	t.Helper()
	c, _, err := Load(nil, append(environ, database), "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	c := load(t)
	finality := c.FinalityBlocks
	c.FinalityBlocks = Finality{}
	want := Config{
		RedisURL: "redis://127.0.0.1:6379", RedisStreams: []string{"rindexer_producer"},
		ConsumerGroup: "postgres-sync",
		DatabaseURL:   "postgres://u:secret@h/db", AutoMigrate: true,
		BatchSize: 4000, BatchTimeout: 5 * time.Second, Workers: 2, ProcessingTimeout: 30 * time.Second, MaxRetries: 3,
		CircuitBreakerThreshold: 5, CircuitBreakerTimeout: time.Minute, HTTPHost: "0.0.0.0", TrimRetention: 24 * time.Hour,
		HTTPPort:        8080,
		MaxPayloadBytes: 64 << 20, ClaimInterval: 5 * time.Second, ClaimMinIdle: 90 * time.Second,
		ShutdownTimeout: 10 * time.Second, LogLevel: slog.LevelInfo, LogFormat: "json",
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %#v\nwant %#v", c, want)
	}
	if got, want := finality.String(), "1:20,10:24,56:24,100:24,137:200,8453:24,42161:24,43114:12,*:64"; got != want {
		t.Errorf("finality: got %s, want %s", got, want)
	}
}

func TestLoadPrecedence(t *testing.T) {
	t.Parallel()
	file := write(t, "BATCH_SIZE=1\nWORKERS=1 # comment\nexport MAX_RETRIES='1'\n\nLOG_LEVEL=\n")
	env := []string{"BATCH_SIZE=2", "WORKERS=2", "MAX_RETRIES=", "LOG_LEVEL=warn", database}
	c, _, err := Load(flagSet(t, "--batch-size", "3"), env, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.BatchSize != 3 || c.Workers != 2 || c.MaxRetries != 1 || c.LogLevel != slog.LevelWarn || c.LogFormat != "json" {
		t.Errorf("%+v", c)
	}
}

func TestLoadFlags(t *testing.T) {
	t.Parallel()
	fs := flagSet(t, "--workers=")
	for _, s := range Settings() {
		if fs.Lookup(s.Flag()) == nil {
			t.Errorf("no flag for %s", s.Name)
		}
	}
	if _, _, err := Load(fs, []string{database, "WORKERS=3"}, ""); err == nil || !strings.Contains(err.Error(), `WORKERS="" in flags`) {
		t.Errorf("an empty flag: %v", err)
	}
	if usage := fs.FlagUsages(); !strings.Contains(usage, "(default 4000)") || strings.Contains(usage, `(default "`) {
		t.Error(usage)
	}
}

func TestLoadFinality(t *testing.T) {
	t.Parallel()
	c := load(t, "FINALITY_BLOCKS=5:1")
	for chain, want := range map[int64]int64{1: 20, 5: 1, 0: 64, 31337: 64} {
		if got := c.Finality(chain); got != want {
			t.Errorf("chain %d: got %d, want %d", chain, got, want)
		}
	}
}

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	file := write(t, "BATCH_SIZ=1\nCOLOUR=red\nDATABASE_URL_FILE=x\n")
	environ := []string{"WORKERS=x", "REDIS_URI=redis://u:secret@h", "MAX_RETRIES=0", "REDIS_URL=redis://u:sec#ret@h"}
	_, _, err := Load(flagSet(t, "--log-level", "loud"), environ, file)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"BATCH_SIZ in .env is not a setting: did you mean BATCH_SIZE?",
		"COLOUR in .env is not a setting: want one of ",
		"REDIS_URI in environment is not a setting: did you mean REDIS_URL?",
		`WORKERS="x" in environment: want a whole number from 1 to 128`,
		`MAX_RETRIES="0" in environment`,
		`LOG_LEVEL="loud" in flags: want debug, info, warn or error`,
		"REDIS_URL (value not shown) in environment: want redis://",
		`DATABASE_URL_FILE="x" in .env: no such file or directory: want the path of a file that holds DATABASE_URL`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %q", want)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 8 || strings.Contains(err.Error(), "sec") {
		t.Errorf("%d lines:\n%v", n, err)
	}
}

func TestLoadNames(t *testing.T) {
	t.Parallel()
	for name, meant := range map[string]string{
		"BATCHSIZE": "BATCH_SIZE", "WORKER": "WORKERS", "LOGLEVEL": "LOG_LEVEL", "DATABASE_URI_FILE": "DATABASE_URL_FILE",
		"HTTP_HOTS": "HTTP_HOST", "HTPT_PROT": "", "HTTP_POTR": "HTTP_PORT", "TRIMM": "TRIM", "EMPTY": "", "RPC_URI": "",
		"BATCH_SIEZ": "BATCH_SIZE", "BTACH_SIEZ": "", "batch_size": "",
		"TERM": "", "HTTP_PROXY": "", "PATH": "", "HOSTNAME": "",
		"REDIS_SERVICE_HOST": "", "HTTP_PORTS": "", "WORKERS_PORT_80_TCP": "", "PGPASSWORD": "",
		"MY_DATABASE_URL": "", "DATABASE_URL": "", "HTTP_PORT": "", "TRIM_RETENTION": "",
	} {
		_, _, err := Load(nil, []string{database, name + "="}, "")
		if meant == "" && err != nil && name != "DATABASE_URL" {
			t.Errorf("%s: %v", name, err)
		}
		if meant != "" && (err == nil || !strings.HasSuffix(err.Error(), "did you mean "+meant+"?")) {
			t.Errorf("%s: got %v, want %s", name, err, meant)
		}
	}
}

func TestLoadNotes(t *testing.T) {
	t.Parallel()
	_, notes, err := Load(nil, []string{database, "CLAIM_MIN_IDLE_MS=5"}, "")
	if err != nil || len(notes) != 1 || !strings.HasPrefix(notes[0], "CLAIM_MIN_IDLE_MS is below PROCESSING_TIMEOUT_MS") {
		t.Errorf("%q, %v", notes, err)
	}
}

// TestLoadInKubernetes: a service called http in the namespace sets HTTP_PORT for every other pod.
func TestLoadInKubernetes(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"tcp://10.0.0.1:80", "udp://10.0.0.1:53", "sctp://10.0.0.1:80", "tcp://[fd00::1]:80"} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			environ := []string{
				database, "HTTP_PORT=" + address, "HTTP_PORT_80_TCP=" + address, "HTTP_PORT_80_TCP_ADDR=10.0.0.1",
				"HTTP_SERVICE_HOST=10.0.0.1", "HTTP_SERVICE_PORT=80", "REDIS_PORT=" + address, "WORKER_PORT=" + address,
			}
			for want, args := range map[int][]string{7001: nil, 7002: {"--http-port=7002"}} {
				c, notes, err := Load(flagSet(t, args...), environ, write(t, "HTTP_PORT=7001"))
				note := fmt.Sprintf("HTTP_PORT=%q in environment is ignored: Kubernetes sets it for a service called http", address)
				if err != nil || c.HTTPPort != want || !slices.Equal(notes, []string{note}) {
					t.Errorf("port %d, want %d, notes %q, error %v", c.HTTPPort, want, notes, err)
				}
			}
		})
	}

	t.Run("sets no flag and writes no .env", func(t *testing.T) {
		t.Parallel()
		const address = "tcp://10.0.0.1:80"
		_, _, err := Load(flagSet(t, "--http-port="+address), []string{database}, "")
		if err == nil || !strings.Contains(err.Error(), "in flags") {
			t.Errorf("flag: %v", err)
		}
		_, _, err = Load(nil, []string{database}, write(t, "HTTP_PORT="+address))
		if err == nil || !strings.Contains(err.Error(), "in .env") {
			t.Errorf(".env: %v", err)
		}
	})

	t.Run("sets addresses only", func(t *testing.T) {
		t.Parallel()
		for _, value := range []string{"tcp://10.0.0.1", "http://10.0.0.1:80", "tcp://host:80", "tcp://10.0.0.1:80/"} {
			_, _, err := Load(nil, []string{database, "HTTP_PORT=" + value}, "")
			if err == nil || !strings.Contains(err.Error(), "want a whole number") {
				t.Errorf("%s: %v", value, err)
			}
		}
		if _, _, err := Load(nil, []string{database, "WORKERS=tcp://10.0.0.1:80"}, ""); err == nil {
			t.Error("WORKERS is no port")
		}
	})
}

func TestLoadRefusesWhatComesLater(t *testing.T) {
	t.Parallel()
	file := write(t, "RPC_URL=https://node/secret\n"+database+"\n")
	_, _, err := Load(nil, []string{"RPC_URL_FILE=/run/rpc", "REDIS_URL=redis://u:secret@h?cluster=true"}, file)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"RPC_URL in .env is not available in this version: want it unset",
		"RPC_URL_FILE in environment is not available in this version: want it unset",
		"REDIS_URL (value not shown) in environment is not available in this version: want redis://",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %q", want)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 3 || strings.Contains(err.Error(), "secret") {
		t.Errorf("%d lines:\n%v", n, err)
	}
	if _, _, err := Load(nil, []string{database, "RPC_URL="}, ""); err != nil {
		t.Errorf("empty: %v", err)
	}
}

func TestLoadSecretFiles(t *testing.T) {
	t.Parallel()
	path := write(t, "postgres://u:secret@file/db\r\n")
	for _, test := range []struct {
		name    string
		flags   []string
		environ []string
		dotenv  string
		want    string // the host of the URL
	}{
		{"read", nil, []string{"DATABASE_URL_FILE=" + path}, "", "file"},
		{"from .env", nil, nil, "DATABASE_URL_FILE=" + path, "file"},
		{"environment before .env", nil, []string{"DATABASE_URL_FILE=" + path}, database, "file"},
		{"environment before a file of .env", nil, []string{database}, "DATABASE_URL_FILE=/nonexistent", "h"},
		{"flag first", []string{"--database-url=postgres://flag/db"}, []string{"DATABASE_URL_FILE=" + path}, "", "flag"},
		{"other form empty", nil, []string{"DATABASE_URL_FILE=" + path, "DATABASE_URL="}, "", "file"},
		{"name empty", nil, []string{"DATABASE_URL_FILE=", database}, "", "h"},
		{"not a secret", nil, []string{database, "WORKERS_FILE=" + path}, "", "h"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, _, err := Load(flagSet(t, test.flags...), test.environ, write(t, test.dotenv))
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(c.DatabaseURL.Reveal())
			if err != nil || u.Host != test.want || u.Path != "/db" {
				t.Errorf("host %q, want %q, error %v", u.Host, test.want, err)
			}
		})
	}
}

func TestLoadBadSecretFiles(t *testing.T) {
	t.Parallel()
	wrong, empty, blank, dir := write(t, "secret"), write(t, ""), write(t, " \r\n\n"), t.TempDir()
	for name, test := range map[string]struct {
		environ []string
		want    string // without what is wanted
	}{
		"both":      {[]string{"DATABASE_URL_FILE=" + wrong, database}, "DATABASE_URL and DATABASE_URL_FILE are both set in environment"},
		"missing":   {[]string{"DATABASE_URL_FILE=/nonexistent"}, `DATABASE_URL_FILE="/nonexistent" in environment: no such file or directory`},
		"directory": {[]string{"DATABASE_URL_FILE=" + dir}, fmt.Sprintf("DATABASE_URL_FILE=%q in environment: is a directory", dir)},
		"empty":     {[]string{"DATABASE_URL_FILE=" + empty}, fmt.Sprintf("DATABASE_URL_FILE=%q in environment: the file is empty", empty)},
		"blank":     {[]string{"DATABASE_URL_FILE=" + blank}, fmt.Sprintf("DATABASE_URL_FILE=%q in environment: the file is empty", blank)},
		"no URL":    {[]string{"DATABASE_URL_FILE=" + wrong}, fmt.Sprintf("DATABASE_URL (value not shown) in file %q", wrong)},
		"a URL for its path": {[]string{"DATABASE_URL_FILE=postgres://u:secret@h/db"},
			"DATABASE_URL_FILE (value not shown) in environment: no such file or directory"},
		"keywords for their path": {[]string{"DATABASE_URL_FILE=host=h password=secret"},
			"DATABASE_URL_FILE (value not shown) in environment: no such file or directory"},
		"another secret": {[]string{database, "REDIS_URL_FILE=/nonexistent"}, `REDIS_URL_FILE="/nonexistent" in environment`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Load(nil, test.environ, "")
			if err == nil || !strings.HasPrefix(err.Error(), test.want+": ") || !strings.Contains(err.Error(), ": want ") {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if strings.Contains(fmt.Sprint(err), "secret") || strings.Contains(fmt.Sprint(err), "\n") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestLoadDotenv(t *testing.T) {
	t.Parallel()

	t.Run("may be missing", func(t *testing.T) {
		t.Parallel()
		if _, _, err := Load(nil, []string{database}, filepath.Join(t.TempDir(), ".env")); err != nil {
			t.Error(err)
		}
	})

	t.Run("names the bad line and quotes nothing", func(t *testing.T) {
		t.Parallel()
		text := "WORKERS=1\nLOG_LEVEL=\"info\n\"\nwhat is this\n" + database + "\n"
		_, _, err := Load(nil, []string{database}, write(t, text))
		if err == nil || !strings.Contains(err.Error(), ".env: line 4 is not NAME=value") || strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	})

	t.Run("that cannot be read is an error", func(t *testing.T) {
		t.Parallel()
		if _, _, err := Load(nil, []string{database}, t.TempDir()); err == nil {
			t.Error("read a directory")
		}
	})
}
