package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

func verifyCommand() *cobra.Command {
	return laterCommand("verify", "Settle every block with the chain itself once it is deep enough",
		"set reorg_safe_distance in rindexer, so that it sends no block that a reorg may still take back")
}

func auditCommand() *cobra.Command {
	return laterCommand("audit", "Compare a range of blocks with the chain itself and print the difference",
		"run redis-postgres-sync check --manifest rindexer.yaml, which names the settings of rindexer that lose events")
}

// laterCommand stands in help for what is coming. It takes any flag, so that one it does not know yet is not what the
// answer is about.
func laterCommand(name, short, hint string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Short:              short + " (coming, not available in this version)",
		Example:            "  redis-postgres-sync " + name,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
				return cmd.Help()
			}
			return fmt.Errorf("%s is not available in this version; hint: %s", name, hint)
		},
	}
}
