// Package deploy holds the tests of the files that ship the service: container, compose, Prometheus, Grafana, systemd.
// There is nothing to import.
//
// Its invariant: what these files say of the service is held against the service itself. Settings are those of
// internal/config, metrics those of docs/operations.md (which another test holds against /metrics), and the build of
// the image runs step by step, without Docker.
package deploy
