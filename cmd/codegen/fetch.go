package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/codegen"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/explorer"
)

const fetchUsage = `Usage: go run ./cmd/codegen fetch -network name -chain-id number [flags] address

Writes the ABI of a deployed contract to abi/<name>.json, and to abi/<name>.deployments.yaml where it is deployed and where
the ABI came from. Of a proxy, the ABI of what stands behind it is taken too. It asks Sourcify, or with -explorer an API
like that of Etherscan or Blockscout, whose key can stand in the variable EXPLORER_API_KEY. Run make generate after it.

Example: go run ./cmd/codegen fetch -network ethereum -chain-id 1 0x00000000219ab540356cbb839cbe05303d7705fa

Flags:
`

// fetchFlags are the settings of a fetch.
type fetchFlags struct {
	root      string
	network   string
	chainID   uint64
	name      string
	overwrite bool
	source    explorer.Source
}

func fetchCommand() command {
	flags, root := newFlags("codegen fetch", fetchUsage)
	network := flags.String("network", "", "the `name` of the chain, as rindexer's manifest has it")
	chainID := flags.Uint64("chain-id", 0, "the chain's `number`")
	name := flags.String("name", "", "the `name` of the files; by default the contract's own")
	overwrite := flags.Bool("overwrite", false, "replace an ABI of that name that differs")
	sourcify := flags.String("sourcify", explorer.SourcifyURL, "the `URL` of a Sourcify server")
	api := flags.String("explorer", "", "the `URL` of an explorer's API, such as https://api.etherscan.io/v2/api")
	return command{flags, func(ctx context.Context, arguments []string, stdout, _ io.Writer) error {
		f := fetchFlags{
			root: *root, network: *network, chainID: *chainID, name: *name, overwrite: *overwrite,
			source: explorer.Sourcify{URL: *sourcify},
		}
		if *api != "" {
			f.source = explorer.Etherscan{URL: *api, Key: os.Getenv("EXPLORER_API_KEY")}
		}
		if len(arguments) != 1 {
			return errUsage{errors.New("one address is wanted")}
		}
		return f.fetch(ctx, strings.ToLower(arguments[0]), stdout)
	}}
}

// fetch writes the ABI and the deployment of one contract.
func (f fetchFlags) fetch(ctx context.Context, address string, stdout io.Writer) error {
	d := codegen.Deployment{
		Network: f.network, ChainID: f.chainID, Address: address, Fetched: time.Now().UTC().Format(time.DateOnly),
	}
	if _, err := codegen.AddDeployment("", nil, d); err != nil {
		return errUsage{err}
	}
	found, err := f.source.Contract(ctx, f.chainID, address)
	if err != nil {
		return err
	}
	d.StartBlock, d.Implementations, d.Source = found.Block, found.Implementations, found.Source
	name := f.name
	if name == "" {
		name = fileName(found.Name)
	}
	if name == "" || name != fileName(name) {
		return errUsage{fmt.Errorf("%q is no name for the files; hint: -name gives one of letters, digits and _", name)}
	}
	abi := filepath.Join(f.root, "abi", name+".json")
	changed, err := f.writeABI(abi, found.ABI)
	if err != nil {
		return err
	}
	if err := addDeployment(filepath.Join(f.root, "abi", name+codegen.DeploymentsSuffix), d); err != nil {
		return err
	}
	if changed {
		fmt.Fprintf(stdout, "%s written, with %d entries; run make generate\n", abi, len(found.ABI))
	} else {
		fmt.Fprintf(stdout, "%s is up to date\n", abi)
	}
	return nil
}

var notInFileName = regexp.MustCompile(`[^A-Za-z0-9_]+`)

func fileName(name string) string { return notInFileName.ReplaceAllString(name, "_") }

// writeABI reports whether the file changed. One that stands and has other content is somebody's.
func (f fetchFlags) writeABI(name string, entries []json.RawMessage) (changed bool, err error) {
	text, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return false, err
	}
	text = append(text, '\n')
	standing, err := os.ReadFile(name)
	switch {
	case err == nil && sameJSON(standing, text):
		return false, nil
	case err == nil && !f.overwrite:
		return false, fmt.Errorf("%s stands and has another ABI; hint: -name gives this one another name, -overwrite replaces that", name)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return false, err
	}
	return true, os.WriteFile(name, text, 0o644)
}

// sameJSON compares without white space and the order of keys.
func sameJSON(a, b []byte) bool {
	var values [2]any
	for i, text := range [][]byte{a, b} {
		if json.Unmarshal(text, &values[i]) != nil {
			return false
		}
	}
	first, _ := json.Marshal(values[0])
	second, _ := json.Marshal(values[1])
	return bytes.Equal(first, second)
}

// addDeployment adds to the file of deployments, and leaves what stands in it.
func addDeployment(name string, d codegen.Deployment) error {
	standing, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text, err := codegen.AddDeployment(filepath.Base(name), standing, d)
	if err != nil || bytes.Equal(text, standing) {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
