package comm_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestParseAddress(t *testing.T) {
	for _, row := range []struct {
		text string
		want comm.Address
	}{
		{"wss://bank.example:8080/#KEY", comm.Address{Scheme: "wss", Host: "bank.example:8080", Path: "/", Key: "KEY"}},
		{"WSS://[::1]:80#KEY", comm.Address{Scheme: "wss", Host: "[::1]:80", Key: "KEY"}},
		{"unix:/run/a%23b.sock#KEY", comm.Address{Scheme: "unix", Path: "/run/a#b.sock", Key: "KEY"}},
		{"serial:/dev/ttyS0", comm.Address{Scheme: "serial", Path: "/dev/ttyS0"}},
		{"inproc:bank#KEY", comm.Address{Scheme: "inproc", Path: "bank", Key: "KEY"}},
		{"taler+https://bank.example/c2ec/", comm.Address{Scheme: "taler+https", Host: "bank.example", Path: "/c2ec/"}},
	} {
		t.Run(row.text, func(t *testing.T) {
			got, err := comm.ParseAddress(row.text)
			if err != nil || got != row.want {
				t.Fatalf("read as %+v, %v", got, err)
			}
			again, err := comm.ParseAddress(got.String())
			if err != nil || again != got {
				t.Errorf("written as %q, which is %+v, %v", got, again, err)
			}
		})
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no scheme": "bank.example", "a scheme only": "wss:", "a password": "wss://a:b@bank.example/",
		"a query": "wss://bank.example/?x=1", "control characters": "wss://bank\x00/", "half an escape": "unix:/a%2",
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := comm.ParseAddress(text); fault.ReasonOf(err) != "address-malformed" || fault.KindOf(err) != fault.Invalid {
				t.Errorf("read as %+v, %v", a, err)
			}
		})
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"wss://h:1/#K", "unix:/a%23b#K", "inproc:bank", "x:%2e#%23", "a://b//c", "a:///b", "a://h", "a:b?", "A:b%", "a:b/../c", "a:b%3fc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := comm.ParseAddress(text)
		if err != nil {
			return
		}
		if again, err := comm.ParseAddress(a.String()); err != nil || again != a {
			t.Errorf("%q is %+v, written as %q, which is %+v, %v", text, a, a, again, err)
		}
	})
}
