package provider

import (
	"context"
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
)

// Party is what `swaperoo config` knows of a card provider simulator.
func Party() check.Party {
	return check.Party{Name: "provider", Here: here, Check: checkAll, Settings: func(e *cli.Env) (any, error) {
		s, err := chosen(e)
		return &s, err
	}}
}

func here(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, provider.BooksName))
	return err == nil
}

func chosen(e *cli.Env) (settings, error) {
	dir, err := e.PartyDir("provider")
	if err != nil {
		return settings{}, err
	}
	return read(e, dir)
}

func checkAll(_ context.Context, e *cli.Env) (found check.Findings, err error) {
	s, err := chosen(e)
	if err != nil {
		return nil, err
	}
	p, err := open(e, e.Dir, s)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }() // it was looked at only
	found.Note("settings and books", nil)
	return found, nil
}
