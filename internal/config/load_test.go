package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
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
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	c := load(t)
	finality := c.FinalityBlocks
	c.FinalityBlocks = Finality{}
	want := Config{
		RedisURL: "redis://127.0.0.1:6379", RedisStreams: []string{"rindexer_producer"},
		ConsumerGroup: "postgres-sync", ConsumerName: host,
		DatabaseURL: "postgres://u:secret@h/db", AutoMigrate: true,
		BatchSize: 100, BatchTimeout: 5 * time.Second, Workers: 4, ProcessingTimeout: 30 * time.Second, MaxRetries: 3,
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

func TestLoadValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  string
		want string // as it is shown; "" if the value is bad
	}{
		{"REDIS_URL=rediss://u:p@h:1/2", "rediss://u:***@h:1/2"},
		{"REDIS_URL=unix:///run/redis.sock", "unix:///run/redis.sock"},
		{"REDIS_URL=redis://h:1?addr=h:2&addr=h:3", "redis://h:1?addr=h:2&addr=h:3"},
		{"REDIS_URL=redis://", ""},
		{"REDIS_URL=127.0.0.1:6379", ""},
		{"REDIS_URL=http://h:1", ""},
		{"REDIS_URL=redis://u:p/q@h:1", ""},
		{"REDIS_URL=redis://u:1/q@h:1", ""},
		{"REDIS_STREAMS= a , b", "a,b"},
		{"REDIS_STREAMS=a,,b", ""},
		{"REDIS_STREAMS=a,a", ""},
		{"REDIS_STREAMS=a b", ""},
		{"REDIS_STREAMS=,", ""},
		{"CONSUMER_GROUP=g", "g"},
		{"CONSUMER_GROUP=g h", ""},
		{"CONSUMER_NAME=n-1", "n-1"},
		{"CONSUMER_NAME=n\t1", ""},
		{"DATABASE_URL=postgresql:///db?host=/tmp", "postgresql:///db?host=/tmp"},
		{"DATABASE_URL=postgres://u:p@h1:5432,h2:5433/db", "postgres://u:***@h1:5432,h2:5433/db"},
		{"DATABASE_URL=host=h dbname='a b' password='p\\' q'", "host=h dbname='a b' password=***"},
		{"DATABASE_URL=mysql://h/db", ""},
		{"DATABASE_URL=postgres://u:p/q@h/db", ""},
		{"DATABASE_URL=h", ""},
		{"DATABASE_URL= ", ""},
		{"AUTO_MIGRATE=OFF", "off"},
		{"AUTO_MIGRATE=on", "on"},
		{"AUTO_MIGRATE=true", ""},
		{"BATCH_SIZE=10000", "10000"},
		{"BATCH_SIZE=0", ""},
		{"BATCH_SIZE=10001", ""},
		{"BATCH_SIZE=-1", ""},
		{"BATCH_SIZE=1e3", ""},
		{"BATCH_SIZE=1.5", ""},
		{"BATCH_SIZE=99999999999999999999", ""},
		{"BATCH_TIMEOUT_MS=1", "1"},
		{"BATCH_TIMEOUT_MS=5s", ""},
		{"BATCH_TIMEOUT_MS=0", ""},
		{"WORKERS=128", "128"},
		{"WORKERS=129", ""},
		{"WORKERS=0", ""},
		{"PROCESSING_TIMEOUT_MS=3600000", "3600000"},
		{"PROCESSING_TIMEOUT_MS=3600001", ""},
		{"MAX_RETRIES=1", "1"},
		{"MAX_RETRIES=0", ""},
		{"MAX_PAYLOAD_BYTES=67108864", "67108864"},
		{"MAX_PAYLOAD_BYTES=64MiB", "67108864"},
		{"MAX_PAYLOAD_BYTES=64 mib", "67108864"},
		{"MAX_PAYLOAD_BYTES=1KiB", "1024"},
		{"MAX_PAYLOAD_BYTES=64MB", ""},
		{"MAX_PAYLOAD_BYTES=MiB", ""},
		{"MAX_PAYLOAD_BYTES=1GiB", ""},
		{"MAX_PAYLOAD_BYTES=9223372036854775807GiB", ""},
		{"MAX_PAYLOAD_BYTES=-1KiB", ""},
		{"MAX_PAYLOAD_BYTES=0", ""},
		{"CLAIM_INTERVAL_MS=10", "10"},
		{"CLAIM_INTERVAL_MS=x", ""},
		{"CLAIM_MIN_IDLE_MS=86400000", "86400000"},
		{"CLAIM_MIN_IDLE_MS=0", ""},
		{"SHUTDOWN_TIMEOUT_MS=20", "20"},
		{"SHUTDOWN_TIMEOUT_MS=0", ""},
		{"FINALITY_BLOCKS=7", "*:7"},
		{"FINALITY_BLOCKS=1:3, 5:0, *:9", "1:3,5:0,*:9"},
		{"FINALITY_BLOCKS=1:3", "1:3,10:24,56:24,100:24,137:200,8453:24,42161:24,43114:12,*:64"},
		{"FINALITY_BLOCKS=1:-1", ""},
		{"FINALITY_BLOCKS=1:3,1:3", ""},
		{"FINALITY_BLOCKS=*:3,*:3", ""},
		{"FINALITY_BLOCKS=mainnet:3", ""},
		{"FINALITY_BLOCKS=0:3", ""},
		{"FINALITY_BLOCKS=1:", ""},
		{"FINALITY_BLOCKS=3,4", ""},
		{"FINALITY_BLOCKS=1000001", ""},
		{"LOG_LEVEL=Debug", "debug"},
		{"LOG_LEVEL=error", "error"},
		{"LOG_LEVEL=trace", ""},
		{"LOG_FORMAT=TEXT", "text"},
		{"LOG_FORMAT=xml", ""},
	} {
		t.Run(test.env, func(t *testing.T) {
			t.Parallel()
			name, value, _ := strings.Cut(test.env, "=")
			environ := []string{test.env}
			if name != "DATABASE_URL" {
				environ = append(environ, database)
			}
			s := setting(t, name)
			c, _, err := Load(nil, environ, "")
			if err == nil {
				if got := s.show(&c); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
				return
			}
			shown := fmt.Sprintf("%s=%q", name, value)
			if s.Secret {
				shown = name
			}
			if test.want != "" || !strings.HasPrefix(err.Error(), shown) || !strings.HasSuffix(err.Error(), s.Allowed()) {
				t.Errorf("got %v", err)
			}
			if s.Secret && strings.Contains(err.Error(), "/q@") {
				t.Errorf("shows the value: %v", err)
			}
		})
	}
}

