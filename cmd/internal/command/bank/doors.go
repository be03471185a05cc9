package bank

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/metrics"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// openDoors opens the port of the REST APIs and makes what answers there: the
// APIs, seen through the proxies in front, and the pages for whoever watches.
func openDoors(ctx context.Context, e *cli.Env, h *house.House, b *bank.Bank, s settings) (*serve.Port, *rest.Server, error) {
	proxies, err := serve.ParseProxies(s.Edge.Proxies)
	if err != nil {
		return nil, nil, err
	}
	port, err := serve.Open(ctx, s.Listen, serve.Options{
		AllowHTTP: e.AllowHTTP, Log: e.Log(), Certificate: s.Edge.certificate(),
		Places: comm.Places{Each: s.Edge.PerAddress, Free: proxies},
	})
	if err != nil {
		return nil, nil, err
	}
	watch := metrics.New(metrics.Sources{
		Bank: b.Figures, Log: e.Log(), Clock: time.Now,
		Store: func() metrics.Commits { return metrics.Commits(h.Store.Stats()) },
	})
	all, err := b.Exchanges(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, port.Close())
	}
	api := rest.New(b, rest.Options{Log: e.Log(), Clock: time.Now, Base: s.path(), Answered: watch.Answered, Held: watch.Held})
	server := rest.NewServer(api, rest.Limits{Read: s.Edge.RequestWithin})
	server.Handler = below(s.path(), all, serve.Health{Ready: ready(h, b), Metrics: watch.Handler(), Next: proxies.Name(api)})
	return port, server, nil
}

// below answers also below the path of the URL under which others reach the bank: there may be
// no proxy in front, or one that leaves paths as they are. A path that begins as one of the
// bank's own is not taken away, because nobody could tell the two.
func below(path string, all []bank.Exchange, next http.Handler) http.Handler {
	path = strings.TrimSuffix(path, "/")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if path == "" || bank.BeginsPath(first) || slices.ContainsFunc(all, func(x bank.Exchange) bool { return x.Name == first }) {
		return next
	}
	shorter := http.StripPrefix(path, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.EscapedPath(), path+"/") {
			shorter.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ready says whether what comes could be read and kept.
func ready(h *house.House, b *bank.Bank) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := h.Store.Room(ctx); err != nil {
			return err
		}
		return b.Ready(ctx)
	}
}

// apis are the doors of the three APIs: the default exchange's at the root, those of
// further ones that there are at the start below their names.
func apis(ctx context.Context, b *bank.Bank) ([]serve.Door, error) {
	all, err := b.Exchanges(ctx)
	doors := []serve.Door{
		{Name: serve.Terminal, Path: rest.TerminalPath},
		{Name: serve.Integration, Path: rest.IntegrationPath},
		{Name: serve.WireGateway, Path: rest.WireGatewayPath},
	}
	for n := range doors {
		doors[n].Exchanges = map[string]string{}
		for _, x := range all {
			if !x.Default {
				doors[n].Exchanges[x.Name] = "/" + x.Name + doors[n].Path
			}
		}
	}
	return doors, err
}
