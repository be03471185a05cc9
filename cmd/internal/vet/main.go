// Command vet is `go vet` for a system that this machine only compiles for. It reads the source
// of what is imported, where `go vet` has all of it compiled: of SQLite in Go, minutes for each system.
//
//	go run -exec 'env GOOS=windows CGO_ENABLED=0' ./cmd/internal/vet ./...
package main

import (
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/suite/vet"
)

func main() {
	multichecker.Main(slices.DeleteFunc(slices.Clone(vet.Suite), func(a *analysis.Analyzer) bool {
		return a.Name == "scannererr" // not one of those of the `go vet` that looks at this system's files
	})...)
}
