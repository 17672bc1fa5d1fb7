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
	uid, gid, err := ordinaryUser()
	if err != nil {
		return syscall.SysProcAttr{}, err
	}
	if attr := namespace(uid, gid); attr != nil && runs(ctx, program, attr) {
		return *attr, nil
	}
	return credential(uid, gid), nil
}

func credential(uid, gid int) syscall.SysProcAttr {
	return syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func runs(ctx context.Context, program string, attr *syscall.SysProcAttr) bool {
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.SysProcAttr = attr
	return cmd.Run() == nil
}

// ordinaryUser is the account that PostgreSQL's package made, or the one that every system has. It must exist: initdb
// asks for its name.
func ordinaryUser() (uid, gid int, err error) {
	var failed error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return 0, 0, fmt.Errorf("read user %s: %w", name, err)
		}
		return uid, gid, nil
	}
	return 0, 0, fmt.Errorf("find a user to run postgres, which refuses root: %w; "+
		"hint: run this as an ordinary user", failed)
}
