package deploy_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

const (
	operations = "../docs/operations.md"
	dashboards = "grafana/dashboards"
	board      = dashboards + "/redis-postgres-sync.json"
)

var (
	documented = regexp.MustCompile("`(redis_postgres_sync_[a-z0-9_]+)[`{]")
	queried    = regexp.MustCompile(`\b(?:redis_postgres_sync|go|process)_[a-z0-9_]+`)
	// labelled is where PromQL names labels and their values, but no metrics.
	labelled = regexp.MustCompile(`\{[^{}]*\}|\b(?:by|without|on|ignoring) *\([^()]*\)`)
	// ofHistogram is what Prometheus appends to a histogram's name.
	ofHistogram = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// metrics returns the names of all metrics that the service has: those in the table of docs/operations.md, and those of
// the Go runtime and the process.
func metrics(t *testing.T) []string {
	t.Helper()
	var names []string
	for line := range strings.Lines(read(t, operations)) {
		for _, m := range documented.FindAllStringSubmatch(line, -1) {
			if strings.HasPrefix(line, "|") {
				names = append(names, m[1])
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no table of metrics", operations)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		names = append(names, f.GetName())
	}
	return names
}

func requireMetrics(t *testing.T, existing []string, query string) {
	t.Helper()
	for _, name := range queried.FindAllString(labelled.ReplaceAllString(query, ""), -1) {
		if !slices.Contains(existing, name) && !slices.Contains(existing, ofHistogram.ReplaceAllString(name, "")) {
			t.Errorf("%s asks for %s, which the service does not have", query, name)
		}
	}
}

// ruleFile is what Prometheus takes.
// https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []alert
	}
}

type alert struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

func readAlerts(t *testing.T) (all []alert) {
	t.Helper()
	for _, group := range readYAML[ruleFile](t, "alerts.yml").Groups {
		all = append(all, group.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there is no alert")
	}
	return all
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	existing := metrics(t)
	seen := map[string]bool{}
	for _, a := range readAlerts(t) {
		if seen[a.Alert] {
			t.Errorf("two alerts are called %s", a.Alert)
		}
		seen[a.Alert] = true
		if !strings.HasPrefix(a.Alert, "RedisPostgresSync") || a.Expr == "" {
			t.Errorf("alert %q asks %q", a.Alert, a.Expr)
		}
		if severity := a.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s: severity is %q", a.Alert, severity)
		}
		for _, name := range []string{"summary", "description", "action"} {
			if a.Annotations[name] == "" {
				t.Errorf("%s has no %s", a.Alert, name)
			}
		}
		requireMetrics(t, existing, a.Expr)
	}
}

// prometheusFile is as much of Prometheus' configuration as prometheus.yml uses.
type prometheusFile struct {
	Global struct {
		ScrapeInterval     string `yaml:"scrape_interval"`
		EvaluationInterval string `yaml:"evaluation_interval"`
	}
	RuleFiles     []string `yaml:"rule_files"`
	ScrapeConfigs []struct {
		JobName       string `yaml:"job_name"`
		StaticConfigs []struct {
			Targets []string
		} `yaml:"static_configs"`
	} `yaml:"scrape_configs"`
}

func TestPrometheus(t *testing.T) {
	t.Parallel()
	prom := readYAML[prometheusFile](t, "prometheus.yml")
	compose := readCompose(t)

	t.Run("scrapes the service under the name that the alerts know", func(t *testing.T) {
		t.Parallel()
		job := prom.ScrapeConfigs[0]
		want := self + ":" + compose.Services[self].Environment["HTTP_PORT"]
		if targets := job.StaticConfigs[0].Targets; !slices.Equal(targets, []string{want}) {
			t.Errorf("scrapes %v, want %s", targets, want)
		}
		for _, a := range readAlerts(t) {
			for _, m := range regexp.MustCompile(`job="([^"]*)"`).FindAllStringSubmatch(a.Expr, -1) {
				if m[1] != job.JobName {
					t.Errorf("%s asks for job %s, the job is %s", a.Alert, m[1], job.JobName)
				}
			}
		}
	})
	t.Run("reads rules that are mounted beside it", func(t *testing.T) {
		t.Parallel()
		mounted := mounts(compose.Services["prometheus"])
		for _, file := range prom.RuleFiles {
			if source := mounted["/etc/prometheus/"+file]; source != "./"+file {
				t.Errorf("%s is %q in the container", file, source)
			}
		}
	})
}

// mounts returns what stands where in a container.
func mounts(service composeService) map[string]string {
	byTarget := map[string]string{}
	for _, volume := range service.Volumes {
		source, target := mount(volume)
		byTarget[target] = source
	}
	return byTarget
}

type datasourceFile struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []struct {
		Name      string
		UID       string
		Type      string
		Access    string
		URL       string
		IsDefault bool              `yaml:"isDefault"`
		JSONData  map[string]string `yaml:"jsonData"`
	}
}

