package preflight

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
)

// problem is a finding that a case expects: part is in its detail.
type problem struct {
	verdict Verdict
	subject string
	part    string
}

// secret is the password in the fixtures.
const secret = "hush-hush"

// catalogOf returns a catalog that describes every event of an ABI.
func catalogOf(t *testing.T, path string) *event.Catalog {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &abiFile{entries: map[*abiEvent]string{}}
	f.read(path, text)
	var all []*event.Definition
	for _, e := range f.events {
		d := &event.Definition{Name: e.Name, Topic0: e.topic0(), Anonymous: e.Anonymous}
		for _, p := range e.Inputs {
			d.Params = append(d.Params, event.Param{Name: p.name(), Hashed: p.hashed()})
		}
		all = append(all, d)
	}
	return event.NewCatalog(all...)
}

// known is a catalog with the events of every fixture that is about something else than tables.
func known(t *testing.T) *event.Catalog {
	t.Helper()
	var all []*event.Definition
	for _, name := range []string{"Vault", "Traps", "Again", "Cases"} {
		all = append(all, catalogOf(t, "testdata/abi/"+name+".json").All()...)
	}
	return event.NewCatalog(all...)
}

func service(t *testing.T) Service {
	t.Helper()
	return Service{
		RedisURL: "redis://:" + secret + "@localhost",
		Streams:  []string{"rindexer_producer"},
		Catalog:  known(t),
		Env:      func(string) (string, bool) { return "", false },
	}
}

func look(t *testing.T, path string, s Service) []Finding {
	t.Helper()
	found, err := Manifest(path, s)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), secret) {
		t.Errorf("the password is in the findings: %s", text)
	}
	return found
}

