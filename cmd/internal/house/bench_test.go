package house_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestMain lets this binary be the plugins of its own tests, as the real one is.
func TestMain(m *testing.M) {
	bundled.ServeIfAsked()
	bench.ServeIfAsked()
	os.Exit(m.Run())
}

// BenchmarkWithdrawal is the whole job at the bank: POST setup, POST selection,
// POST check, GET until confirmed, with 32 terminals over HTTP on a real file.
// The provider answers from memory. The second row is the same bank with the
// protocols in its own process: the difference is the price of the plugin door.
func BenchmarkWithdrawal(b *testing.B) {
	b.Run("plugins", func(b *testing.B) { withdrawals(b, throughTheDoor(b)) })
	b.Run("in-process", func(b *testing.B) { withdrawals(b, bundled.InProcess(comm.Bank)) })
}

func withdrawals(b *testing.B, bundles []protocol.Bundle) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as a bank has it in which little lives
	provider := &memory{}
	h := banktest.Open(b, banktest.Options{Bundles: bundles, Fetch: provider, Spent: bench.Spent})
	provider.answers = h.Provider
	banktest.Benchmark(b, h, 32)
}

// BenchmarkOneWithdrawal is one terminal, one withdrawal after the other.
func BenchmarkOneWithdrawal(b *testing.B) {
	provider := &memory{}
	h := banktest.Open(b, banktest.Options{Bundles: throughTheDoor(b), Fetch: provider, Spent: bench.Spent})
	provider.answers = h.Provider
	banktest.Benchmark(b, h, 1)
}

func throughTheDoor(b *testing.B) []protocol.Bundle {
	h, err := host.New(host.Options{Dir: b.TempDir(), Log: slog.New(slog.DiscardHandler), Clock: time.Now, Processors: 1}) // as a server has it on the two processors of the limits
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = h.Close(ctx)
	})
	var out []protocol.Bundle
	for _, bundle := range bundled.All() {
		d := sdk.Describe(bundle)
		loaded, err := h.Load(host.Source{Args: []string{"plugin", "serve", bundle.Name}, Description: &d})
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, protocol.Bundle{Name: loaded.Name(), Classes: loaded.Classes(comm.Bank), Protocols: loaded.Protocols(comm.Bank)})
	}
	return out
}

// memory is a provider without a network in between.
type memory struct{ answers *banktest.Provider }

// Fetch hands the request over.
func (m *memory) Fetch(_ context.Context, r comm.Fetch) (comm.Fetched, error) {
	w := httptest.NewRecorder()
	m.answers.ServeHTTP(w, httptest.NewRequest(r.Method, r.URL, strings.NewReader(string(r.Body))))
	return comm.Fetched{Status: w.Code, Body: w.Body.Bytes()}, nil
}
