package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

func TestProgress(t *testing.T) {
	t.Parallel()

	t.Run("is shown once a command has taken a while, and gone at its end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var screen launch.Buffer
			seen := 0
			shown := func(want string) {
				t.Helper()
				synctest.Wait()
				got := screen.String()[seen:]
				if seen += len(got); !strings.Contains(got, want) || want == "" && got != "" {
					t.Errorf("the screen got %q, want %q", got, want)
				}
			}
			p := &progress{w: &screen}
			p.begin()
			p.step("compare", 1, 3)
			time.Sleep(showAfter - time.Millisecond)
			p.step("compare", 2, 3)
			shown("")
			time.Sleep(2 * time.Millisecond)
			shown("2/3")
			p.step("compare", 3, 3)
			shown("3/3")
			p.step("apply", 0, 7)
			shown("apply")
			p.step("apply", 1, 0) // nobody knows how much there is
			shown("")
			p.end()
			shown("\r" + strings.Repeat(" ", 20))
			p.step("apply", 5, 7)
			time.Sleep(2 * showAfter)
			shown("")
		})
	})

	t.Run("does not begin where the command ends before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var screen launch.Buffer
			p := &progress{w: &screen}
			p.begin()
			p.step("compare", 1, 3)
			p.end()
			time.Sleep(2 * showAfter)
			if got := screen.String(); got != "" {
				t.Errorf("the screen got %q", got)
			}
		})
	})

	t.Run("is silent in a file", func(t *testing.T) {
		t.Parallel()
		file, err := os.Create(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		p := newProgress(file)
		p.late = true
		p.step("compare", 1, 3)
		p.end()
		if info, err := file.Stat(); err != nil || info.Size() > 0 {
			t.Errorf("%v bytes are in the file, error %v", info.Size(), err)
		}
	})
}
