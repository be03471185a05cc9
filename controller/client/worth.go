package client

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// worth is how much a coin is worth, at which exchange, and under which of its master
// keys, if the coin says that.
type worth struct {
	Value    string `json:"value"`
	Exchange string `json:"exchange_url"`
	Master   string `json:"master_pub"`
}

// worthOf reads no further than it must: the members that it needs stand in front, and
// most of the time would go into keys and signatures. A state that is not written as
// today's code writes it is read as any JSON.
func worthOf(coin instrument.Instance) (worth, error) {
	w, ok := front(coin.State)
	if ok {
		return w, nil
	}
	w = worth{}
	err := json.Unmarshal(coin.State, &w)
	if err != nil || w.Value == "" || w.Exchange == "" {
		return w, fault.Wrap(err, fault.Internal, "what the coin %s is worth cannot be read", coin.ID)
	}
	return w, nil
}

// front reads the members in front of a coin's state, as long as they are plain texts. It
// stops at the first one after the exchange that does not belong to the coin's worth.
func front(state []byte) (w worth, ok bool) {
	if len(state) == 0 || state[0] != '{' {
		return w, false
	}
	for rest := state[1:]; ; {
		name, after, found := plain(rest)
		if !found || len(after) == 0 || after[0] != ':' {
			break
		}
		if w.Exchange != "" && string(name) != "master_pub" {
			break
		}
		text, after, found := plain(after[1:])
		if !found || len(after) == 0 || after[0] != ',' {
			break
		}
		switch string(name) {
		case "value":
			w.Value = string(text)
		case "exchange_url":
			w.Exchange = string(text)
		case "master_pub":
			w.Master = string(text)
		}
		rest = after[1:]
	}
	return w, w.Value != "" && w.Exchange != ""
}

// plain is a text in quotes at the beginning, if nothing in it is escaped.
func plain(state []byte) (text, after []byte, ok bool) {
	if len(state) == 0 || state[0] != '"' {
		return nil, nil, false
	}
	end := bytes.IndexByte(state[1:], '"') + 1
	if end == 0 || bytes.IndexByte(state[1:end], '\\') >= 0 {
		return nil, nil, false
	}
	return state[1:end], state[end+1:], true
}

// masterKeys are the master keys of exchanges, the present and the former ones.
type masterKeys map[string]struct {
	URL     string   `json:"url"`
	Present string   `json:"master_pub"`
	Former  []string `json:"former_pubs"`
}

func (w *Wallet) masterKeys(ctx context.Context) (masterKeys, error) {
	found, err := w.Usable(ctx, w.user, instrument.Filter{Class: ClassExchange})
	if err != nil {
		return nil, err
	}
	all := masterKeys{}
	for _, i := range found {
		e := all[""]
		if err := i.Decode(&e); err != nil {
			return nil, err
		}
		all[e.URL] = e
	}
	return all, nil
}

// former is the master key under which a coin was made, if the exchange has another one
// now. A coin that names no key was made under the exchange's first one.
func (k masterKeys) former(exchange, made string) string {
	e, known := k[exchange]
	switch {
	case !known || len(e.Former) == 0:
		return ""
	case made == "":
		made = e.Former[0]
	}
	if made == e.Present {
		return ""
	}
	return made
}
