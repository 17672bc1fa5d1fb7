package preflight

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

const rindexerArea area = "rindexer"

// Service is what the manifest is held against.
type Service struct {
	RedisURL string
	Streams  []string // those that the service reads
	Catalog  *event.Catalog
	// Env finds a variable of the environment, as os.LookupEnv does. Those of the project's .env are found without it.
	Env func(name string) (value string, ok bool)
}

// Manifest looks at a rindexer.yaml and at the ABIs that it names. An error says that there is no such file, or that
// it is no YAML mapping. Keys and values that rindexer would refuse, and which are none of ours, are passed over.
//
// What is said about rindexer holds for 0.41.
func Manifest(path string, s Service) ([]Finding, error) {
	d, err := readDocument(path, s.Env)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w; hint: name a rindexer.yaml", err)
	}
	return inspect(d, filepath.Dir(path), s), nil
}

func inspect(d *document, dir string, s Service) []Finding {
	m := readManifest(d, dir)
	m.service = s
	if len(m.sources) == 0 {
		return []Finding{rindexerArea.fail("streams", "give a contract streams.redis with the streams of REDIS_STREAMS",
			"%s: no contract and no native transfer writes to Redis Streams", d.file)}
	}
	return slices.Concat(
		m.connections(), m.streams(), m.abis(), m.routes(), m.events(), m.tables(), m.conditions(),
		m.reorgs(), m.deliveries(), m.startBlocks(), m.checkpoints(), m.addresses(), m.timestamps(), m.nativeTransfers(),
	)
}

// orOK returns what was found, or that nothing was.
func orOK(found []Finding, subject, format string, args ...any) []Finding {
	if len(found) > 0 {
		return found
	}
	return []Finding{rindexerArea.ok(subject, format, args...)}
}

// manifest is what concerns us of a rindexer.yaml.
type manifest struct {
	file     string
	service  Service
	networks map[string]network
	sources  []*source // those that write to Redis
	stored   bool      // rindexer has a database or CSV files beside the streams
	started  bool      // some contract has a start block
	stamped  bool      // timestamps are on for events that do not say otherwise
}

type network struct {
	chainID  value
	handling bool // reorg_handling is there and enabled
	// together is the most addresses in one request; 0 is no limit.
	together uint64
}

// source is a contract, or the native transfers, as something that writes to Redis.
type source struct {
	name        string
	at          string
	native      bool
	deployments []deployment
	abi         *abiFile
	included    []value         // of include_events; nil is all
	all         bool            // there is no include_events
	ordered     map[string]bool // of all contracts, as Contract.Event: those that dependency_events names
	distance    value           // reorg_safe_distance
	url         value           // connection_uri
	routes      []route
	others      []string // other types of streams beside redis
}

// deployment is a contract on one network.
type deployment struct {
	at        string
	network   string
	addresses int
	factory   bool
	filters   []string // events, of a contract without addresses
	started   bool
	ended     bool
}

// route is one entry of streams.redis.streams.
type route struct {
	at        string
	stream    string
	networks  []string
	events    []routed
	finalized bool
}

// routed is an event that a route lists.
type routed struct {
	at         string
	name       string
	conditions []value
}

func readManifest(d *document, dir string) *manifest {
	root := d.root
	m := &manifest{file: d.file, networks: map[string]network{}}
	m.stamped = enabled(root.get("timestamps"))
	for _, storage := range []string{"postgres", "clickhouse", "csv"} {
		on, _ := root.get("storage", storage, "enabled").truth()
		m.stored = m.stored || on
	}
	for _, v := range root.get("networks").list() {
		m.networks[v.get("name").text()] = readNetwork(v)
	}
	ordered := map[string]bool{}
	for _, v := range root.get("contracts").list() {
		s := readContract(v, dir, ordered)
		m.started = m.started || slices.ContainsFunc(s.deployments, func(d deployment) bool { return d.started })
		if len(s.routes) > 0 {
			m.sources = append(m.sources, s)
		}
	}
	if s := readNative(root.get("native_transfers"), m.networks); s != nil {
		m.sources = append(m.sources, s)
	}
	return m
}

// enabled reads what may be true, or a mapping that may say enabled: false.
func enabled(v value) bool {
	if v.isMapping() {
		on, known := v.get("enabled").truth()
		return on || !known
	}
	on, _ := v.truth()
	return on
}

// defaultTogether is rindexer's: where a contract has more addresses, one request becomes several.
const defaultTogether = 1000

func readNetwork(v value) network {
	n := network{chainID: v.get("chain_id"), handling: enabled(v.get("reorg_handling")), together: defaultTogether}
	filtering := v.get("get_logs_settings", "address_filtering")
	if most, ok := filtering.get("max_address_per_get_logs_request").number(); ok {
		n.together = most
	}
	if filtering.text() == "in-memory" {
		n.together = 0
	}
	return n
}

