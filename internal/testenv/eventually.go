package testenv

import (
	"testing"
	"time"
)

// Eventually calls condition until it returns nil, and fails the test with the last error where that takes longer than
// timeout. The condition runs in the test's goroutine and is called at least once.
func Eventually(tb testing.TB, timeout time.Duration, condition func() error) {
	tb.Helper()
	deadline := time.Now().Add(timeout)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("not within %v: %v", timeout, err)
		}
		time.Sleep(wait)
	}
}