// wantProblems compares what is not ok, in any order.
func wantProblems(t *testing.T, found []Finding, want ...problem) {
	t.Helper()
	rest := slices.DeleteFunc(slices.Clone(found), func(f Finding) bool { return f.Verdict == OK })
	for _, p := range want {
		i := slices.IndexFunc(rest, func(f Finding) bool {
			return f.Verdict == p.verdict && f.Subject == p.subject && strings.Contains(f.Detail, p.part)
		})
		if i < 0 {
			t.Errorf("no %s of %s: %s", p.verdict, p.subject, p.part)
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, f := range rest {
		t.Errorf("unexpected: %+v", f)
	}
}

// wantOK looks for subjects that are ok, and for a part of the detail of the last.
func wantOK(t *testing.T, found []Finding, part string, subjects ...string) {
	t.Helper()
	for _, subject := range subjects {
		if !slices.ContainsFunc(found, func(f Finding) bool {
			return f.Verdict == OK && f.Subject == subject && strings.Contains(f.Detail, part)
		}) {
			t.Errorf("%s is not ok with %q: %+v", subject, part, found)
		}
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	const (
		exact  = "reorgs on ethereum"
		vault  = "contract Vault"
		listed = "Vault."
	)
	for name, want := range map[string][]problem{
		"clean":        nil,
		"unknown-keys": nil,
		"merged":       nil,

		"again": {
			{Failure, "Vault.Over", "./abi/Again.json:3: rindexer streams only the overload that comes first " +
				"(./abi/Again.json:2): Over(address) never arrives"},
			{Warning, "Vault.Same", "publishes every log twice"},
			{Failure, "Vault.Transfer", "other parameters indexed"},
		},
		"cases": {{Warning, vault, "MixedCase and MIXEDCASE share one checkpoint"}},

		"nameless": {{Failure, "ABI", "./abi/Nameless.json:2: an input of f has no name"}},
		"artifact": {{Failure, "ABI", "./abi/Artifact.json: it is a build artifact"}},
		"broken-abi": {
			{Failure, "ABI", "Broken.json:3: rindexer refuses"}, {Failure, "ABI", "Broken.json:5: it is no JSON"},
		},
		"empty-abi":            {{Failure, vault, "no events"}, {Failure, "Vault.Ping", "its ABI has no such event"}},
		"text-abi":             {{Failure, "ABI", "./abi/Text.json: it is no JSON array"}},
		"missing-abi":          {{Failure, "ABI", "missing-abi.yaml:14: open testdata/abi/Nowhere.json"}},
		"abi-from-environment": {{Warning, "ABI", "${ABI_PATH} is not set here"}},

		"unfed": {
			{Failure, "Vault.Pung", "unfed.yaml:15: include_events names it and the ABI does not have it"},
			{Failure, "Vault.Pong", "unfed.yaml:25: stream rindexer_producer lists it and never gets it: include_events"},
			{Failure, "Vault.Peng", "its ABI has no such event"},
		},
		"networks": {
			{Failure, vault, "networks has no base"},
			{Warning, vault, "lists network ethereum, which the contract is not indexed on"},
		},
		"two-streams": {
			{Warning, "stream other", "the service does not read it"},
			{Warning, "Vault.Ping", "it goes to rindexer_producer and to pings"},
		},
		"conditions": {
			{Failure, "Vault.Pong", "conditions.yaml:25: the condition on who never matches: addresses come in lower case"},
			{Failure, "Vault.Pong", "the condition on whom never matches: the event has no such parameter"},
		},

		"reorg-both":     {{Failure, exact, "skips blocks"}},
		"reorg-handling": {{Warning, exact, "only the event that noticed is fetched again"}},
		"reorg-dependent": {
			{Warning, exact, "goes unnoticed"}, {Warning, vault, "block_timestamp of Ping, Pong is NULL once"},
		},
		"dependent-elsewhere": {
			{Warning, exact, "only the event that noticed"}, {Warning, vault, "block_timestamp of Ping is NULL once"},
		},
		"reorg-none":    {{Warning, exact, "neither reorg_handling nor reorg_safe_distance (Vault)"}},
		"reorg-number":  nil,
		"reorg-history": nil,
		"finalized": {
			{Warning, exact, "only the event that noticed"},
			{Warning, "stream rindexer_producer", "finalized.yaml:21: delivery: finalized keeps blocks in memory only"},
		},
		"finalized-alone": {{Failure, "stream rindexer_producer", "without reorg_handling on ethereum: rindexer refuses to start"}},

		"no-start":        {{Failure, vault, "no-start.yaml:11: no contract has a start_block"}},
		"no-start-stored": {{Warning, vault, "begins at the head at every start"}},
		"other-types":     {{Warning, vault, "checkpoints are kept under rabbitmq"}},
		"filter": {
			{Warning, vault, "keeps no checkpoint"}, {Warning, vault, "rindexer drops the log"},
			{Failure, "Vault.Pong", "filter does not name it"},
		},
		"factory":             {{Warning, vault, "event of a factory itself"}, {Warning, vault, "is NULL once rindexer is live"}},
		"addresses":           {{Warning, vault, "3 addresses are asked for in pieces of 2"}},
		"addresses-in-memory": nil,
		"no-timestamps":       {{Warning, vault, "block_timestamp of Pong is NULL for history"}},

		"rediss":               {{Failure, "connection_uri", "rediss.yaml:19: rediss:// is refused"}},
		"other-server":         {{Warning, "connection_uri", "writes to redis.example:6380/1, and REDIS_URL names 127.0.0.1:6379/0"}},
		"uri-from-environment": nil,
		"uri-from-file":        nil,
		"no-redis":             {{Failure, "streams", "no contract and no native transfer writes to Redis Streams"}},
		"native": {
			{Warning, "native_transfers", "no checkpoint"},
			{Warning, "native_transfers", "log_index 0"},
			{Warning, "native_transfers", "no ABI here describes NativeTransfer(address,address,uint256)"},
		},
		"native-everywhere": {
			{Warning, "native_transfers", "no checkpoint"},
			{Warning, "native_transfers", "log_index 0"},
			{Warning, "native_transfers", "no ABI here describes"},
			{Warning, exact, "neither reorg_handling nor reorg_safe_distance (native_transfers)"},
		},
		"native-off": nil,

		"traps-left-out": nil,
		"traps":          listedTraps(listed),
		"traps-unlisted": unlistedTraps(listed),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := service(t)
			if name == "two-streams" {
				s.Streams = append(s.Streams, "pings")
			}
			wantProblems(t, look(t, "testdata/"+name+".yaml", s), want...)
		})
	}
}

// listedTraps are those of testdata/abi/Traps.json; what is not among them arrives whole.
func listedTraps(prefix string) []problem {
	var all []problem
	for _, p := range []problem{
		{Failure, "StructTop", "parameter t is a struct with internalType: rindexer panics"},
		{Failure, "StructNested", "parameter t.inner is a struct inside a struct"},
		{Failure, "IndexedStruct2", "an indexed struct of several fields"},
		{Warning, "Int64", "panics at the first negative value"},
		{Warning, "Int40List", "is int40[]: rindexer panics at the first negative value"},
		{Warning, "Int64Indexed", "panics at the first negative value"},
		{Failure, "Matrix", "an array of arrays"},
		{Failure, "FixedMatrix", "an array of arrays"},
		{Failure, "TupleMatrix", "an array of arrays"},
		{Failure, "Function", "of type function"},
		{Failure, "FixedPoint", "drops every log"},
		{Failure, "FixedPointInTuples", "drops every log"},
		{Failure, "Widthless", "without its width"},
		{Warning, "BytesList", "sends [] whatever it holds"},
		{Warning, "BytesListInTuple", "t.items is bytes[2]"},
		{Warning, "StructInTuples", "items.inner is a struct with internalType inside an array: rindexer sends null"},
		{Warning, "MatrixInTuples", "items.m is an array of arrays: rindexer sends null"},
		{Warning, "FunctionInTuples", "items.f is of type function: rindexer sends null"},
		{Warning, "Unnamed", "2 parameters have no name, and rindexer sends the last only"},
		{Warning, "Duplicate", "2 parameters are called a"},
		{Warning, "Metadata", "overwritten by the metadata"},
		{Warning, "FieldNames", "two fields without a name"},
		{Warning, "FieldNames", "two fields x"},
		{Failure, "Hidden", "anonymous"},
	} {
		all = append(all, problem{p.verdict, prefix + p.subject, p.part})
	}
	return all
}

// unlistedTraps: what no stream lists can still end rindexer.
func unlistedTraps(prefix string) []problem {
	var all []problem
	for _, name := range []string{
		"StructTop", "StructNested", "IndexedStruct2", "Int64", "Int40List", "Int64Indexed", "Matrix", "FixedMatrix",
		"TupleMatrix", "Function", "Widthless",
	} {
		all = append(all, problem{Warning, prefix + name, "no stream lists the event, but rindexer decodes it"})
	}
	return all
}

func TestManifestSaysWhatIsRight(t *testing.T) {
	t.Parallel()
	found := look(t, "testdata/clean.yaml", service(t))
	wantOK(t, found, "", "ABI", "conditions", "delivery", "checkpoints", "addresses", "timestamps", "native_transfers")
	wantOK(t, found, "127.0.0.1:6379/0", "connection_uri")
	wantOK(t, found, "rindexer_producer", "streams")
	wantOK(t, found, "2 events", "routes", "tables")
	wantOK(t, found, "none of the 2", "events")
	wantOK(t, found, "20 blocks behind the head", "reorgs on ethereum")
	wantOK(t, found, "set for every contract", "start_block")

	wantOK(t, look(t, "testdata/no-start-stored.yaml", service(t)), "own storage", "checkpoints")
	wantOK(t, look(t, "testdata/reorg-number.yaml", service(t)), "6 blocks behind the head", "reorgs on ethereum")
	wantOK(t, look(t, "testdata/reorg-history.yaml", service(t)), "end_block", "reorgs")
	wantOK(t, look(t, "testdata/uri-from-file.yaml", service(t)), "127.0.0.1:6379/0", "connection_uri")
	wantOK(t, look(t, "testdata/uri-from-environment.yaml", service(t)), "not compared", "connection_uri", "streams")
}

func TestSafeDistances(t *testing.T) {
	t.Parallel()
	for chain, want := range map[uint64]uint64{1: 20, 137: 200, 10: 24, 8453: 24, 42161: 24, 56: 24, 100: 24, 43114: 12, 31337: 64, 0: 64} {
		if got := safeDistance(chain); got != want {
			t.Errorf("chain %d: got %d, want %d", chain, got, want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	names := strings.Split("abcdefg", "")
	for n, want := range map[int]string{1: "a", 5: "a, b, c, d, e", 7: "a, b, c, d, e and 2 more"} {
		if got := list(names[:n]); got != want {
			t.Errorf("%d names: %s", n, got)
		}
	}
}

func TestManifestFillsInTheEnvironment(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Env = func(name string) (string, bool) {
		value, ok := map[string]string{
			"REDIS_CONNECTION_URI": "rediss://:" + secret + "@localhost",
			"STREAM":               "other",
			"NETWORK":              "base",
		}[name]
		return value, ok
	}
	// The file that the manifest names says otherwise, and counts less.
	wantProblems(t, look(t, "testdata/uri-from-file.yaml", s),
		problem{Failure, "connection_uri", "rediss://"},
		problem{Warning, "stream other", "the service does not read it"},
		problem{Warning, "stream rindexer_producer", "nothing in uri-from-file.yaml writes to it"},
		problem{Warning, "contract Vault", "lists network base"},
		problem{Failure, "contract Vault", "indexed on network ethereum, which no stream lists"},
	)
}

func TestManifestNeverPrintsWhatMayBeAPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis://u:" + secret + "@h", "redis://u:12/" + secret + "@h", "redis://u:12?" + secret + "@h",
		"redis://u:12#" + secret + "@h", "redis://" + secret + "%zz@h", "redis://u:" + secret + "@h:port",
		"u:" + secret + "@h:6379", "rediss://u:" + secret + "@h",
	} {
		s := service(t)
		s.RedisURL = url
		s.Env = func(string) (string, bool) { return url, true }
		look(t, "testdata/other-server.yaml", s)
		s.Env = func(name string) (string, bool) { return url, name == "REDIS_CONNECTION_URI" }
		look(t, "testdata/uri-from-environment.yaml", s)
	}
}

func TestManifestComparesDatabases(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.RedisURL = "unix:///run/redis.sock"
	wantOK(t, look(t, "testdata/clean.yaml", s), "not compared", "connection_uri")
	s.RedisURL = "redis://127.0.0.1:6379?db=3"
	wantProblems(t, look(t, "testdata/clean.yaml", s), problem{Warning, "connection_uri", "REDIS_URL names 127.0.0.1:6379/3"})
}

func TestManifestRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"list.yaml", "scalar.yaml", "broken.yaml", "nowhere.yaml", "abi", "abi/Text.json"} {
		if found, err := Manifest("testdata/"+name, service(t)); err == nil || !strings.Contains(err.Error(), "; hint: ") {
			t.Errorf("%s: %+v, error %v", name, found, err)
		}
	}
}

