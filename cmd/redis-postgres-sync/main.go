// Command redis-postgres-sync writes blockchain events from Redis Streams into typed PostgreSQL tables.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong use or configuration
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := interruptible()
	defer stop()
	root := rootCommand()
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(os.Stderr, "redis-postgres-sync:", err)
	if _, failed := errors.AsType[*failure](err); failed {
		return exitFailed
	}
	return exitUsage
}

// failure is an error of doing, as opposed to one of the command line or the configuration.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err}
}

// interruptible returns a context that ends at the first SIGINT or SIGTERM. The second one ends the process: all that
// is not committed stays pending in Redis, so nothing is lost.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailed)
	}()
	return ctx, cancel
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "redis-postgres-sync",
		Short: "Writes blockchain events from Redis Streams into typed PostgreSQL tables",
		Long: "Writes blockchain events from Redis Streams into typed PostgreSQL tables.\n\n" +
			"Without a command it runs the service. Settings come from flags, the environment and .env, in this order.",
		Example:       "  DATABASE_URL=postgresql://user:password@localhost:5432/events redis-postgres-sync",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          runService,
	}
	config.Flags(root.PersistentFlags())
	root.AddCommand(
		runCommand(), migrateCommand(), checkCommand(), statusReportCommand(), dlqCommand(), replayCommand(),
		healthcheckCommand(), versionCommand(), verifyCommand(), auditCommand(),
	)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(wrongUse)
	explainArguments(root)
	return root
}

// explainArguments has arguments that a command does not take answered as wrong flags are, and connection strings among
// them not quoted.
func explainArguments(c *cobra.Command) {
	if accepts := c.Args; accepts != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			err := accepts(cmd, args)
			if err != nil && slices.ContainsFunc(args, func(arg string) bool { return strings.ContainsAny(arg, "=@") }) {
				err = errors.New("these arguments are not taken (not shown)")
			}
			return wrongUse(cmd, err)
		}
	}
	for _, child := range c.Commands() {
		explainArguments(child)
	}
}

func wrongUse(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; hint: run %s --help", err, cmd.CommandPath())
}

// loadConfig reads the configuration for a command.
func loadConfig(cmd *cobra.Command) (config.Config, []string, error) {
	return config.Load(cmd.Flags(), os.Environ(), ".env")
}
