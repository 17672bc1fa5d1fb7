package stream

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestConnect(t *testing.T) {
	t.Parallel()

	t.Run("never repeats a command nor waits for ever", func(t *testing.T) {
		t.Parallel()
		client := connect(t, "redis://u:p@127.0.0.1:1/3?read_timeout=-1&max_retries=7&pool_size=9")
		o := client.(*redis.Client).Options()
		if o.MaxRetries != 0 || !o.ContextTimeoutEnabled || o.ReadTimeout != ioTimeout || o.WriteTimeout != ioTimeout {
			t.Errorf("%+v", o)
		}
		if o.PoolSize != 9 || o.DB != 3 || o.Username != "u" || o.Password != "p" {
			t.Errorf("what the URL says is lost: %+v", o)
		}
	})

	t.Run("never quotes a password", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"redis://u:sec#ret@h:6379",
			"redis://u:sec/ret@h:6379",
			"redis://u:12/secret@h:6379",
			"redis://u:12?secret@h:6379",
			"redis://u:12?db=secret@h:6379",
			"redis://u:12#secret@h:6379",
			"redis://u:secret%zz@h:6379",
			"redis://u:secret@h:port",
			"redis://u:secret@h:6379/x",
			"redis://u:secret@h:6379?unknown=1",
			"http://u:secret@h",
			"u:secret@h:6379",
		} {
			client, err := Connect(url)
			if err == nil {
				client.Close()
				if !strings.Contains(url, "12#secret") { // a fragment is nothing to go-redis
					t.Errorf("%s: no error", url)
				}
				continue
			}
			if strings.Contains(err.Error(), "sec") || strings.Contains(err.Error(), "ret@") {
				t.Errorf("%s: %v", url, err)
			}
		}
	})

	t.Run("refuses clusters and Sentinels", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"redis://u:secret@h:1?cluster=true",
			"redis://u:secret@h:1?addr=h:2",
			"redis://u:secret@h:1,h2:2",
			"redis://u:secret@h:1?master_name=m&password=secret",
			"redis+sentinel://u:secret@h:1/m",
			"redis+cluster://u:secret@h:1",
		} {
			_, err := Connect(url)
			if err == nil || !strings.Contains(err.Error(), "not available in this version") ||
				strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", url, err)
			}
		}
	})

}
