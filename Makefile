# make prints what there is. Everything runs from a fresh clone with Go, git and make; what else is needed is installed
# by apt-get as root on Debian, or named.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Build tools are pinned in a module of their own, so that the service's stays small.
TOOL := go tool -modfile=codegen/tools/go.mod

.PHONY: help
help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## play a recorded stream through the service and show the tables
	@go build -o bin/redis-postgres-sync ./cmd/redis-postgres-sync
	@go build -o bin/demo ./cmd/demo
	@bin/demo -binary bin/redis-postgres-sync

.PHONY: build
build: ## build bin/redis-postgres-sync
	go build -trimpath -o bin/redis-postgres-sync ./cmd/redis-postgres-sync

.PHONY: generate
generate: ## abi/ -> gen/, schema/, queries/
	go run ./cmd/codegen
	$(TOOL) sqlc generate

.PHONY: test
test: install fresh vet ## everything a change must pass
	go test -race -timeout 14m ./...

.PHONY: install
install:
	CGO_ENABLED=0 go run ./internal/launch/install

.PHONY: fresh
fresh:
	go mod tidy -diff
	go run ./cmd/codegen -check
	$(TOOL) sqlc diff

.PHONY: vet
vet:
	@unformatted=$$(gofmt -l cmd codegen deploy gen internal schema); \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:" $$unformatted; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...
	@$(TOOL) govulncheck ./... || { code=$$?; if [ $$code -eq 3 ]; then exit $$code; fi; \
		echo "govulncheck did not run: its database is out of reach"; }

.PHONY: bench
bench: build ## measure the service against one COPY of the same rows (forty minutes; see docs/benchmarks)
	@go build -o bin/bench ./cmd/bench
	@bin/bench -binary bin/redis-postgres-sync -json docs/benchmarks/latest.json

.PHONY: bench-peers
bench-peers: build ## measure the service and Bento on the same load, one after the other
	@go build -o bin/bench ./cmd/bench
	@cd cmd/bench/bento && go build -o ../../../bin/bento .
	@bin/bench -binary bin/redis-postgres-sync -bento bin/bento -json docs/benchmarks/peers.json

.PHONY: chaos
chaos: build ## 5,000,000 events and 500 kills among random faults: nothing may be lost or doubled (a quarter of an hour)
	@go build -o bin/chaos ./cmd/chaos
	@bin/chaos -binary bin/redis-postgres-sync -events 5000000 -kills 500 -rate 7000 -pause 2s \
		-spare FLUSHALL -set TRIM=on,TRIM_RETENTION=1m -report bin/chaos.jsonl

.PHONY: mutants
mutants: install ## plant defects into a copy of the repository, and see that tests catch them (half an hour)
	@go run ./cmd/mutants

.PHONY: schema-diff
schema-diff: ## print what the database of DATABASE_URL lacks
	@go run ./cmd/redis-postgres-sync migrate plan --atlas atlas.hcl

.PHONY: schema-apply
schema-apply: ## apply it
	@go run ./cmd/redis-postgres-sync migrate apply --atlas atlas.hcl
