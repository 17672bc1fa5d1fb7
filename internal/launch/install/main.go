// Command install makes a machine ready for the tests: it installs PostgreSQL, Redis and a C compiler where they are
// missing, if it may, and otherwise says in one line what to install; and PgBouncer, which one test needs, and skips
// without. It uses nothing but the standard library, so it runs before there is a compiler for cgo or a downloaded module.
// It is no installer of redis-postgres-sync itself.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := launch.Install(ctx, os.Stdout, launch.PostgreSQL, launch.RedisServer, launch.CCompiler); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := launch.Install(ctx, os.Stdout, launch.PgBouncer); ctx.Err() != nil {
		os.Exit(1)
	} else if err != nil {
		fmt.Fprintln(os.Stdout, "a test will be skipped:", err)
	}
}
