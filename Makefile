GO ?= go
export CGO_ENABLED = 0

.PHONY: build test lint fuzz bench web

build:
	$(GO) build -trimpath -ldflags '-s -w' -o bin/ ./cmd/millrace ./cmd/millrace-agent

test:
	$(GO) test ./...

lint:
	@test -z "$$(gofmt -l cmd internal examples bench)" || { gofmt -l cmd internal examples bench; exit 1; }
	$(GO) vet ./...

# Each fuzz target for a short while: make fuzz FUZZTIME=1m
FUZZTIME ?= 10s
fuzz:
	@for f in $$(grep -rl '^func Fuzz' --include='*_test.go' internal); do \
	  for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$f); do \
	    echo "$$t in $$(dirname $$f)"; $(GO) test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f) || exit 1; \
	  done; done

bench:
	$(GO) test -run '^$$' -bench . -benchtime 1s ./internal/... ./bench/...

web:
	cd web && npm ci && npm run build
