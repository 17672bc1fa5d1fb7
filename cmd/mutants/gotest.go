package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// outcome is what became of some tests.
type outcome struct {
	passed int
	failed string // the first that failed, "" if none did
	output string // of those that failed, the end of it
	took   time.Duration
}

// building is what compiling the tests may take, beside the time that they have themselves.
const building = 5 * time.Minute

// test runs tests. The error says why that was not possible; that they failed is none.
func (r *repository) test(ctx context.Context, t tests) (o outcome, err error) {
	if t.within == 0 {
		t.within = usual
	}
	ctx, cancel := context.WithTimeout(ctx, t.within+building)
	defer cancel()
	// Some defects are such that vet sees them, which is not the point here.
	cmd := r.command(ctx, "test", "-json", "-vet=off", "-count=1", "-failfast", "-timeout="+t.within.String(), "-run="+t.run, "./"+t.pkg)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return o, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return o, err
	}
	o, unread := read(stdout)
	err = cmd.Wait()
	o.took = time.Since(start)
	_, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return o, context.Cause(ctx)
	case unread != nil:
		return o, fmt.Errorf("test %s: %w\n%s", t.pkg, unread, stderr.String())
	case err != nil && (!exited || o.failed == ""):
		return o, fmt.Errorf("test %s: %w\n%s%s", t.pkg, err, o.output, stderr.String())
	}
	return o, nil
}

// report is a line of what go test -json prints. See go doc test2json.
type report struct {
	Action      string
	Test        string // "" where it is about the package
	Output      string
	FailedBuild string
}

// read reads the report of one package's tests.
func read(from io.Reader) (o outcome, err error) {
	var output strings.Builder
	late := false
	for reports := json.NewDecoder(from); ; {
		var r report
		if err := reports.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			_, _ = io.Copy(io.Discard, from) // so that who writes it can end
			return o, fmt.Errorf("read report: %w", err)
		}
		switch {
		case r.FailedBuild != "":
			o.output = tail(output.String())
			return o, fmt.Errorf("the tests do not compile:\n%s", o.output)
		case r.Action == "pass" && r.Test != "":
			o.passed++
		case r.Action == "fail" && o.failed == "" && r.Test != "":
			o.failed = r.Test // subtests end before those that they belong to
		case r.Action == "fail" && o.failed == "":
			o.failed = "what is left when the tests have ended" // as goroutines are
		}
		if strings.HasPrefix(r.Output, "panic: test timed out") {
			late = true
		}
		output.WriteString(r.Output)
	}
	if late {
		o.failed = "the time limit: the tests do not end"
	}
	o.output = tail(output.String())
	return o, nil
}

// tail is the end of a text, as much of it as somebody would read.
func tail(text string) string {
	const most = 8 << 10
	return text[max(0, len(text)-most):]
}

// endTogether makes the end of a command's context that of all processes that it has started: go test does not pass on a
// signal to the tests.
func endTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
}
