//go:build !linux

package launch

import "syscall"

// endWithParent does nothing: only Linux can tie a child's life to its parent's.
func endWithParent(*syscall.SysProcAttr) {}

// namespace is nil: user namespaces are Linux's.
func namespace(_, _ int) *syscall.SysProcAttr { return nil }

// memoryDir is none: other systems have no in-memory file system that is there without being asked for.
func memoryDir() (string, bool) { return "", false }
