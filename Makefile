# The targets of a working day. Everything needs only Go, but interop, which
# installs its readers into a private environment, and bench with OLD=file.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
FUZZTIME ?= 10s

.PHONY: build test kernels race fuzz lint bench bench-peers golden demo exam interop clean

build: ## the command, static and stripped, at bin/csvloom
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.release=$(VERSION)' -o bin/csvloom ./cmd/csvloom

test: ## all tests
	$(GO) test ./...

kernels: ## reading of CSV without AVX-512, without AVX2 too, and without assembly
	GODEBUG=cpu.avx512f=off $(GO) test ./readers/csv/...
	GODEBUG=cpu.avx512f=off,cpu.avx2=off $(GO) test ./readers/csv/...
	$(GO) test -tags purego ./readers/csv/...

race: ## all tests with the race detector (which needs a C compiler)
	$(GO) test -race ./...

fuzz: ## every fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

lint: ## gofmt, vet on all platforms, staticcheck
	@test -z "$$(gofmt -l .)" || { echo "gofmt wants:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	GOARCH=arm64 $(GO) vet ./...
	GOOS=darwin $(GO) build ./...
	GOOS=windows $(GO) build ./...
	$(GO) tool staticcheck ./...

bench: ## micro-benchmarks through benchstat; OLD=file compares with an earlier run
	$(GO) test -run '^$$' -bench . -benchmem -count 6 ./... | grep -v '^?' > bench.out
	$(GO) tool benchstat $(OLD) bench.out

bench-peers: ## csvloom against DuckDB and Polars, as in BENCHMARKS.md; DATA=dir keeps the data there
	$(GO) run ./cmd/loombench gen $(or $(DATA),/tmp/loombench)
	$(GO) run ./cmd/loombench run $(or $(DATA),/tmp/loombench)

golden: ## rewrites golden files; look at the diff
	$(GO) test ./cmd/csvloom ./sinks/... -update

demo: build ## the first command of the README
	bin/csvloom run testdata/orders --by region --agg 'count(*) as orders, sum(amount) as total' -o -

exam: ## the Pollock benchmark's files, where they are on this machine: exact, flagged, silent
	@out=$$($(GO) test ./cmd/csvloom -run '^TestPollock$$' -count 1 -v); status=$$?; \
	echo "$$out" | grep -E 'pollock, |wrong|is not on|^(ok|FAIL)'; exit $$status

interop: build ## output read back by DuckDB, Polars and pyarrow
	testdata/interop/run bin/csvloom

clean:
	rm -rf bin bench.out