func setting(t *testing.T, name string) Setting {
	t.Helper()
	for _, s := range Settings() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no setting %s", name)
	return Setting{}
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
	if usage := fs.FlagUsages(); !strings.Contains(usage, "(default 100)") || strings.Contains(usage, `(default "`) {
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
		"DATABASE_URL_FILE in .env: open x",
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
		"HTTP_HOTS": "HTTP_HOST", "TRIMM": "TRIM", "EMPTY": "",
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
	_, notes, err := Load(nil, []string{database, "HTTP_PORT=1", "TRIM=", "CLAIM_MIN_IDLE_MS=5"}, write(t, "TRIM=off"))
	want := []string{"HTTP_PORT in environment is not used in this version", "TRIM in .env is not used in this version"}
	if err != nil || len(notes) != 3 || !reflect.DeepEqual(notes[:2], want) || !strings.HasPrefix(notes[2], "CLAIM_MIN_IDLE_MS") {
		t.Errorf("%q, %v", notes, err)
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
		want    string // a part of the URL, or of the error
	}{
		{"read", nil, []string{"DATABASE_URL_FILE=" + path}, "", "@file/db"},
		{"from .env", nil, nil, "DATABASE_URL_FILE=" + path, "@file/db"},
		{"both", nil, []string{"DATABASE_URL_FILE=" + path, database}, "", "are both set in environment"},
		{"environment before .env", nil, []string{"DATABASE_URL_FILE=" + path}, database, "@file/db"},
		{"flag first", []string{"--database-url=postgres://flag/db"}, []string{"DATABASE_URL_FILE=" + path}, "", "//flag/db"},
		{"other form empty", nil, []string{"DATABASE_URL_FILE=" + path, "DATABASE_URL="}, "", "@file/db"},
		{"missing", nil, []string{"DATABASE_URL_FILE=/nonexistent"}, "", "DATABASE_URL_FILE in environment: open /nonexistent"},
		{"bad content", nil, []string{"DATABASE_URL_FILE=" + write(t, "secret")}, "", "DATABASE_URL (value not shown)"},
		{"not a secret", nil, []string{database, "WORKERS_FILE=" + path}, "", "@h/db"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, _, err := Load(flagSet(t, test.flags...), test.environ, write(t, test.dotenv))
			if got := fmt.Sprint(c.DatabaseURL.Reveal(), err); !strings.Contains(got, test.want) || strings.ContainsAny(c.DatabaseURL.Reveal(), "\r\n") {
				t.Errorf("got %q", got)
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

func TestConfigHidesPasswords(t *testing.T) {
	t.Parallel()
	c := load(t, "REDIS_URL=redis://:secret@h:1?password=secret")
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", c, "redis", c.RedisURL, "all", slog.AnyValue(&c))
	for _, shown := range []string{
		string(text), log.String(), fmt.Sprint(c), fmt.Sprintf("%+v %#v %v %s", c, c, &c, c.RedisURL), fmt.Sprintf("%q %d %5.3s", c.RedisURL, c.RedisURL, c.RedisURL),
	} {
		if strings.Contains(shown, "secret") {
			t.Error(shown)
		}
	}
	for _, s := range Settings() {
		if !strings.Contains(log.String(), fmt.Sprintf("%q:", s.Name)) {
			t.Errorf("the log lacks %s: %s", s.Name, log.String())
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                                     "",
		"redis://h:1":                          "redis://h:1",
		"redis://u@h:1":                        "redis://u@h:1",
		"redis://:p@h:1/0":                     "redis://:***@h:1/0",
		"redis://u:p%40q@h:1":                  "redis://u:***@h:1",
		"redis://u:p@q@h:1":                    "redis://u:***@h:1",
		"redis://u:p/q@h:1":                    "***",
		"redis://u:1/q@h:1":                    "***",
		"redis://u:1?q@h:1":                    "***",
		"redis://u:1#q@h:1":                    "***",
		"redis://u:%zz@h:1":                    "***",
		"redis://h:1?master_name=m&password=p": "redis://h:1?master_name=m&password=***",
		"postgres://h/db?PassWord=p&a=b":       "postgres://h/db?PassWord=***&a=b",
		"postgres://h/db?%70assword=p":         "postgres://h/db?%70assword=***",
		"postgres://h/db?sslpassword=p":        "postgres://h/db?sslpassword=***",
		"postgres:///db?host=/tmp":             "postgres:///db?host=/tmp",
		"host=h password=p user=u":             "host=h password=*** user=u",
		"host=h password = 'p q' user=u":       "host=h password=*** user=u",
		`password='p\'q' host=h`:               "password=*** host=h",
		`password=p\ q host=h`:                 "password=*** host=h",
		"password='p":                          "***",
		"u:p@h":                                "***",
		"host=h p":                             "***",
	} {
		if got := Redact(s); got != want {
			t.Errorf("%s: got %s, want %s", s, got, want)
		}
	}
}
