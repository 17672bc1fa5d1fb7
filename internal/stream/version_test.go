package stream

import (
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

func TestCheckVersion(t *testing.T) {
	t.Parallel()

	for info, want := range map[string]string{
		"# Server\r\nredis_version:6.2.0\r\nredis_mode:standalone\r\n":          "",
		"redis_version:7.0.15\r\n":                                              "",
		"redis_version:10.0\r\n":                                                "",
		"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n": "",
		"redis_version:6.0.16\r\nredis_git_sha1:0\r\n":                          "it is 6.0.16, and 6.2 or newer is needed",
		"redis_version:5.0.7-dev\r\n":                                           "it is 5.0.7-dev, and 6.2",
		"# Server\r\nsome_version:1.0.0\r\n":                                    "",
		"# Server\r\nxredis_version:1.0.0\r\n":                                  "",
	} {
		switch err := judgeVersion(info); {
		case want == "" && err != nil:
			t.Errorf("%q: %v", info, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want %s", info, err, want)
		}
	}

	t.Run("takes the server of the tests", func(t *testing.T) {
		f := newFixture(t)
		if err := CheckVersion(t.Context(), f.client); err != nil {
			t.Error(err)
		}
	})

	t.Run("takes one that keeps its version to itself", func(t *testing.T) {
		f := newFixtureOn(t, testenv.OwnRedis(t).URL())
		do(t, f.client, "ACL", "SETUSER", "default", "-info")
		if err := CheckVersion(t.Context(), f.client); err != nil {
			t.Error(err)
		}
	})

	t.Run("tells of a server that is away", func(t *testing.T) {
		t.Parallel()
		if err := CheckVersion(t.Context(), connect(t, "unix:///nonexistent/redis.sock")); err == nil {
			t.Error("no error")
		}
	})
}
