package launch

import (
	"os"
	"syscall"
)

// endWithParent has the kernel stop the child when we die, kill -9 included. Set it only on a child whose starting
// thread outlives it.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = stopSignal }

// namespace maps us, root, to an ordinary user inside a user namespace: initdb and postgres refuse to run as uid 0, yet
// the files stay ours, wherever they lie.
func namespace(uid, gid int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: os.Getegid(), Size: 1}},
	}
}

// memoryRoom is what must be free in the in-memory file system before servers use it: far more than they need, and far
// more than the 64 MB that containers have.
const memoryRoom = 4 << 30

// memoryDir is the in-memory file system, where there is a roomy one. Making a cluster or a database there takes a
// tenth of the time that it takes on ext4, which is slow to create files soon after others were deleted, as tests do.
func memoryDir() (string, bool) {
	const dir = "/dev/shm"
	const writable = 2
	var stat syscall.Statfs_t
	if syscall.Statfs(dir, &stat) != nil || syscall.Access(dir, writable) != nil {
		return "", false
	}
	return dir, stat.Bavail*uint64(stat.Bsize) >= memoryRoom
}
