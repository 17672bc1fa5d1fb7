package stream

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// holder is the value of a lease: who has it, in terms by which another process on the same machine can tell whether
// that one still runs.
type holder struct {
	Host string `json:"host"`
	PID  int    `json:"pid"`
	// Started is when the process started, in ticks since Boot: a pid alone is given to others in time.
	Started string `json:"started,omitempty"`
	// Boot and Namespace say where PID means something; empty where there is no /proc.
	Boot      string `json:"boot,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// Nonce tells processes apart of which the above does not.
	Nonce string `json:"nonce"`
}

// nonce is one for the whole process, so that it knows a lease again that it got without learning of it.
var nonce = rand.Text()

// newHolder describes this process.
func newHolder(host string) holder {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	h := holder{
		Host: host, PID: os.Getpid(), Boot: string(bytes.TrimSpace(boot)), Namespace: namespace, Nonce: nonce,
	}
	h.Started, _ = startOf(h.PID)
	return h
}

// token is the value of the lease.
func (h holder) token() string {
	text, _ := json.Marshal(h) // it has no field that cannot be
	return string(text)
}

func (h holder) String() string {
	return fmt.Sprintf("process %d on %s", h.PID, h.Host)
}

// parseHolder reads what stands in a lease. What is no holder is one of whom nothing is known.
func parseHolder(text string) holder {
	var h holder
	if json.Unmarshal([]byte(text), &h) != nil {
		return holder{}
	}
	return h
}

// fate is what can be told of another process from here.
type fate int

const (
	unknown fate = iota // on another machine, in another container, or where there is no /proc
	running
	gone
)

func (h holder) fate(seenBy holder) fate {
	if h.Boot == "" || h.Namespace == "" || h.Boot != seenBy.Boot || h.Namespace != seenBy.Namespace {
		return unknown
	}
	if !exists(h.PID) {
		return gone
	}
	started, err := startOf(h.PID)
	switch {
	case errors.Is(err, errEnded):
		return gone
	case err != nil:
		return running // and hidden from us
	case started != h.Started:
		return gone
	}
	return running
}

// exists asks the kernel, and not /proc, which may be mounted so that it hides the processes of others.
func exists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

var errEnded = errors.New("the process has ended, and its parent has not asked how")

// startOf returns the time at which a process started, field 22 of its stat.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func startOf(pid int) (string, error) {
	const state, start = 0, 19 // behind the name, which may hold anything
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= start {
		return "", errors.New("read stat of process: too few fields")
	}
	if c := fields[state][0]; c == 'Z' || c == 'X' {
		return "", errEnded
	}
	return string(fields[start]), nil
}
