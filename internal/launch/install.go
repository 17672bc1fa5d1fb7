package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// Install makes sure that programs are installed, and says on w what it does. It does so by apt-get as root on Debian
// and its kin, without starting the servers that come with the packages; anywhere else, where something is missing, it
// returns a *MissingError, which names the command to run. It returns at once where nothing is missing.
func Install(ctx context.Context, w io.Writer, programs ...Program) error {
	if err := checkPGBin(); err != nil {
		return err
	}
	absent := missing(programs...)
	if len(absent) == 0 {
		return nil
	}
	if os.Geteuid() != 0 || !inPath(aptGet.tool) {
		return &MissingError{Programs: absent}
	}
	if err := debian(w).install(ctx, absent); err != nil {
		return err
	}
	if absent := missing(programs...); len(absent) > 0 {
		return &MissingError{Programs: absent}
	}
	return nil
}

// apt installs Debian packages and keeps their servers from starting.
type apt struct {
	command  string // apt-get
	policy   string // asked by packages before they start a service
	clusters string // says whether PostgreSQL's package creates a cluster
	out      io.Writer
}

func debian(w io.Writer) apt {
	return apt{
		command:  aptGet.tool,
		policy:   "/usr/sbin/policy-rc.d",
		clusters: "/etc/postgresql-common/createcluster.conf",
		out:      w,
	}
}

// noStarts is a policy-rc.d that forbids everything: 101 is "action forbidden by policy".
// https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
const noStarts = "#!/bin/sh\n# Written by redis-postgres-sync while it installs packages.\nexit 101\n"

func (a apt) install(ctx context.Context, programs []Program) (err error) {
	restore, err := replaceFile(a.policy, []byte(noStarts), 0o755)
	if err != nil {
		return fmt.Errorf("forbid service starts: %w", err)
	}
	defer func() { err = errors.Join(err, restore()) }()

	names := aptGet.names(programs)
	fmt.Fprintf(a.out, "installing %s by apt-get; their services are not started\n", strings.Join(names, ", "))
	for _, p := range programs {
		if p == PostgreSQL {
			return a.installWithoutCluster(ctx, names)
		}
	}
	return a.get(ctx, names)
}

// installWithoutCluster installs packages, PostgreSQL's among them, without the cluster that the latter would create
// and start at every boot. The file that says so belongs to postgresql-common, which must therefore come first.
func (a apt) installWithoutCluster(ctx context.Context, names []string) (err error) {
	if err := a.get(ctx, []string{"postgresql-common"}); err != nil {
		return err
	}
	settings, err := os.ReadFile(a.clusters)
	if err != nil {
		return fmt.Errorf("read cluster defaults: %w", err)
	}
	settings = append(settings, "\ncreate_main_cluster = false\n"...)
	restore, err := replaceFile(a.clusters, settings, 0o644)
	if err != nil {
		return fmt.Errorf("forbid cluster creation: %w", err)
	}
	defer func() { err = errors.Join(err, restore()) }()
	return a.get(ctx, names)
}

// get installs packages. Where that fails it refreshes the package lists, which a fresh machine lacks and an old one
// has outdated, and tries once more.
func (a apt) get(ctx context.Context, names []string) error {
	install := append([]string{"install", "-y", "--no-install-recommends"}, names...)
	if a.run(ctx, install...) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("install %s: %w", strings.Join(names, ", "), err)
	}
	fmt.Fprintln(a.out, "refreshing the package lists")
	if err := a.run(ctx, "update"); err != nil {
		return err
	}
	return a.run(ctx, install...)
}

// run waits for another apt-get that holds the lock, and interrupts its own where ctx ends instead of killing it, which
// would leave dpkg's database half written.
func (a apt) run(ctx context.Context, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, a.command, append([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run apt-get %s: %w; it said:\n%s", strings.Join(args, " "), err, output.Bytes())
	}
	return nil
}

// asideSuffix names the file that waits to be put back. Neither file's reader looks at names like it.
const asideSuffix = ".redis-postgres-sync"

// replaceFile puts content at path until restore puts back what was there: the same file, with its owner and times, or
// nothing. What an earlier run left behind because it was killed is put right first.
func replaceFile(path string, content []byte, mode fs.FileMode) (restore func() error, err error) {
	aside := path + asideSuffix
	if err := recoverFile(path, aside, content); err != nil {
		return nil, err
	}
	if err := os.Rename(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	restore = func() error { return putBack(path, aside) }
	if err := errors.Join(os.WriteFile(path, content, mode), os.Chmod(path, mode)); err != nil {
		return nil, errors.Join(err, restore())
	}
	return restore, nil
}

func recoverFile(path, aside string, ours []byte) error {
	if _, err := os.Lstat(aside); err == nil {
		return putBack(path, aside)
	}
	if content, err := os.ReadFile(path); err == nil && bytes.Equal(content, ours) {
		return os.Remove(path)
	}
	return nil
}

// putBack makes path what it was: the file set aside, or nothing where there was none.
func putBack(path, aside string) error {
	err := os.Rename(aside, path)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	return nil
}
