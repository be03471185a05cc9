package wallet_test

import (
	"path/filepath"
	"strings"
	"testing"
)

type peer struct {
	Name, Role, Key, Fingerprint string
	KnownAs                      string `json:"known_as"`
	PNP                          bool
	Addresses                    []string
}

const keyB = "000000000000000000000000000000000000000000000000000G"

// TestAPeerIsItsKey: an address that carries the key needs nobody to be there.
func TestAPeerIsItsKey(t *testing.T) {
	u := newOwner(t)
	var added peer
	u.does(&added, "peer", "add", "shop", nowhere+"#"+keyA)
	if added.Name != "shop" || added.Key != keyA || added.Fingerprint != "0000-0000-0000-0000" || len(added.Addresses) != 1 || added.Addresses[0] != nowhere+"#"+keyA {
		t.Errorf("it is shown as %+v", added)
	}
	u.does(&added, "peer", "add", "kiosk", "wss://127.0.0.1:10/", "--trust", strings.ToLower(keyB))
	if added.Key != keyB || added.Addresses[0] != "wss://127.0.0.1:10/#"+keyB {
		t.Errorf("by a typed key it is shown as %+v", added)
	}
	u.refuses(5, "peer-known", "peer", "add", "shop", "wss://127.0.0.1:11/#"+keyB)
	u.does(nil, "peer", "add", "shop", nowhere+"#"+keyA) // once more the same
	u.refuses(5, "peer-key-changed", "peer", "add", "other", nowhere+"#"+keyB)
	u.refuses(5, "peer-key-changed", "pay", nowhere+"#"+keyB, "--amount", "CHF:1", "--yes")
	u.refuses(5, "peer-key-changed", "pay", "shop", "--trust", keyB, "--amount", "CHF:1", "--yes") // it is for the first contact
	u.refuses(5, "peer-key-changed", "peer", "add", "other", "wss://127.0.0.1:12/#"+keyA, "--trust", keyB)
	u.refuses(5, "peer-key-changed", "peer", "add", "other", nowhere, "--trust", keyB)
	u.refuses(8, "peer-unreachable", "pay", "shop", "--trust", keyA, "--amount", "CHF:1", "--yes")

	var list struct{ Peers []peer }
	u.does(&list, "peer", "list")
	if len(list.Peers) != 2 {
		t.Fatalf("there are %+v", list.Peers)
	}
	for _, p := range list.Peers {
		if p.Name != "shop" && p.Name != "kiosk" || p.Name == "shop" && p.Key != keyA || p.Name == "kiosk" && p.Key != keyB {
			t.Errorf("there is %+v", p)
		}
	}
}

// TestAnAgentMovesNoName: whom the owner pays under a name is not for software to say. It may know
// peers of its own.
func TestAnAgentMovesNoName(t *testing.T) {
	u := newOwner(t)
	u.does(nil, "peer", "add", "shop", nowhere+"#"+keyA)
	file := filepath.Join(t.TempDir(), "bot.key")
	u.does(nil, "profile", "add", "agent", "bot", "--new-key-file", file)
	bot := &user{t: t, dir: u.dir}
	as := func(args ...string) []string { return append(args, "--user", "bot", "--key-file", file) }
	bot.refuses(5, "kind-differs", as("peer", "trust", "shop", "--trust", keyB)...)
	bot.refuses(5, "kind-differs", as("peer", "remove", "shop")...)
	bot.refuses(5, "kind-differs", as("peer", "add", "shop", "wss://127.0.0.1:10/#"+keyA)...)
	bot.refuses(5, "peer-known", as("peer", "add", "shop", "wss://127.0.0.1:10/#"+keyB)...)
	bot.does(nil, as("peer", "add", "shop", nowhere+"#"+keyA)...) // once more the same
	bot.does(nil, as("peer", "add", "kiosk", "wss://127.0.0.1:10/#"+keyB)...)
	var list struct{ Peers []peer }
	u.does(&list, "peer", "list")
	if len(list.Peers) != 2 || list.Peers[1].Name != "shop" || list.Peers[1].Key != keyA || list.Peers[1].Addresses[0] != nowhere+"#"+keyA {
		t.Errorf("there are %+v", list.Peers)
	}
}

// TestAnAddressAtWhichNobodyCanBeIsNoPeers: nobody would learn of it before they pay.
func TestAnAddressAtWhichNobodyCanBeIsNoPeers(t *testing.T) {
	u := newOwner(t)
	for address, reason := range map[string]string{
		"pigeon:shop": "scheme-unknown", "http://127.0.0.1:9/": "scheme-unknown", "taler+http://127.0.0.1:9/": "key-in-clear",
		"wss:///": "address-malformed", "wss:shop": "address-malformed", "wss://:9/": "address-malformed", "wss://shop:0/": "address-malformed",
		"wss://shop:65536/": "address-malformed", "unix://shop/s": "address-malformed", "unix:/" + strings.Repeat("s", 107): "address-malformed",
	} {
		exit := map[string]int{"scheme-unknown": 1, "key-in-clear": 5, "address-malformed": 2}[reason]
		u.refuses(exit, reason, "peer", "add", "shop", address+"#"+keyA)
	}
	for name, address := range map[string]string{"a": "wss://shop/", "b": "wss://shop:65535/", "c": "wss://[::1]/", "d": "unix:/run/shop.sock", "e": "stdio:kiosk"} {
		u.does(nil, "peer", "add", name, address+"#"+keyA)
	}
}

// TestAChangedKeyIsThePersonsDecision: it is said by its name, old and new.
func TestAChangedKeyIsThePersonsDecision(t *testing.T) {
	u := newOwner(t)
	u.does(nil, "peer", "add", "shop", nowhere+"#"+keyA)
	u.refuses(2, "key-malformed", "peer", "trust", "shop", "--trust", "nonsense")
	u.refuses(8, "peer-unreachable", "peer", "trust", "shop")

	got := u.says("peer", "trust", "shop", "--trust", keyB)
	if got.code != 0 || !strings.Contains(got.out, "shop is known by the key") || !strings.Contains(got.out, "before by 0000-0000-0000-0000") {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
	var list struct{ Peers []peer }
	if u.does(&list, "peer", "list"); len(list.Peers) != 1 || list.Peers[0].Key != keyB || list.Peers[0].Addresses[0] != nowhere+"#"+keyB {
		t.Errorf("there is %+v", list.Peers)
	}
	u.refuses(5, "peer-key-changed", "pay", nowhere+"#"+keyA, "--amount", "CHF:1", "--yes")

	var gone struct{ Name, Event string }
	u.does(&gone, "peer", "remove", "shop")
	if gone.Name != "shop" || gone.Event != "removed" {
		t.Errorf("remove says %+v", gone)
	}
	u.refuses(3, "peer-unknown", "pay", "shop", "--amount", "CHF:1", "--yes")
	u.does(nil, "peer", "add", "shop", nowhere+"#"+keyA) // a forgotten key binds nobody
}
