package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
)

func TestLogRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		log := newLogger(&text, config.Config{LogFormat: "json"})
		for worker := range 100 {
			log.With("worker", worker).Error("write failed", "err", "away")
			log.Info("another", "n", worker)
		}
		log.Warn("write failed")
		if got, want := strings.Count(text.String(), "\n"), 2*logBurst+1; got != want {
			t.Fatalf("%d lines, want %d:\n%s", got, want, &text)
		}
		time.Sleep(logWindow)
		log.Error("write failed")
		if want := fmt.Sprintf(`"not_logged":%d`, 100-logBurst); !strings.Contains(text.String(), want) {
			t.Errorf("%s is not in the log:\n%s", want, &text)
		}
	})
}