// TestManifestKnowsTables holds the events that MultiVault's ABI declares against the generated catalog.
func TestManifestKnowsTables(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Catalog = events.Catalog
	abi, err := recording.ABI("MultiVaultLike")
	if err != nil {
		t.Fatal(err)
	}
	path := manifestFor(t, abi, "AtomCreated", "Deposited", "Initialized")
	wantProblems(t, look(t, path, s))
	for _, c := range []struct{ old, new, why string }{
		{`"uint8"`, `"uint16"`, "no ABI here describes Deposited("},
		{`"termId"`, `"term"`, "the ABIs here give its parameters other names"},
		{`"sender"`, `"from"`, "the ABIs here give its parameters other names"},
	} {
		path := manifestFor(t, []byte(strings.ReplaceAll(string(abi), c.old, c.new)), "Deposited")
		wantProblems(t, look(t, path, s), problem{Warning, "All.Deposited", c.why})
	}
	hashed := strings.Replace(string(abi), `"name": "atomData"`, `"indexed": true, "name": "atomData"`, 1)
	hashed = strings.Replace(hashed, `"indexed": false,`, ``, -1)
	if hashed == string(abi) {
		t.Fatal("the fixture has another form")
	}
	path = manifestFor(t, []byte(hashed), "AtomCreated")
	wantProblems(t, look(t, path, s), problem{Warning, "All.AtomCreated", "do not have the same strings"})
}

