package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// showAfter is how long a command may take before it shows how far it is.
const showAfter = time.Second

// progress shows on a terminal how far a command is, on one line that is gone at the end. Elsewhere it is silent: what
// a pipeline logs are results.
type progress struct {
	w     io.Writer // nil where it is silent
	timer *time.Timer

	mu          sync.Mutex // the timer draws in a goroutine of its own
	late        bool       // showAfter is over
	label       string
	done, total int
	bar         *progressbar.ProgressBar
}

// newProgress is for a command that begins now, and calls end before it prints anything, errors included.
func newProgress(w io.Writer) *progress {
	p := &progress{}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.w = w
	}
	p.begin()
	return p
}

// begin is for what a command does after it has printed something.
func (p *progress) begin() {
	if p.w == nil {
		return
	}
	p.timer = time.AfterFunc(showAfter, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.late = true
		p.draw()
	})
}

// step says how much is done of what label names.
func (p *progress) step(label string, done, total int) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil && p.label != label {
		p.clear()
	}
	p.label, p.done, p.total = label, done, total
	p.draw()
}

// end removes the line. Nothing is drawn after it, unless something else begins.
func (p *progress) end() {
	if p.w == nil {
		return
	}
	p.timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = false
	p.clear()
}

// draw does its best: a terminal that is gone is no reason to stop a command.
func (p *progress) draw() {
	if !p.late || p.total <= 0 {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(p.total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(p.label),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false))
	}
	if p.bar.GetMax() != p.total {
		p.bar.ChangeMax(p.total)
	}
	_ = p.bar.Set(p.done)
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
