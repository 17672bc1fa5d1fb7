package preflight

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestEncryption(t *testing.T) {
	t.Parallel()
	const (
		safe, plain, unverified = "", "plain text", "could take its place"
		password                = "tops3cret"
	)
	for address, want := range map[string]string{
		"postgres://u:" + password + "@localhost/d":                            safe,
		"postgres://u:" + password + "@127.0.0.1/d?sslmode=disable":            safe,
		"postgres://u:" + password + "@[::1]/d?sslmode=disable":                safe,
		"postgres://u:" + password + "@/d?host=/var/run/postgresql":            safe,
		"postgres://u:" + password + "@db.example/d":                           plain,
		"postgres://u:" + password + "@db.example/d?sslmode=disable":           plain,
		"postgres://u:" + password + "@db.example/d?sslmode=allow":             plain,
		"postgres://u:" + password + "@localhost,db.example/d?sslmode=prefer":  plain,
		"postgres://u:" + password + "@db.example/d?sslmode=require":           unverified,
		"postgres://u:" + password + "@db.example/d?sslmode=verify-full":       safe,
		"redis://u:" + password + "@localhost:6379":                            safe,
		"redis://u:" + password + "@redis.example:6379":                        plain,
		"unix://u:" + password + "@/run/redis.sock":                            safe,
		"rediss://u:" + password + "@redis.example:6379":                       safe,
		"rediss://u:" + password + "@redis.example:6379?skip_verify=true":      unverified,
		"host=db.example user=u password=" + password + " sslmode=verify-full": safe,
	} {
		config, err := pgconn.ParseConfig("host=localhost")
		if err != nil {
			t.Fatal(err)
		}
		redisURL, at := address, 1
		if !strings.HasPrefix(address, "redis") && !strings.HasPrefix(address, "unix") {
			redisURL, at = "redis://localhost", 0
			if config, err = pgconn.ParseConfig(address); err != nil {
				t.Fatal(err)
			}
		}
		found := Encryption(config, redisURL)
		f, other := found[at], found[1-at]
		if other.Verdict != OK {
			t.Errorf("%s: of the other server: %+v", address, other)
		}
		if want == safe && f.Verdict != OK || want != safe && (f.Verdict != Warning || !strings.Contains(f.Detail, want)) {
			t.Errorf("%s: %+v, want %q", address, f, want)
		}
		if strings.Contains(f.Detail+f.Hint, password) {
			t.Errorf("%s: the password is in it: %+v", address, f)
		}
	}
}
