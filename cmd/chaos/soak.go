package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// restarts are the harms of a soak: what operators do every day.
var restarts = []harm{
	{"restart an instance in order", 4, (*nemesis).restart},
	{"an instance less, for a while", 1, (*nemesis).less},
	{"PostgreSQL: shut down and start", 1, (*nemesis).restartPostgres},
	{"Redis: cut clients", 1, (*nemesis).cutClients},
}

// usage is what a process has in use.
type usage struct {
	at                           time.Duration
	residentMB, files, goroutine float64
}

// witness is an instance that no harm befalls, so that what grows in it can be seen.
const witness = "witness"

// watch samples the witness until ctx ends.
func (w *world) watch(ctx context.Context, logf func(string, ...any)) (samples []usage) {
	start := time.Now()
	for ctx.Err() == nil {
		sleep(ctx, 30*time.Second)
		u, err := w.sample(ctx)
		if err != nil {
			if ctx.Err() == nil {
				logf("no sample: %v", err)
			}
			continue
		}
		u.at = time.Since(start)
		samples = append(samples, u)
	}
	return samples
}

func (w *world) sample(ctx context.Context) (u usage, err error) {
	for _, i := range w.running() {
		if i.name != witness {
			continue
		}
		process := filepath.Join("/proc", strconv.Itoa(i.service.PID()))
		statm, err := os.ReadFile(filepath.Join(process, "statm"))
		if err != nil {
			return u, err
		}
		files, err := os.ReadDir(filepath.Join(process, "fd"))
		if err != nil {
			return u, err
		}
		pages, err := strconv.ParseFloat(strings.Fields(string(statm))[1], 64)
		if err != nil {
			return u, err
		}
		u.residentMB, u.files = pages*float64(os.Getpagesize())/1e6, float64(len(files))
		u.goroutine, err = metric(ctx, i.port, "go_goroutines")
		return u, err
	}
	return u, errors.New("the witness is gone")
}

// metric reads a counter or a gauge from the HTTP port of an instance, and sums it up over all labels.
func metric(ctx context.Context, port int, name string) (sum float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", port), nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("read the metrics: %s", response.Status)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return 0, fmt.Errorf("read the metrics: %w", err)
	}
	family, ok := families[name]
	if !ok {
		return 0, fmt.Errorf("read the metrics: no %s", name)
	}
	for _, m := range family.GetMetric() {
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return sum, nil
}

// tellUsage prints the mean of each tenth of the samples.
func tellUsage(samples []usage, logf func(string, ...any)) {
	const parts = 10
	for part := range parts {
		of := samples[len(samples)*part/parts : len(samples)*(part+1)/parts]
		if len(of) == 0 {
			continue
		}
		var mean usage
		for _, u := range of {
			mean.residentMB += u.residentMB / float64(len(of))
			mean.files += u.files / float64(len(of))
			mean.goroutine += u.goroutine / float64(len(of))
		}
		logf("until minute %4.1f: %6.1f MB resident, %5.1f files, %5.1f goroutines",
			of[len(of)-1].at.Minutes(), mean.residentMB, mean.files, mean.goroutine)
	}
}