func readContract(v value, dir string, ordered map[string]bool) *source {
	s := &source{
		name:     v.get("name").text(),
		at:       v.at(),
		all:      !v.get("include_events").present(),
		included: v.get("include_events").list(),
		ordered:  ordered,
		distance: v.get("reorg_safe_distance"),
	}
	for _, detail := range v.get("details").list() {
		s.deployments = append(s.deployments, readDeployment(detail))
	}
	var files []*abiFile
	for _, path := range v.get("abi").list() {
		files = append(files, readABI(dir, path))
	}
	s.abi = mergeABIs(files)
	s.readDependencies(v.get("dependency_events"), map[*yaml.Node]bool{})
	s.readStreams(v.get("streams"))
	return s
}

func readDeployment(v value) deployment {
	d := deployment{
		at:        v.at(),
		network:   v.get("network").text(),
		addresses: len(v.get("address").list()),
		factory:   v.get("factory").present(),
		started:   v.get("start_block").present(),
		ended:     v.get("end_block").present(),
	}
	for _, filter := range v.get("filter").list() {
		d.filters = append(d.filters, filter.get("event_name").text())
	}
	return d
}

// readDependencies walks the tree of dependency_events, whose branches are mappings, or lists of them. An alias can
// make it a ring.
func (s *source) readDependencies(v value, seen map[*yaml.Node]bool) {
	for _, branch := range v.list() {
		if seen[branch.target()] {
			continue
		}
		seen[branch.target()] = true
		for _, e := range branch.get("events").list() {
			name := s.name + "." + e.text()
			if e.isMapping() { // it may be another contract's
				name = e.get("contract_name").text() + "." + e.get("event_name").text()
			}
			s.ordered[name] = true
		}
		s.readDependencies(branch.get("then"), seen)
	}
}

func (s *source) readStreams(v value) {
	v.pairs(func(kind string, v value) {
		if kind != "redis" && v.present() {
			s.others = append(s.others, kind)
		}
	})
	s.url = v.get("redis", "connection_uri")
	for _, entry := range v.get("redis", "streams").list() {
		r := route{
			at:        entry.at(),
			stream:    entry.get("stream_name").text(),
			networks:  entry.get("networks").texts(),
			finalized: entry.get("delivery").text() == "finalized",
		}
		for _, e := range entry.get("events").list() {
			r.events = append(r.events, routed{e.at(), e.get("event_name").text(), e.get("conditions").list()})
		}
		s.routes = append(s.routes, r)
	}
}

// readNative returns nil where native transfers are off or do not go to Redis. Without networks they are on for all.
func readNative(v value, networks map[string]network) *source {
	s := &source{
		name:     "native_transfers",
		at:       v.at(),
		native:   true,
		abi:      &abiFile{},
		distance: v.get("reorg_safe_distance"),
	}
	s.readStreams(v.get("streams"))
	if !enabled(v) || len(s.routes) == 0 {
		return nil
	}
	for _, n := range v.get("networks").list() {
		s.deployments = append(s.deployments, readDeployment(n))
	}
	if len(s.deployments) == 0 {
		for name := range networks {
			s.deployments = append(s.deployments, deployment{network: name})
		}
		slices.SortFunc(s.deployments, func(a, b deployment) int { return strings.Compare(a.network, b.network) })
	}
	return s
}

// contracts are the sources but for native transfers.
func (m *manifest) contracts() []*source {
	return slices.DeleteFunc(slices.Clone(m.sources), func(s *source) bool { return s.native })
}

// distanceOn is how many blocks the source stays behind the head of a network, 0 for none. A distance that is not
// known here counts as the chain's own.
func (s *source) distanceOn(n network) uint64 {
	if blocks, ok := s.distance.number(); ok {
		return blocks
	}
	if on, known := s.distance.truth(); !s.distance.present() || known && !on {
		return 0
	}
	chain, _ := n.chainID.number()
	return safeDistance(chain)
}

// safeDistance is rindexer's default for a chain.
func safeDistance(chainID uint64) uint64 {
	switch chainID {
	case 1:
		return 20
	case 137:
		return 200
	case 10, 56, 100, 8453, 42161:
		return 24
	case 43114:
		return 12
	}
	return 64
}

// writes reports whether a route carries the events of a network. A name that is not known here may be any.
func (r route) writes(network string) bool {
	return unknown(network) || slices.ContainsFunc(r.networks, func(n string) bool { return n == network || unknown(n) })
}

// live reports whether the source sends events of a network from its head.
func (s *source) live(network string) bool {
	return slices.ContainsFunc(s.deployments, func(d deployment) bool { return d.network == network && !d.ended }) &&
		slices.ContainsFunc(s.routes, func(r route) bool { return r.writes(network) })
}

// inOrder reports whether rindexer handles the event together with others, one after the other.
func (s *source) inOrder(event string) bool {
	return s.ordered[s.name+"."+event] || slices.ContainsFunc(s.deployments, func(d deployment) bool { return d.factory })
}
