// Package explorer asks Sourcify, or the API that Etherscan and Blockscout have in common, for the ABI of a contract that
// is deployed somewhere. It keeps nothing, writes no file, and knows nothing of events.
//
// Its invariant: no error and no Contract holds the key of an API.
package explorer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Contract is what is known of a deployed contract.
type Contract struct {
	// Name is the contract's, in its source; of a proxy it is that of what stands behind it. It can be empty.
	Name string
	// ABI holds the entries, each once: those of the proxy, if it is one, before those of what stands behind it.
	ABI []json.RawMessage
	// Block is the one that the contract was made in; 0 is not known.
	Block uint64
	// Implementations are the addresses behind a proxy whose ABIs were found.
	Implementations []string
	// From is the address that answered, without any key.
	From string
}

// ErrNotFound is the error of a contract that the source does not know, or whose source code it does not have.
var ErrNotFound = errors.New("it is not verified there")

const (
	timeout = 30 * time.Second
	// maxAnswer is above every answer with the ABIs that a block has room for.
	maxAnswer = 64 << 20
)

// client stays with the host that was asked: to another, a redirect would hand on the query, with the key in it.
var client = &http.Client{Timeout: timeout, CheckRedirect: func(r *http.Request, via []*http.Request) error {
	if r.URL.Host != via[0].URL.Host || len(via) > 3 {
		return fmt.Errorf("it sends us on to %s; hint: give that address", r.URL.Host)
	}
	return nil
}}

// get asks for JSON. The error names the address without its query, which may hold a key.
func get(ctx context.Context, address string, query url.Values, into any) (status int, err error) {
	defer func() {
		if err != nil {
			shown, _, _ := strings.Cut(address, "?")
			err = fmt.Errorf("ask %s: %w", shown[strings.LastIndexByte(shown, '@')+1:], err)
		}
	}()
	if strings.ContainsAny(address, "?@") {
		return 0, errors.New("the URL must hold neither a key nor a password; hint: EXPLORER_API_KEY holds the key")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?"+query.Encode(), nil)
	if err != nil {
		return 0, errors.New("it is no address of HTTP")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "redis-postgres-sync")
	response, err := client.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return 0, failed.Err // the outer one holds the query
	}
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return 0, err
	case len(text) > maxAnswer:
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	case response.StatusCode == http.StatusTooManyRequests:
		return 0, errors.New("too many requests; hint: wait a minute")
	case response.StatusCode == http.StatusNotFound:
		return response.StatusCode, nil
	case response.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("it answers %s", response.Status)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return 0, fmt.Errorf("the answer is not what it should be: %w", err)
	}
	return response.StatusCode, nil
}

// add adds entries that are not there yet. Proxies and what stands behind them share some.
func (c *Contract) add(entries []json.RawMessage) {
	seen := map[string]bool{}
	for _, e := range c.ABI {
		seen[canonical(e)] = true
	}
	for _, e := range entries {
		if text := canonical(e); !seen[text] {
			seen[text] = true
			c.ABI = append(c.ABI, e)
		}
	}
}

// canonical is the same for entries that differ in white space and the order of keys.
func canonical(entry json.RawMessage) string {
	var value any
	if json.Unmarshal(entry, &value) != nil {
		return string(entry)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return string(entry)
	}
	return string(text)
}

// number reads a number that may stand in quotes. What is none is 0.
type number uint64

func (n *number) UnmarshalJSON(text []byte) error {
	v, _ := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
	*n = number(v)
	return nil
}
