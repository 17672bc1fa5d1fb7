package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account returns the process attributes under which PostgreSQL's programs agree to run: none for an ordinary user, for
// root a user namespace, or another user where namespaces are refused, as in most containers. program is tried out,
// since nothing else tells beforehand whether it may be executed that way.
func account(ctx context.Context, program string) (syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return syscall.SysProcAttr{}, nil
	}
	if attr := namespace(); attr != nil && runs(ctx, program, attr) {
		return *attr, nil
	}
	return ordinaryUser()
}

func runs(ctx context.Context, program string, attr *syscall.SysProcAttr) bool {
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.SysProcAttr = attr
	return cmd.Run() == nil
}

// ordinaryUser is the account that PostgreSQL's package made, or the one that every system has.
func ordinaryUser() (syscall.SysProcAttr, error) {
	var failed error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return syscall.SysProcAttr{}, fmt.Errorf("read user %s: %w", name, err)
		}
		return syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return syscall.SysProcAttr{}, fmt.Errorf("find a user to run postgres, which refuses root: %w; "+
		"hint: run this as an ordinary user", failed)
}
