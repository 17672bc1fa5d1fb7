package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestLoadValues: what is taken, and how it is shown.
func TestLoadValues(t *testing.T) {
	t.Parallel()
	const finality = "1:3,10:24,56:24,100:24,137:200,8453:24,42161:24,43114:12,*:64"
	for _, test := range []struct{ env, want string }{
		{"REDIS_URL=rediss://u:p@h:1/2", "rediss://u:***@h:1/2"},
		{"REDIS_URL=unix:///run/redis.sock", "unix:///run/redis.sock"},
		{"REDIS_URL=unix://u:p@/run/redis.sock?db=1", "unix://u:***@/run/redis.sock?db=1"},
		{"REDIS_URL=redis://h", "redis://h"},
		{"REDIS_URL=redis://h:65535/?read_timeout=6s", "redis://h:65535/?read_timeout=6s"},
		{"REDIS_URL=redis://[::1]:6379/15", "redis://[::1]:6379/15"},
		{"REDIS_URL=redis://:6379", "redis://:6379"},
		{"REDIS_URL=redis://my_redis:1", "redis://my_redis:1"},
		{"REDIS_STREAMS= a , b", "a,b"},
		{"CONSUMER_GROUP=g", "g"},
		{"CONSUMER_NAME=n-1", "n-1"},
		{"DATABASE_URL=postgresql:///db?host=/tmp", "postgresql:///db?host=/tmp"},
		{"DATABASE_URL=postgres://u:p@h1:5432,h2:5433/db", "postgres://u:***@h1:5432,h2:5433/db"},
		{"DATABASE_URL=host=h dbname='a b' password='p\\' q'", "host=h dbname='a b' password=***"},
		{"AUTO_MIGRATE=OFF", "off"},
		{"AUTO_MIGRATE=on", "on"},
		{"BATCH_SIZE=1", "1"},
		{"BATCH_SIZE=10000", "10000"},
		{"BATCH_TIMEOUT_MS=1", "1"},
		{"BATCH_TIMEOUT_MS=3600000", "3600000"},
		{"WORKERS=1", "1"},
		{"WORKERS= 128\t", "128"},
		{"PROCESSING_TIMEOUT_MS=1", "1"},
		{"PROCESSING_TIMEOUT_MS=3600000", "3600000"},
		{"MAX_RETRIES=1", "1"},
		{"MAX_RETRIES=1000", "1000"},
		{"CIRCUIT_BREAKER_THRESHOLD=1", "1"},
		{"CIRCUIT_BREAKER_THRESHOLD=1000", "1000"},
		{"CIRCUIT_BREAKER_TIMEOUT_MS=1", "1"},
		{"CIRCUIT_BREAKER_TIMEOUT_MS=3600000", "3600000"},
		{"MAX_PAYLOAD_BYTES=1", "1"},
		{"MAX_PAYLOAD_BYTES=67108864", "67108864"},
		{"MAX_PAYLOAD_BYTES=64MiB", "67108864"},
		{"MAX_PAYLOAD_BYTES=64 mib", "67108864"},
		{"MAX_PAYLOAD_BYTES=1KiB", "1024"},
		{"MAX_PAYLOAD_BYTES=512MiB", "536870912"},
		{"CLAIM_INTERVAL_MS=1", "1"},
		{"CLAIM_INTERVAL_MS=3600000", "3600000"},
		{"CLAIM_MIN_IDLE_MS=1", "1"},
		{"CLAIM_MIN_IDLE_MS=86400000", "86400000"},
		{"SHUTDOWN_TIMEOUT_MS=1", "1"},
		{"SHUTDOWN_TIMEOUT_MS=3600000", "3600000"},
		{"HTTP_HOST=127.0.0.1", "127.0.0.1"},
		{"HTTP_HOST=::", "::"},
		{"HTTP_HOST=fe80::1%eth0", "fe80::1%eth0"},
		{"HTTP_HOST=localhost", "localhost"},
		{"HTTP_HOST=node-1.my_zone.example", "node-1.my_zone.example"},
		{"HTTP_HOST=1.2.3.4.example", "1.2.3.4.example"},
		{"HTTP_PORT=0", "0"},
		{"HTTP_PORT=65535", "65535"},
		{"TRIM=OFF", "off"},
		{"TRIM=on", "on"},
		{"TRIM_RETENTION=1m", "1m"},
		{"TRIM_RETENTION=1h30m", "1h30m"},
		{"TRIM_RETENTION=36h", "36h"},
		{"TRIM_RETENTION=61.5s", "1m1.5s"},
		{"FINALITY_BLOCKS=7", "*:7"},
		{"FINALITY_BLOCKS=0", "*:0"},
		{"FINALITY_BLOCKS=1000000", "*:1000000"},
		{"FINALITY_BLOCKS=1:3, 5:0, *:9", "1:3,5:0,*:9"},
		{"FINALITY_BLOCKS=1:3", finality},
		{"LOG_LEVEL=Debug", "debug"},
		{"LOG_LEVEL=error", "error"},
		{"LOG_FORMAT=TEXT", "text"},
	} {
		t.Run(test.env, func(t *testing.T) {
			t.Parallel()
			c, _, err := Load(nil, []string{database, test.env}, "")
			if err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(test.env, "=")
			if got := setting(t, name).show(&c); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// badValues has the ends of every range, one beyond, and what a tired operator writes. Secrets hold the word hush.
var badValues = map[string][]string{
	"REDIS_URL": {
		"redis://", "redis:///1", "hush:6379", "http://hush:1", "redis://u:hush/q@h:1", "redis://u:1/hush@h:1", "redis://u:hush@h:port",
		"redis://u:hush@h:0", "redis://u:hush@h:65536", "redis://u:hush@h:1,h:2", "redis://u:hush@h/db", "redis://u:hush@h/-1",
		"redis://u:hush@h/1/2", "unix://", "unix://run/hush.sock", "redis://u:%zzhush@h",
		"redis://u:hush@h:1?addr=h:2", "redis://u:hush@h?cluster=true", "redis://u:hush@h?cluster=false",
		"redis://u:hush@h?master_name=m", "redis-sentinel://u:hush@h", "redis+cluster://u:hush@h",
	},
	"REDIS_STREAMS":  {"a,,b", "a,a", "a, a", "a b", ",", "a,", "a\tb", "a,redis://:hush@h"},
	"CONSUMER_GROUP": {"g h", "g\th", "redis://:hush@h"},
	"CONSUMER_NAME":  {"n 1", "n\t1", "n\x7f", "postgres://u:hush@h/db"},
	"DATABASE_URL": {
		"hush", "mysql://u:hush@h/db", "postgres:hush", "postgres://u:hush/q@h/db", "postgres://u:hush#q@h/db",
		"postgres://u:hush@h:port/db", "redis://u:hush@h", "host=h hush", "password='hush", "=hush",
	},
	"AUTO_MIGRATE":               {"true", "1", "yes", "onn", "o n"},
	"BATCH_SIZE":                 {"0", "10001", "-1", "1e3", "1.5", "1,000", "1_000", "1k", "0x10", "100ms", "99999999999999999999"},
	"BATCH_TIMEOUT_MS":           {"0", "3600001", "-1", "5s", "5000ms", "1.5", "five", "99999999999999999999"},
	"WORKERS":                    {"0", "129", "-1", "auto", "4 4", "4;"},
	"PROCESSING_TIMEOUT_MS":      {"0", "3600001", "-1", "30s", "1m", "thirty"},
	"MAX_RETRIES":                {"0", "1001", "-1", "unlimited", "3x"},
	"CIRCUIT_BREAKER_THRESHOLD":  {"0", "1001", "-1", "50%", "five"},
	"CIRCUIT_BREAKER_TIMEOUT_MS": {"0", "3600001", "-1", "60s", "1m", "sixty"},
	"MAX_PAYLOAD_BYTES": {
		"0", "536870913", "513MiB", "1GiB", "-1", "-1KiB", "64MB", "64M", "64kb", "MiB", "1.5MiB", "1 Mi B", "9223372036854775807GiB",
	},
	"CLAIM_INTERVAL_MS":   {"0", "3600001", "-1", "5s", "x"},
	"CLAIM_MIN_IDLE_MS":   {"0", "86400001", "-1", "90s", "1d", "x"},
	"SHUTDOWN_TIMEOUT_MS": {"0", "3600001", "-1", "10s", "x"},
	"HTTP_HOST": {
		"[::1]", "0.0.0.0:8080", "1.2.3", "256.0.0.1", "1.2.3.4/8", "http://localhost", "postgres://u:hush@h/db", "a b", "*", "a..b", ".a", "a.", "-a", "a-",
		strings.Repeat("a", 64), strings.Repeat("a.", 127) + "a",
	},
	"HTTP_PORT":      {"-1", "65536", ":8080", "0.0.0.0:8080", "http", "8080/tcp", "80 80", "tcp://10.0.0.1"},
	"TRIM":           {"true", "0", "yes"},
	"TRIM_RETENTION": {"59s", "59999ms", "0", "-1h", "24", "1d", "24 h", "2562048h", "day"},
	"FINALITY_BLOCKS": {
		"-1", "1000001", "1:-1", "1:1000001", "1:3,1:3", "*:3,*:3", "mainnet:3", "0:3", "-1:3", "1:", ":3", "3,4", "1:3;2:4", "1:3,", "64b",
	},
	"LOG_LEVEL":  {"trace", "warning", "0", "in fo"},
	"LOG_FORMAT": {"xml", "json,text", "logfmt"},
}

// TestLoadBadValues tries every bad value of every setting wherever a setting can stand.
func TestLoadBadValues(t *testing.T) {
	t.Parallel()
	for _, s := range Settings() {
		if len(badValues[s.Name]) == 0 {
			t.Errorf("no bad values of %s are tried", s.Name)
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			for _, value := range append(badValues[s.Name], " ", "\t") {
				assignment := s.Name + "=" + value
				quoted := fmt.Sprintf("%s='%s'", s.Name, value)
				if strings.Contains(value, "'") {
					quoted = fmt.Sprintf("%s=%q", s.Name, value)
				}
				refuses(t, s, value, "environment", nil, []string{assignment}, "")
				refuses(t, s, value, ".env", nil, nil, quoted)
				refuses(t, s, value, "flags", []string{"--" + s.Flag() + "=" + value}, nil, "")
			}
			refuses(t, s, "", "flags", []string{"--" + s.Flag() + "="}, nil, "")
		})
	}
}

// refuses wants one error, which names the setting, its value if that is no secret, the place, and what is allowed.
func refuses(t *testing.T, s Setting, value, place string, args, environ []string, dotenv string) {
	t.Helper()
	if s.Name != "DATABASE_URL" {
		environ = append(environ, database)
	}
	_, _, err := Load(flagSet(t, args...), environ, write(t, dotenv))
	if err == nil {
		t.Errorf("%q in %s is taken", value, place)
		return
	}
	shown := fmt.Sprintf("%s=%q", s.Name, value)
	if s.Secret || strings.Contains(value, "://") || strings.Contains(value, "@") {
		shown = s.Name + " (value not shown)"
	}
	text := err.Error()
	begin, end := shown+" in "+place, ": want "+s.Allowed()
	middle, isWhole := strings.CutPrefix(strings.TrimSuffix(text, end), begin)
	if !isWhole || !strings.HasSuffix(text, end) || middle != "" && middle != " is not available in this version" {
		t.Errorf("%q in %s: got %s", value, place, text)
	}
	if strings.Contains(text, "hush") {
		t.Errorf("%q in %s is quoted: %s", value, place, text)
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
