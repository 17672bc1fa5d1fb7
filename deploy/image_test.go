package deploy_test

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
)

// dropped is an ABI as a user drops it into abi/.
const dropped = `[{"type": "event", "name": "LampLit", "inputs": [
	{"name": "keeper", "type": "address", "indexed": true}, {"name": "lumens", "type": "uint256"}]}]`

// TestImage builds what the Dockerfile builds, in bare directories instead of containers: each stage gets a directory
// that stands for its file system, COPY copies, and RUN runs a shell there. What it needs from outside are Go, make and
// the modules. The first time sqlc is compiled, which takes minutes.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds sqlc and the service")
	}
	if runtime.GOOS != "linux" {
		t.Skip("looks into a program for Linux")
	}
	t.Parallel()
	stages := parseDockerfile(t)
	b := &builder{
		context: buildContext(t),
		roots:   map[string]string{},
		environ: goEnvironment(t),
		args:    map[string]string{"TARGETOS": "linux", "TARGETARCH": runtime.GOARCH, "VERSION": "v1.2.3", "COMMIT": "0a1b2c3"},
	}
	if err := os.WriteFile(filepath.Join(b.context, "abi", "Lighthouse.json"), []byte(dropped), 0o644); err != nil {
		t.Fatal(err)
	}
	var image string
	for _, s := range stages[1:] {
		image = b.run(t, s)
	}
	final := stages[len(stages)-1]
	program := command(t, final.all("ENTRYPOINT")[0].rest)[0]

	t.Run("holds the program and its licenses, and nothing else", func(t *testing.T) {
		const docs = "/usr/share/doc/redis-postgres-sync/"
		if got, want := files(t, image), []string{program, docs + "LICENSE", docs + "NOTICE.md"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	program = filepath.Join(image, program)

	t.Run("needs no library", func(t *testing.T) { requireStatic(t, program) })
	t.Run("knows its version and the dropped ABI", func(t *testing.T) { requireBuilt(t, program) })
	t.Run("says whether the service is healthy", func(t *testing.T) {
		requireHealthcheck(t, program, healthcheck(t, final)[1:])
	})
}

// builder stands in for Docker's.
type builder struct {
	context string
	// roots are the directories of the stages that were run, by their names.
	roots   map[string]string
	environ []string
	// args are the values of build arguments.
	args map[string]string
}

// run takes the steps of a stage and returns its directory.
func (b *builder) run(t *testing.T, s stage) string {
	t.Helper()
	root := t.TempDir()
	b.roots[s.name] = root
	dir, environ := root, slices.Clone(b.environ)
	for _, step := range s.steps {
		switch step.keyword {
		case "WORKDIR":
			dir = filepath.Join(root, step.rest)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		case "ARG":
			for _, name := range strings.Fields(step.rest) {
				environ = append(environ, name+"="+b.args[name])
			}
		case "COPY":
			b.copy(t, step, root, dir)
		case "RUN":
			shell(t, step.rest, dir, environ)
		case "LABEL", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT":
		default:
			t.Fatalf("%s is not known here: teach it to this test", step.keyword)
		}
	}
	return root
}

// copy follows COPY: of a directory the contents are copied, and a target that ends with / is a directory.
func (b *builder) copy(t *testing.T, s step, root, dir string) {
	t.Helper()
	from := b.context
	if stage, named := s.flags["from"]; named {
		from = b.roots[stage]
	}
	words := strings.Fields(s.rest)
	sources, target := words[:len(words)-1], words[len(words)-1]
	to := filepath.Join(dir, target)
	if filepath.IsAbs(target) {
		to = filepath.Join(root, target)
	}
	for _, source := range sources {
		source = filepath.Join(from, source)
		info, err := os.Stat(source)
		switch {
		case err != nil:
		case info.IsDir():
			err = copyTree(source, to)
		case strings.HasSuffix(target, "/"):
			err = copyFile(source, filepath.Join(to, filepath.Base(source)))
		default:
			err = copyFile(source, to)
		}
		if err != nil {
			t.Fatalf("COPY %s: %v", s.rest, err)
		}
	}
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return copyFile(file, filepath.Join(to, strings.TrimPrefix(file, from)))
	})
}

func shell(t *testing.T, command, dir string, environ []string) {
	t.Helper()
	run := exec.CommandContext(t.Context(), "/bin/sh", "-c", command)
	run.Dir, run.Env = dir, environ
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("RUN %s: %v\n%s", command, err, out)
	}
}

// goEnvironment returns an environment with the host's caches, so that nothing is fetched twice, and without its
// settings of the go command, which the image would not have.
func goEnvironment(t *testing.T) []string {
	t.Helper()
	host := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN"}
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"env", "-json"}, host...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(out, &values); err != nil {
		t.Fatal(err)
	}
	environ := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "GO") || strings.HasPrefix(pair, "CGO_") || strings.HasPrefix(pair, "MAKE")
	})
	environ = append(environ, "GOENV=off")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		environ = append(environ, name+"="+values[name])
	}
	return environ
}

// files returns all files in the directory of a stage, as they are called in the image.
func files(t *testing.T, root string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, strings.TrimPrefix(file, root))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// requireStatic fails for a program that needs a loader or a library: the image has neither.
func requireStatic(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("needs a dynamic loader")
		}
	}
	if libraries, err := f.ImportedLibraries(); err == nil && len(libraries) > 0 {
		t.Errorf("needs %q", libraries)
	}
}

// requireBuilt holds what the program says of itself against what the build was told.
func requireBuilt(t *testing.T, program string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "version", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version     string
		Commit      string
		EventTables int `json:"event_tables"`
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != "v1.2.3" || got.Commit != "0a1b2c3" || got.EventTables != len(events.Catalog.All())+1 {
		t.Errorf("says %s; want version v1.2.3, commit 0a1b2c3 and %d tables", out, len(events.Catalog.All())+1)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(binary, []byte("CREATE TABLE lamp_lit_events")) {
		t.Error("cannot create the table of the dropped ABI")
	}
}

// requireHealthcheck runs the image's healthcheck beside a service of either kind, and beside none.
func requireHealthcheck(t *testing.T, program string, args []string) {
	t.Helper()
	gone := serveHealth(t, http.StatusOK)
	gone.Close()
	for _, c := range []struct {
		name    string
		service *httptest.Server
		want    int
	}{
		{"a healthy service", serveHealth(t, http.StatusOK), 0},
		{"an unhealthy service", serveHealth(t, http.StatusServiceUnavailable), 1},
		{"no service", gone, 1},
	} {
		_, port, err := net.SplitHostPort(c.service.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		check := exec.CommandContext(t.Context(), program, args...)
		check.Env = []string{"DATABASE_URL=postgres://postgres@127.0.0.1/postgres", "HTTP_PORT=" + port}
		out, err := check.CombinedOutput()
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			t.Fatal(err)
		}
		if got := check.ProcessState.ExitCode(); got != c.want {
			t.Errorf("exits with %d beside %s, want %d\n%s", got, c.name, c.want, out)
		}
	}
}

func serveHealth(t *testing.T, status int) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	service := httptest.NewServer(mux)
	t.Cleanup(service.Close)
	return service
}
