package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

var listeningAt = regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)

// url returns where the service answers, once it does.
func (p *process) url(t *testing.T) string {
	t.Helper()
	var address string
	testenv.Eventually(t, patience, func() error {
		found := listeningAt.FindStringSubmatch(p.output())
		if found == nil {
			return errors.New("it does not listen yet")
		}
		address = found[1]
		return nil
	})
	return "http://" + address
}

// get asks the service, and fails the test where it does not answer at all.
func (p *process) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(p.url(t) + path)
	if err != nil {
		t.Fatalf("get %s: %v\n%s", path, err, p.output())
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// awaitStatus waits until a path is answered with a status, and returns how long that took and the body.
func (p *process) awaitStatus(t *testing.T, path string, want int) (took time.Duration, body string) {
	t.Helper()
	start := time.Now()
	testenv.Eventually(t, patience, func() (err error) {
		var got int
		if got, body = p.get(t, path); got != want {
			err = errors.New(body)
		}
		return err
	})
	return time.Since(start), body
}

// patience is far above what anything takes on a machine that has nothing else to do.
const patience = time.Minute

func contains(text, part string) error {
	if strings.Contains(text, part) {
		return nil
	}
	return fmt.Errorf("%q is not in:\n%s", part, text)
}

func decodeJSON(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
