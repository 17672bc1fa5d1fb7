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
	"slices"
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

// source finds contracts by their chain and address, 0x and 40 hex digits.
type source interface {
	Contract(ctx context.Context, chainID uint64, address string) (explorer.Contract, error)
}

// fetchFlags are the settings of a fetch.
type fetchFlags struct {
	root      string
	network   string
	chainID   uint64
	name      string
	overwrite bool
	source    source
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
	if err := d.Check(); err != nil {
		return errUsage{err}
	}
	found, err := f.source.Contract(ctx, f.chainID, address)
	if err != nil {
		return err
	}
	d.StartBlock, d.Implementations, d.Source = found.Block, found.Implementations, found.From
	name := f.name
	if name == "" {
		name = fileName(found.Name)
	}
	if name == "" || name != fileName(name) {
		return errUsage{fmt.Errorf("%q is no name for the files; hint: -name gives one of letters, digits and _", name)}
	}
	abi, err := f.newABI(filepath.Join(f.root, "abi", name+".json"), found.ABI)
	if err != nil {
		return err
	}
	deployments, err := newDeployments(filepath.Join(f.root, "abi", name+codegen.DeploymentsSuffix), d, stdout)
	if err != nil {
		return err
	}
	return errors.Join(abi.write(stdout), deployments.write(stdout))
}

// newFile is a file that is to be written, if its content changes.
type newFile struct {
	path    string
	content []byte // nil where it stays as it is
}

func (f newFile) write(stdout io.Writer) error {
	if f.content == nil {
		fmt.Fprintf(stdout, "%s is up to date\n", f.path)
		return nil
	}
	if err := os.WriteFile(f.path, f.content, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s is written; run make generate\n", f.path)
	return nil
}

var notInFileName = regexp.MustCompile(`[^A-Za-z0-9_]+`)

func fileName(name string) string { return notInFileName.ReplaceAllString(name, "_") }

// newABI makes the file with the ABI. One that stands and has other content is somebody's.
func (f fetchFlags) newABI(path string, entries []json.RawMessage) (newFile, error) {
	text, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return newFile{}, err
	}
	text = append(text, '\n')
	standing, err := os.ReadFile(path)
	switch {
	case err == nil && sameJSON(standing, text):
		return newFile{path: path}, nil
	case err == nil && !f.overwrite:
		return newFile{}, fmt.Errorf("%s stands and has another ABI; hint: -name gives this one another name, -overwrite replaces that", path)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return newFile{}, err
	}
	return newFile{path, text}, nil
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

// newDeployments adds to the file of deployments, and leaves what stands in it.
func newDeployments(path string, d codegen.Deployment, stdout io.Writer) (newFile, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return newFile{}, err
	}
	added, standing, err := codegen.AddDeployment(filepath.Base(path), text, d)
	if err != nil {
		return newFile{}, err
	}
	if standing == nil {
		return newFile{path, added}, nil
	}
	if !slices.Equal(standing.Implementations, d.Implementations) || standing.Source != d.Source {
		fmt.Fprintf(stdout, "%s says of %s where its ABI came from before; now it is from %s, implementations: %s\n",
			path, d.Address, d.Source, strings.Join(d.Implementations, ", "))
	}
	return newFile{path: path}, nil
}
