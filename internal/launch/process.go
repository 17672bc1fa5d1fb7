package launch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a child of ours and the goroutine that waits for it.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended and been waited for
	err  error         // of Wait; set before done is closed
}

// spawn starts cmd with its output in the directory's log. It gets a process group of its own, so that Ctrl-C at the
// terminal reaches us alone and the server is stopped in order.
func spawn(cmd *exec.Cmd, dir *directory) (*process, error) {
	log, err := dir.createLog()
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own descriptor
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = dir.path
	cmd.ExtraFiles = []*os.File{dir.lock}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	endWithParent(cmd.SysProcAttr)

	p, err := begin(cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	return p, nil
}

// begin starts cmd.
func begin(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.own(started)
	return p, <-started
}

// own starts the child and stays until it has ended. The kernel sends the parent-death signal when the thread that
// started the child ends, not the process, so this goroutine keeps its thread for as long as the child lives.
func (p *process) own(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// stop returns when the child has ended. Signals to one that already has are refused by package os, so another process
// that was given its pid is safe.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(stopSignal)
	_ = p.cmd.Process.Signal(syscall.SIGCONT) // one that was frozen could not act on the first
	select {
	case <-p.done:
		return
	case <-time.After(stopGrace):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) name() string { return filepath.Base(p.cmd.Path) }

// stopSignal means "disconnect everyone and shut down" to both servers. PostgreSQL takes SIGTERM for "wait until all
// clients have left".
const stopSignal = syscall.SIGINT
