package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

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
	if want := `"CONSUMER_NAME":"host name and a free slot"`; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %s: %s", want, log.String())
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