type providerFile struct {
	APIVersion int `yaml:"apiVersion"`
	Providers  []struct {
		Name           string
		Type           string
		AllowUIUpdates bool `yaml:"allowUiUpdates"`
		Options        map[string]string
	}
}

func TestGrafana(t *testing.T) {
	t.Parallel()
	compose := readCompose(t)
	mounted := mounts(compose.Services["grafana"])

	t.Run("asks the Prometheus of compose.yaml", func(t *testing.T) {
		t.Parallel()
		file := readYAML[datasourceFile](t, "grafana/provisioning/datasources/prometheus.yml")
		source, err := url.Parse(file.Datasources[0].URL)
		if err != nil {
			t.Fatal(err)
		}
		server, exists := compose.Services[source.Hostname()]
		if !exists || !strings.HasSuffix(server.Ports[0], ":"+source.Port()) {
			t.Errorf("asks %s, which is no service with that port", source)
		}
		scraped := readYAML[prometheusFile](t, "prometheus.yml").Global.ScrapeInterval
		if interval := file.Datasources[0].JSONData["timeInterval"]; interval != scraped {
			t.Errorf("timeInterval is %s, scrape_interval %s", interval, scraped)
		}
	})
	t.Run("finds the dashboard where it is mounted", func(t *testing.T) {
		t.Parallel()
		file := readYAML[providerFile](t, "grafana/provisioning/dashboards/files.yml")
		path := file.Providers[0].Options["path"]
		if source := filepath.Clean(mounted[path]); source != dashboards {
			t.Errorf("reads %s, which is %s", path, source)
		}
		home := compose.Services["grafana"].Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
		if _, err := os.Stat(strings.Replace(home, path, dashboards, 1)); err != nil {
			t.Errorf("home dashboard: %v", err)
		}
	})
	t.Run("finds its provisioning", func(t *testing.T) {
		t.Parallel()
		if source := mounted["/etc/grafana/provisioning"]; source != "./grafana/provisioning" {
			t.Errorf("provisioning is %q", source)
		}
	})
}

// dashboard is what of Grafana's JSON model can be wrong without Grafana saying so.
type dashboard struct {
	UID        string
	Title      string
	Templating struct {
		List []struct {
			Name  string
			Type  string
			Query any
		}
	}
	Panels []panel
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	Datasource  struct {
		Type string
		UID  string
	}
	GridPos struct {
		X, Y, W, H int
	}
	Targets []struct {
		RefID string
		Expr  string
	}
}

func (p panel) overlaps(q panel) bool {
	a, b := p.GridPos, q.GridPos
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, board)), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) == 0 {
		t.Fatal("there is no panel")
	}
	return d
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)

	t.Run("asks for metrics and variables that exist", func(t *testing.T) {
		t.Parallel()
		existing, variables := metrics(t), []string{"__rate_interval", "__range"}
		for _, v := range d.Templating.List {
			variables = append(variables, v.Name)
			requireMetrics(t, existing, fmt.Sprint(v.Query))
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				requireMetrics(t, existing, target.Expr)
				for _, m := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(target.Expr, -1) {
					if !slices.Contains(variables, m[1]) {
						t.Errorf("%s: there is no variable $%s", p.Title, m[1])
					}
				}
			}
		}
	})
	t.Run("has panels with an id, a place and a source of their own", func(t *testing.T) {
		t.Parallel()
		for i, p := range d.Panels {
			for _, other := range d.Panels[:i] {
				if p.ID == other.ID || p.overlaps(other) {
					t.Errorf("%q and %q share an id or a place", p.Title, other.Title)
				}
			}
			if p.Type == "row" {
				continue
			}
			if p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
				t.Errorf("panel %d, %q, lacks a title, a description or a query", p.ID, p.Title)
			}
			if p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" {
				t.Errorf("%s: data source is %v", p.Title, p.Datasource)
			}
		}
	})
}
