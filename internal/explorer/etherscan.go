package explorer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Etherscan is an API like that of Etherscan, which Blockscout's explorers have too.
// https://docs.etherscan.io/api-reference/endpoint/getsourcecode
type Etherscan struct {
	// URL is the API's, such as https://api.etherscan.io/v2/api.
	URL string
	// Key is the API's; empty is none.
	Key string
}

// sourceCode is what is known of a contract's source. Blockscout has other names for what stands behind a proxy.
type sourceCode struct {
	ABI                   string
	ContractName          string
	Implementation        string
	ImplementationAddress string
}

// Contract finds a contract by its chain and address, 0x and 40 hex digits.
func (e Etherscan) Contract(ctx context.Context, chainID uint64, address string) (Contract, error) {
	found, err := e.find(ctx, chainID, address)
	if err != nil {
		return Contract{}, err
	}
	c := Contract{Name: found.ContractName, From: e.URL}
	if err := c.addText(found.ABI); err != nil {
		return Contract{}, fmt.Errorf("read ABI of %s from %s: %w", address, e.URL, err)
	}
	implementation := found.Implementation
	if implementation == "" {
		implementation = found.ImplementationAddress
	}
	if implementation != "" && !strings.EqualFold(implementation, address) {
		behind, err := e.find(ctx, chainID, implementation)
		if err == nil {
			err = c.addText(behind.ABI)
		}
		if err != nil {
			return Contract{}, fmt.Errorf("look behind proxy %s: %w", address, err)
		}
		c.Name = behind.ContractName
		c.Implementations = []string{strings.ToLower(implementation)}
	}
	c.Block, err = e.block(ctx, chainID, address)
	return c, err
}

func (c *Contract) addText(text string) error {
	var entries []json.RawMessage
	if err := json.Unmarshal([]byte(text), &entries); err != nil {
		return fmt.Errorf("it is no ABI: %w", err)
	}
	c.add(entries)
	return nil
}

func (e Etherscan) find(ctx context.Context, chainID uint64, address string) (sourceCode, error) {
	var found []sourceCode
	reason, err := e.ask(ctx, chainID, url.Values{"action": {"getsourcecode"}, "address": {address}}, &found)
	if err != nil {
		return sourceCode{}, err
	}
	if len(found) == 0 || !strings.HasPrefix(strings.TrimSpace(found[0].ABI), "[") {
		if len(found) > 0 && reason == "" {
			reason = found[0].ABI
		}
		return sourceCode{}, fmt.Errorf("find contract %s of chain %d at %s: %w (%s); hint: -sourcify asks another source, "+
			"or save the ABI as abi/<name>.json", address, chainID, e.URL, ErrNotFound, reason)
	}
	return found[0], nil
}

// block is the one that the contract was made in, 0 where the API does not know.
func (e Etherscan) block(ctx context.Context, chainID uint64, address string) (uint64, error) {
	var made []struct {
		BlockNumber number `json:"blockNumber"`
	}
	_, err := e.ask(ctx, chainID, url.Values{"action": {"getcontractcreation"}, "contractaddresses": {address}}, &made)
	if err != nil || len(made) == 0 {
		return 0, err
	}
	return uint64(made[0].BlockNumber), nil
}

// ask calls a function of the API's module contract. Where it refuses, with a status of 200 as always, the result is
// the reason and into is left alone.
func (e Etherscan) ask(ctx context.Context, chainID uint64, query url.Values, into any) (reason string, err error) {
	query.Set("module", "contract")
	query.Set("chainid", strconv.FormatUint(chainID, 10))
	if e.Key != "" {
		query.Set("apikey", e.Key)
	}
	var answer struct {
		Status, Message string
		Result          json.RawMessage
	}
	switch status, err := get(ctx, e.URL, query, &answer); {
	case err != nil:
		return "", err
	case status == http.StatusNotFound:
		return "", fmt.Errorf("ask %s: it answers 404 Not Found", e.URL)
	}
	if len(answer.Result) > 0 && answer.Result[0] == '[' && json.Unmarshal(answer.Result, into) == nil {
		return "", nil
	}
	if json.Unmarshal(answer.Result, &reason) != nil || reason == "" {
		reason = answer.Message
	}
	if e.Key != "" {
		reason = strings.ReplaceAll(reason, e.Key, "***")
	}
	lower := strings.ToLower(reason)
	if strings.Contains(lower, "rate limit") || strings.Contains(lower, "api key") {
		return "", fmt.Errorf("ask %s: %s; hint: EXPLORER_API_KEY holds the key of the API", e.URL, reason)
	}
	return reason, nil
}