// TestManifestFailsWhatNeverArrived streams all events of contracts that a real rindexer was recorded with: those that
// fail are exactly those of which the recording has none.
func TestManifestFailsWhatNeverArrived(t *testing.T) {
	t.Parallel()
	entries, err := recording.Entries("every-type")
	if err != nil {
		t.Fatal(err)
	}
	arrived := map[string]bool{}
	for _, e := range entries {
		var message struct {
			Hash string `json:"event_signature_hash"`
		}
		if err := json.Unmarshal([]byte(e.Fields.Payload), &message); err != nil {
			t.Fatal(err)
		}
		arrived[message.Hash] = true
	}
	for _, contract := range []string{"EveryType", "Structs.stripped"} {
		abi, err := recording.ABI(contract)
		if err != nil {
			t.Fatal(err)
		}
		f := &abiFile{entries: map[*abiEvent]string{}}
		f.read(contract, abi)
		var names []string
		for _, e := range f.events {
			names = append(names, e.Name)
		}
		slices.Sort(names)
		found := look(t, manifestFor(t, abi, slices.Compact(names)...), service(t))
		for _, e := range f.events {
			fails := slices.ContainsFunc(found, func(f Finding) bool {
				return f.Verdict == Failure && f.Subject == "All."+e.Name &&
					(e.Name != "Over" || strings.Contains(f.Detail, e.signature()+" never"))
			})
			// Its arrays of arrays were empty, which is the one case that rindexer survives.
			lucky := e.Name == "EmptyNestedArrays"
			if arrived := arrived[e.topic0().Hex()]; arrived == fails && !lucky {
				t.Errorf("%s: arrived %t, fails %t", e.signature(), arrived, fails)
			}
		}
	}
}

