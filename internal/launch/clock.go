package launch

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
)

//go:embed clock/clock.c
var clockSource []byte

// OwnClock restarts the server with a clock of its own, which SetClock sets; the machine's stays as it is. What the server
// measures by the monotonic clock is not affected. It takes a C compiler, which a *MissingError names where there is none, and
// Linux.
func (s *Server) OwnClock(ctx context.Context) error {
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
	if err := s.SetClock(0); err != nil {
		return err
	}
	s.clock = []string{"LD_PRELOAD=" + library, "CLOCK_OFFSET=" + s.clockFile()}
	return s.Restart(ctx)
}

// SetClock sets the clock of a server with an OwnClock: so much ahead of the machine's, or behind it, in whole seconds.
func (s *Server) SetClock(ahead time.Duration) error {
	seconds := binary.NativeEndian.AppendUint64(nil, uint64(ahead/time.Second))
	// In its place, since the server has the file in its memory.
	file, err := os.OpenFile(s.clockFile(), os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		_, err = file.Write(seconds)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("set the clock of %s: %w", s.process.name(), err)
	}
	return nil
}

func (s *Server) clockFile() string { return s.dir.join("clock") }
