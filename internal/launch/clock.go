package launch

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
)

// In a directory of its own, as this package must build without cgo.
//
//go:embed clock/clock.c
var clockSource []byte

// OwnClock restarts the server with a clock of its own, so many whole seconds ahead of the machine's, or behind it; SetClock sets
// it anew. What the server measures by the monotonic clock is not affected, nor is a Standby of it. It is for Linux. A
// *MissingError says that there is no C compiler, which it takes.
func (s *Server) OwnClock(ctx context.Context, ahead time.Duration) error {
	if missing := missing(CCompiler); len(missing) > 0 {
		return &MissingError{Programs: missing}
	}
	library, source := s.dir.join("clock.so"), s.dir.join("clock.c")
	if err := os.WriteFile(source, clockSource, 0o600); err != nil {
		return fmt.Errorf("build a clock: %w", err)
	}
	if out, err := compiler("-shared", "-fPIC", "-O2", "-Wall", "-o", library, source).CombinedOutput(); err != nil {
		return fmt.Errorf("build a clock: %w: %s", err, out)
	}
	if err := s.writeClock(ahead); err != nil {
		return err
	}
	// The server may run as another user, whatever our umask is.
	if err := errors.Join(os.Chmod(library, 0o755), os.Chmod(s.clockFile(), 0o644)); err != nil {
		return fmt.Errorf("build a clock: %w", err)
	}
	s.clockEnv = []string{"LD_PRELOAD=" + library, "CLOCK_OFFSET=" + s.clockFile()}
	if err := s.Restart(ctx); err != nil {
		return err
	}
	// A library that cannot be loaded is passed over.
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", s.PID()))
	if err != nil || !bytes.Contains(maps, []byte(library)) {
		return fmt.Errorf("%s has not loaded its clock (%v); hint: %s must not be mounted noexec", s.process.name(), err, s.dir.path)
	}
	return nil
}

// SetClock sets the clock of a server that has an OwnClock.
func (s *Server) SetClock(ahead time.Duration) error {
	if s.clockEnv == nil {
		return errors.New("set the clock of a server that has none of its own")
	}
	return s.writeClock(ahead)
}

// writeClock writes in place: the server has mapped the file, and would not see another one under its name.
func (s *Server) writeClock(ahead time.Duration) error {
	file, err := os.OpenFile(s.clockFile(), os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		_, err = file.Write(binary.NativeEndian.AppendUint64(nil, uint64(ahead/time.Second)))
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("set the clock of %s: %w", s.process.name(), err)
	}
	return nil
}

func (s *Server) clockFile() string { return s.dir.join("clock") }