// The same contract with internalType in its ABI ended rindexer.
func TestManifestFailsStructs(t *testing.T) {
	t.Parallel()
	abi, err := recording.ABI("Structs")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"Single", "SingleBetween", "SingleWide", "SingleWithArrays", "SingleWithTupleArray", "TwoTuples"}
	found := look(t, manifestFor(t, abi, append(names, "Plain")...), service(t))
	for _, name := range append(names, "Plain") {
		fails := slices.ContainsFunc(found, func(f Finding) bool { return f.Verdict == Failure && f.Subject == "All."+name })
		if fails != (name != "Plain") {
			t.Errorf("%s: fails %t", name, fails)
		}
	}
}

// manifestFor writes a manifest with nothing wrong in it but the ABI's own, for these of its events.
func manifestFor(t *testing.T, abi []byte, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	listed := "{event_name: \"" + strings.Join(names, "\"}, {event_name: \"") + "\"}"
	text := `timestamps: true
networks: [{name: localnet, chain_id: 31337, rpc: "http://127.0.0.1:8545"}]
contracts:
  - name: All
    details: [{network: localnet, address: "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e", start_block: "1"}]
    abi: All.json
    include_events: ["` + strings.Join(names, `", "`) + `"]
    reorg_safe_distance: 6
    streams:
      redis:
        connection_uri: redis://127.0.0.1:6379
        streams: [{stream_name: rindexer_producer, networks: [localnet], events: [` + listed + `]}]
`
	for name, content := range map[string][]byte{"rindexer.yaml": []byte(text), "All.json": abi} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "rindexer.yaml")
}
