package comm_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
)

func TestManagerDials(t *testing.T) {
	net := inproc.NewNetwork()
	vendor := comm.NewManager(nil, net.Transport(inproc.Options{Key: "VENDOR"}))
	door, err := vendor.Listen(t.Context(), comm.Address{Scheme: inproc.Scheme, Path: "shop"},
		func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	client := comm.NewManager(nil, net.Transport(inproc.Options{Key: "CLIENT"}))
	for _, row := range []struct {
		name      string
		key       string
		addresses []string
		reason    fault.Reason // empty: connected
	}{
		{"key in the address", "", []string{"inproc:shop#VENDOR"}, ""},
		{"key of the peer", "VENDOR", []string{"inproc:shop"}, ""},
		{"the second address answers", "VENDOR", []string{"inproc:closed", "inproc:shop"}, ""},
		{"none answers", "VENDOR", []string{"inproc:closed", "inproc:also-closed"}, "peer-unreachable"},
		{"no address", "VENDOR", nil, "address-missing"},
		{"a malformed address", "VENDOR", []string{"shop"}, "address-malformed"},
		{"a scheme without transport", "VENDOR", []string{"pigeon:shop"}, "scheme-unknown"},
		{"two keys", "VENDOR", []string{"inproc:shop#OTHER"}, "peer-key-changed"},
		{"another key answers", "OTHER", []string{"inproc:shop"}, "peer-key-changed"},
		{"no refusal is tried again elsewhere", "OTHER", []string{"inproc:shop", "inproc:closed"}, "peer-key-changed"},
		{"no key at all", "", []string{"inproc:shop"}, "peer-unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := &commtest.Handler{}
			conn, err := client.Dial(t.Context(), comm.Peer{Name: "shop", Role: comm.Vendor, Key: row.key, Addresses: row.addresses}, h)
			if fault.ReasonOf(err) != row.reason {
				t.Fatalf("error is %v, want %q", err, row.reason)
			}
			if row.reason != "" {
				return
			}
			if p := conn.Peer(); p.Name != "shop" || p.Role != comm.Vendor || p.Key != "VENDOR" {
				t.Errorf("peer is %+v", p)
			}
			if err := conn.Call(t.Context(), "echo", nil, nil); err != nil {
				t.Errorf("call: %v", err)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			<-h.Ended()
		})
	}
}

// onlyDials is a transport that cannot listen.
type onlyDials struct{ comm.Transport }

func (onlyDials) Schemes() []string { return []string{"pipe"} }

func TestManagerListensOnlyWhereItCan(t *testing.T) {
	m := comm.NewManager(nil, onlyDials{})
	for _, scheme := range []string{"pipe", "pigeon"} {
		_, err := m.Listen(t.Context(), comm.Address{Scheme: scheme}, nil)
		if fault.KindOf(err) != fault.Unsupported {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

type answers struct{}

func (answers) Fetch(_ context.Context, r comm.Fetch) (comm.Fetched, error) {
	return comm.Fetched{Status: 200, Body: []byte(r.URL)}, nil
}

func TestManagerFetches(t *testing.T) {
	if _, err := comm.NewManager(nil).Fetch(t.Context(), comm.Fetch{}); fault.ReasonOf(err) != "fetch-denied" {
		t.Errorf("without a fetcher: %v", err)
	}
	got, err := comm.NewManager(answers{}).Fetch(t.Context(), comm.Fetch{URL: "https://x/"})
	if err != nil || string(got.Body) != "https://x/" {
		t.Errorf("answer is %+v, %v", got, err)
	}
}
