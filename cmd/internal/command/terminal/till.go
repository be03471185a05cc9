package terminal

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/qr"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/till"
)

// tillTokenName is the file of the token that the software of a till shows.
const tillTokenName = "till.token"

// till has the software of a till drive this terminal, at an address of this
// machine unless it was allowed to be another.
func (t *terminal) till(ctx context.Context, p *serve.Process, address string) error {
	address, err := serve.Address(address, "till", t.settings.Till)
	if err != nil {
		return err
	}
	f, err := files(t.env)
	if err != nil {
		return err
	}
	token, err := tillToken(filepath.Join(f.Dir, tillTokenName))
	if err != nil {
		return err
	}
	port, err := tillPort(ctx, address, t.env.AllowHTTP)
	if err != nil {
		return err
	}
	sells := till.New(t.Terminal)
	o := till.Options{Token: token, Log: t.Log(), Draw: till.Drawing{
		Text: func(text string) (string, error) { return qr.Draw(text, false) }, SVG: qr.SVG, PNG: qr.PNG,
	}}
	if serve.IsLocal(port) {
		o.Host = taler.IsLoopbackName
	}
	api := till.NewAPI(sells, o)
	p.HTTP(port, serve.Server(api, t.Log(), api.EndWaits), serve.Door{Name: serve.Till, Path: "/"})
	p.Go(sells.Run)
	return nil
}

// tillPlaces is how many connections the till's API has at a time: more than the software
// of one counter needs, and not more than a terminal can hold. It is a bound on strangers,
// too: a connection comes before its token.
const tillPlaces = 256

func tillPort(ctx context.Context, address string, allowHTTP bool) (*serve.Port, error) {
	return serve.Open(ctx, address, serve.Options{AllowHTTP: allowHTTP, Places: comm.Places{All: tillPlaces, Each: tillPlaces / 4}})
}

// tillToken is the token of before, or a new one, which only the owner of the file
// can read.
func tillToken(path string) (string, error) {
	token, err := config.Secret(path)
	if _, missing := os.Lstat(path); !errors.Is(missing, fs.ErrNotExist) {
		return token, err
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // it does not fail
	token = hex.EncodeToString(raw)
	return token, config.Replace(path, []byte(token+"\n"))
}
