package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const self = "redis-postgres-sync"

// composeFile is as much of the Compose specification as compose.yaml uses.
// https://docs.docker.com/reference/compose-file/
type composeFile struct {
	Name     string
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Image string
	Build struct {
		Context    string
		Dockerfile string
		Args       map[string]string
	}
	Hostname    string
	Command     []string
	Environment map[string]string
	EnvFile     []struct {
		Path     string
		Required bool
	} `yaml:"env_file"`
	DependsOn map[string]struct {
		Condition string
	} `yaml:"depends_on"`
	Volumes     []string
	Ports       []string
	Healthcheck struct {
		Test        []string
		Interval    time.Duration
		Timeout     time.Duration
		Retries     int
		StartPeriod time.Duration `yaml:"start_period"`
	}
	ReadOnly        bool          `yaml:"read_only"`
	CapDrop         []string      `yaml:"cap_drop"`
	SecurityOpt     []string      `yaml:"security_opt"`
	MemLimit        string        `yaml:"mem_limit"`
	ShmSize         string        `yaml:"shm_size"`
	StopGracePeriod time.Duration `yaml:"stop_grace_period"`
	Restart         string
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	return readYAML[composeFile](t, "compose.yaml")
}

// mount splits a volume of a service: what it is, a path or the name of a volume, and where it stands in the container.
func mount(volume string) (source, target string) {
	source, target, _ = strings.Cut(volume, ":")
	target, _, _ = strings.Cut(target, ":")
	return source, target
}

func TestCompose(t *testing.T) {
	t.Parallel()
	compose := readCompose(t)
	for name, service := range compose.Services {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireMounts(t, compose, service)
			requireDependencies(t, compose, service)
			requireLoopback(t, service)
			if service.Build.Context == "" {
				requirePinned(t, service.Image)
			}
			if service.Restart != "unless-stopped" {
				t.Errorf("restart is %q", service.Restart)
			}
			if !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
				t.Error("processes can gain privileges")
			}
		})
	}
}

// requireMounts fails for files that do not exist, which Docker would silently make directories of, and for volumes
// that are not declared.
func requireMounts(t *testing.T, compose composeFile, service composeService) {
	t.Helper()
	for _, volume := range service.Volumes {
		source, _ := mount(volume)
		if !strings.HasPrefix(source, ".") {
			if _, declared := compose.Volumes[source]; !declared {
				t.Errorf("volume %s is not declared", source)
			}
			continue
		}
		if _, err := os.Stat(source); err != nil {
			t.Errorf("mounts what does not exist: %v", err)
		}
		if !strings.HasSuffix(volume, ":ro") {
			t.Errorf("%s can be written", volume)
		}
	}
}

func requireDependencies(t *testing.T, compose composeFile, service composeService) {
	t.Helper()
	for name, how := range service.DependsOn {
		other, exists := compose.Services[name]
		if !exists {
			t.Errorf("depends on %s, which does not exist", name)
		}
		if how.Condition == "service_healthy" && len(other.Healthcheck.Test) == 0 {
			t.Errorf("waits until %s is healthy, which has no healthcheck", name)
		}
	}
}

func requireLoopback(t *testing.T, service composeService) {
	t.Helper()
	for _, port := range service.Ports {
		if !strings.HasPrefix(port, "127.0.0.1:") {
			t.Errorf("port %s is open to the network", port)
		}
	}
}

func TestComposeService(t *testing.T) {
	t.Parallel()
	service := readCompose(t).Services[self]

	t.Run("is built by the Dockerfile beside it", func(t *testing.T) {
		t.Parallel()
		if same := filepath.Join(service.Build.Context, service.Build.Dockerfile); same != filepath.Join("..", "deploy", "Dockerfile") {
			t.Errorf("is built by %s", same)
		}
		for name := range service.Build.Args {
			if !slices.Contains(arguments(parseDockerfile(t)), name) {
				t.Errorf("the Dockerfile has no argument %s", name)
			}
		}
	})
	t.Run("gets settings that the service takes", func(t *testing.T) {
		t.Parallel()
		requireSettings(t, interpolate(t, service.Environment))
	})
	t.Run("takes the user's settings, but not their addresses", func(t *testing.T) {
		t.Parallel()
		if len(service.EnvFile) != 1 || service.EnvFile[0].Path != "../.env" || service.EnvFile[0].Required {
			t.Errorf("env_file is %v", service.EnvFile)
		}
		for _, name := range []string{"DATABASE_URL", "REDIS_URL", "HTTP_HOST", "HTTP_PORT"} {
			if service.Environment[name] == "" {
				t.Errorf("%s is left to .env", name)
			}
		}
	})
	t.Run("waits for both servers", func(t *testing.T) {
		t.Parallel()
		for _, server := range []string{"postgres", "redis"} {
			if got := service.DependsOn[server].Condition; got != "service_healthy" {
				t.Errorf("condition of %s is %q", server, got)
			}
		}
	})
	t.Run("has time to end the batch in hand", func(t *testing.T) {
		t.Parallel()
		if least := shutdownTimeout(t); service.StopGracePeriod <= least {
			t.Errorf("killed after %s; SHUTDOWN_TIMEOUT_MS is %s", service.StopGracePeriod, least)
		}
	})
	t.Run("has no rights that it does not need", func(t *testing.T) {
		t.Parallel()
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) {
			t.Errorf("read_only is %v, cap_drop %v", service.ReadOnly, service.CapDrop)
		}
	})
	t.Run("is published where it listens", func(t *testing.T) {
		t.Parallel()
		if port := service.Environment["HTTP_PORT"]; len(service.Ports) != 1 || !strings.HasSuffix(service.Ports[0], ":"+port) {
			t.Errorf("listens on %s, publishes %v", port, service.Ports)
		}
	})
}

func TestComposeRedis(t *testing.T) {
	t.Parallel()
	command := strings.Join(readCompose(t).Services["redis"].Command, " ")
	for _, want := range []string{"--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"} {
		if !strings.Contains(command, want) {
			t.Errorf("Redis runs as %s: want %s", command, want)
		}
	}
}

var withDefault = regexp.MustCompile(`\$\{(\w+)(:-([^}]*))?\}`)

// interpolate returns what Compose makes of values when nothing is set.
func interpolate(t *testing.T, values map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, value := range values {
		for _, m := range withDefault.FindAllStringSubmatch(value, -1) {
			if m[2] == "" {
				t.Errorf("%s needs %s, which has no default", name, m[1])
			}
		}
		out[name] = withDefault.ReplaceAllString(value, "$3")
	}
	return out
}
