package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DeploymentsSuffix ends the name of the file that says where the contract of an ABI is deployed:
// Vault.deployments.yaml for Vault.json.
const DeploymentsSuffix = ".deployments.yaml"

// Deployment is where a contract is deployed: an element of the list in a file of deployments. Nothing but the manifest
// for rindexer needs one.
type Deployment struct {
	// Network is the name that rindexer's manifest gives the chain.
	Network string `yaml:"network"`
	ChainID uint64 `yaml:"chain_id"`
	// Address is the contract that emits the events, 0x and 40 hex digits: where there is a proxy, the proxy.
	Address string `yaml:"address"`
	// StartBlock is the block that the contract was made in; 0 is not known.
	StartBlock uint64 `yaml:"start_block,omitempty"`
	// Implementations are the contracts behind the proxy whose ABIs the file holds.
	Implementations []string `yaml:"implementations,omitempty"`
	// Source is where the ABI was fetched from, and Fetched the day.
	Source  string `yaml:"source,omitempty"`
	Fetched string `yaml:"fetched,omitempty"`
}

var (
	addressForm = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)
	networkForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
)

// parseDeploymentFile reads a file of deployments. Its error names everything that is wrong.
func parseDeploymentFile(name string, text []byte) ([]Deployment, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var all []Deployment
	if err := d.Decode(&all); err != nil && !errors.Is(err, io.EOF) {
		message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
		return nil, fmt.Errorf("abi/%s: %s; hint: it is a list with network, chain_id, address and start_block",
			name, strings.ReplaceAll(message, "\n  ", "; "))
	}
	var errs []error
	if err := d.Decode(new(any)); err != io.EOF {
		errs = append(errs, fmt.Errorf("abi/%s: there is a second document, behind ---; hint: one file holds one list", name))
	}
	for i, deployment := range all {
		if err := deployment.Check(); err != nil {
			errs = append(errs, fmt.Errorf("abi/%s: element %d: %w", name, i+1, err))
		}
	}
	return all, errors.Join(errs...)
}

// Check says what is missing, or not of the form that it must have.
func (d Deployment) Check() error {
	switch {
	case !networkForm.MatchString(d.Network):
		return fmt.Errorf("network %q is no name: letters, digits, - and _", d.Network)
	case d.ChainID == 0:
		return errors.New("chain_id is missing")
	case !addressForm.MatchString(d.Address):
		return fmt.Errorf("address %q is not 0x and 40 hex digits", d.Address)
	}
	return nil
}

const deploymentsHead = `# Where the contract of this ABI is deployed. codegen fetch adds to it, codegen rindexer reads it, and it is yours to edit.
`

// AddDeployment returns the text of a file of deployments with one more, and what stands as it stands. Where the chain and
// the address are in it already, the text is the same, and standing what it says of them.
func AddDeployment(name string, text []byte, d Deployment) (added []byte, standing *Deployment, err error) {
	all, err := parseDeploymentFile(name, text)
	if err == nil {
		err = d.Check()
	}
	if err != nil {
		return nil, nil, err
	}
	for i, s := range all {
		if s.ChainID == d.ChainID && strings.EqualFold(s.Address, d.Address) {
			return text, &all[i], nil
		}
	}
	element, err := yaml.Marshal([]Deployment{d})
	if err != nil {
		return nil, nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return append([]byte(deploymentsHead), element...), nil, nil
	}
	added = slices.Concat(bytes.TrimRight(text, "\n"), []byte{'\n'}, element)
	if got, err := parseDeploymentFile(name, added); err != nil || len(got) != len(all)+1 {
		return nil, nil, fmt.Errorf("abi/%s is not written in a way that this could be added to; hint: add it by hand:\n%s", name, element)
	}
	return added, nil, nil
}

// parseDeployments reads all files, by the name of the ABI that they are for.
func parseDeployments(files map[string][]byte) (map[string][]Deployment, error) {
	all := map[string][]Deployment{}
	var errs []error
	chains := map[string]uint64{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		found, err := parseDeploymentFile(name, files[name])
		errs = append(errs, err)
		all[strings.TrimSuffix(name, DeploymentsSuffix)] = found
		for _, d := range found {
			if chain, ok := chains[d.Network]; ok && chain != d.ChainID {
				errs = append(errs, fmt.Errorf("abi/%s: network %s has chain_id %d here and %d elsewhere", name, d.Network, d.ChainID, chain))
			}
			chains[d.Network] = d.ChainID
		}
	}
	return all, errors.Join(errs...)
}
