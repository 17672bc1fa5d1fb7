package ingest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

// TestBackoff: pauses double up to a bound, give or take half, so that a server that is away is neither asked all the time
// nor left alone for long when it is back.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text launch.Buffer
		log := slog.New(slog.NewTextHandler(&text, nil))
		var b backoff
		for want := firstPause; want < time.Minute; want *= 2 {
			before := time.Now()
			if err := b.wait(t.Context(), log, "it fails", errors.New("away")); err != nil {
				t.Fatal(err)
			}
			if took, want := time.Since(before), min(want, longPause); took < want/2 || took > want*3/2 {
				t.Errorf("it took %v, want %v, give or take half", took, want)
			}
		}
		if n := strings.Count(text.String(), "it fails"); n == 0 || n > 2 {
			t.Errorf("told %d times within twenty seconds:\n%s", n, text.String())
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.wait(ended, log, "it fails", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
