# make check is what a change has to pass; .ci/run calls it on a fresh machine.

LINT    := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOFUMPT := go run mvdan.cc/gofumpt@v0.12.0
FILES    = $(shell git ls-files '*.go' | grep -v '\.pb\.go$$')

.PHONY: build test race check format vet lint example demo bench bench-once generate

build:
	go build -o swaperoo ./cmd/swaperoo

test:
	go test ./...

# SQLite in Go is C in all but name, and ciphers are loops over bytes of their own: to watch each of
# their accesses took more than half of the time. What is said to them is watched: that two goroutines
# use one connection is found. What debuggers read is left out; reports name their
# lines without it.
# What has only data of its own is left out as well: patterns, of which each router compiles a hundred,
# squares of QR codes, and sources that are parsed. JSON stays: it reads what others may write.
UNWATCHED = modernc.org/sqlite/lib modernc.org/libc/... modernc.org/memory golang.org/x/crypto/... math/big crypto/internal/... \
	filippo.io/bigmod regexp/... rsc.io/qr/... go/...
# Two packages only read sources, each in one goroutine.
WATCHED = $(filter-out %/swaperoo/swaperoo %/cmd/internal/vet,$(shell go list ./...))
# Loads in one goroutine, of ciphers, files or rows: a second run of them would see no race.
UNRACED = TestAVaultOfTheFirstVersion|TestEveryFlippedBitIsRefused|TestBlindSignUnblindVerify|TestADamagedBackupIsRefused|TestADocumentHasABoundedNumberOfValues|TestWhatIsKeptOfRefusalsIsBounded|TestAPaymentGoesBackInSoManyParts|TestOneKeyHasABoundedNumberOfAccounts

race: export GOGC = 400
race:
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test -race -vet=off -skip '^($(UNRACED))$$' -gcflags=all=-dwarf=false \
		$(foreach p,$(UNWATCHED),'-gcflags=$(p)=-race=false -dwarf=false') $(WATCHED)

check: format vet lint test race bench-once example demo

format:
	@bad=$$(gofmt -l $(FILES)); test -z "$$bad" || { echo "gofmt would change: $$bad"; exit 1; }

# For other systems the same is asked of the sources alone, without compiling what they
# import. The compiler and the linter are short-lived: with a larger heap they take a sixth less.
VET_FOR = go run -exec 'env GOOS=$(1) CGO_ENABLED=0' ./cmd/internal/vet ./...
vet lint: export GOGC = 400
vet:
	go vet ./...
	$(call VET_FOR,darwin)
	$(call VET_FOR,windows)

lint:
	$(LINT) run ./...

# The examples are somebody else's programs: each is built in its own module,
# from outside, with nothing but what this module publishes.
example:
	@for dir in plugins/example/*/; do echo $$dir && \
		(cd $$dir && go build -o "$${TMPDIR:-/tmp}/swaperoo-example" . && go vet . && rm -f "$${TMPDIR:-/tmp}/swaperoo-example") || exit 1; done

demo: build
	./swaperoo demo --json
	./swaperoo demo --card declined --json; test $$? -eq 5
	./swaperoo demo --card timeout --json

bench:
	go test -run '^$$' -bench . -benchtime 2s ./...

# A benchmark that does not run measures nothing: each runs once.
bench-once:
	@said=$$(go test -run '^$$' -bench . -benchtime 1x $$(git grep -l '^func Benchmark' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's,^,./,') 2>&1) || { echo "$$said"; exit 1; }

generate:
	go generate ./plugins/api/wire
