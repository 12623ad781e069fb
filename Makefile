# make test   the fast lane: no race detector, no browser, no other people's clients
# make check  everything that CI runs
# make lint   the linters, with the versions that CI uses
# make build  one static binary

GOLANGCI_LINT = v2.15.0

.PHONY: test check lint build

# Without vet: it takes a third of the time, and make lint and .ci/run have it.
test:
	go test -short -vet=off ./...

check:
	bash .ci/run

lint:
	go tool staticcheck ./...
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT) run

build:
	CGO_ENABLED=0 go build -trimpath -o m2m ./cmd/m2m
