package explorer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// SourcifyURL is the public server of Sourcify.
const SourcifyURL = "https://sourcify.dev/server"

// Sourcify is a server with version 2 of Sourcify's API. https://docs.sourcify.dev/docs/api/
type Sourcify struct {
	// URL is the server's, such as SourcifyURL.
	URL string
}

// verified is the answer about a contract, as far as it is asked for.
type verified struct {
	ABI         []json.RawMessage `json:"abi"`
	Compilation struct {
		Name string `json:"name"`
	} `json:"compilation"`
	Deployment struct {
		BlockNumber number `json:"blockNumber"`
	} `json:"deployment"`
	ProxyResolution struct {
		Implementations []struct {
			Address string `json:"address"`
		} `json:"implementations"`
	} `json:"proxyResolution"`
}

// Contract finds a contract by its chain and address, 0x and 40 hex digits.
func (s Sourcify) Contract(ctx context.Context, chainID uint64, address string) (Contract, error) {
	found, from, err := s.ask(ctx, chainID, address, "abi,compilation,deployment,proxyResolution")
	if err != nil {
		return Contract{}, err
	}
	c := Contract{Name: found.Compilation.Name, Block: uint64(found.Deployment.BlockNumber), From: from}
	c.add(found.ABI)
	for _, implementation := range found.ProxyResolution.Implementations {
		behind, _, err := s.ask(ctx, chainID, implementation.Address, "abi,compilation")
		if err != nil {
			return Contract{}, fmt.Errorf("look behind proxy %s: %w", address, err)
		}
		c.add(behind.ABI)
		c.Name = behind.Compilation.Name
		c.Implementations = append(c.Implementations, strings.ToLower(implementation.Address))
	}
	return c, nil
}

func (s Sourcify) ask(ctx context.Context, chainID uint64, address, fields string) (verified, string, error) {
	from := fmt.Sprintf("%s/v2/contract/%d/%s", strings.TrimRight(s.URL, "/"), chainID, url.PathEscape(address))
	var answer verified
	status, err := get(ctx, from, url.Values{"fields": {fields}}, &answer)
	switch {
	case err != nil:
		return verified{}, "", err
	case status == http.StatusNotFound || answer.ABI == nil:
		return verified{}, "", fmt.Errorf("find contract %s of chain %d at %s: %w; hint: -explorer asks an explorer's API instead",
			address, chainID, s.URL, ErrNotFound)
	}
	return answer, from, nil
}
