package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// healthTimeout is how long a service that runs on the same host may take to answer.
const healthTimeout = 3 * time.Second

func healthcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the service on this host for its health; exit 1 if it is not healthy",
		Long: "Asks /health at HTTP_HOST and HTTP_PORT, prints the answer, and exits 1 if the service is not healthy or\n" +
			"does not answer: for containers, which have no curl.",
		Example: "  redis-postgres-sync healthcheck --http-port 8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			body, err := askHealth(cmd.Context(), cfg.HTTPHost, cfg.HTTPPort)
			fmt.Fprint(cmd.OutOrStdout(), body)
			return failed(err)
		},
	}
}

func askHealth(ctx context.Context, host string, port int) (body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	switch ip := net.ParseIP(host); {
	case ip.Equal(net.IPv4zero):
		host = "127.0.0.1"
	case ip.Equal(net.IPv6unspecified):
		host = "::1"
	}
	url := "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/health"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	// A proxy of the environment is for the world outside.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask for health: %w; hint: is the service running, with this HTTP_PORT?", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New("the service is not healthy; hint: /readyz names what fails")
	}
	return string(text), err
}
