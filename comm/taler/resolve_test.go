package taler

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// resolves has every name resolve to these IPv4 addresses until the test ends.
func resolves(t *testing.T, addresses ...string) {
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			var size [2]byte
			if _, err := io.ReadFull(there, size[:]); err != nil {
				return
			}
			question := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(there, question); err != nil {
				return
			}
			answer := dnsAnswer(question, addresses)
			_, _ = there.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
		}()
		return here, nil
	}}
}

// dnsAnswer answers the one question of a message (RFC 1035, section 4.1): with addresses if it
// asks for those of IPv4, else with none.
func dnsAnswer(message []byte, addresses []string) []byte {
	end := 12
	for message[end] != 0 {
		end += 1 + int(message[end])
	}
	question := message[12 : end+5]
	if question[len(question)-3] != 1 { // not of type A
		addresses = nil
	}
	out := append([]byte{message[0], message[1], 0x81, 0x80, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0}, question...)
	for _, a := range addresses {
		out = append(append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4), net.ParseIP(a).To4()...)
	}
	return out
}

// A bank of which one address is public is public: what it names is looked at.
func TestANameWithAPublicAddressIsPublic(t *testing.T) {
	for _, row := range []struct {
		addresses []string
		public    bool
	}{
		{[]string{"8.8.8.8"}, true},
		{[]string{"10.0.0.1"}, false},
		{[]string{"10.0.0.1", "8.8.8.8"}, true},
		{[]string{"8.8.8.8", "10.0.0.1"}, true},
	} {
		resolves(t, row.addresses...)
		if got, err := IsPublic(t.Context(), "bank.example"); err != nil || got != row.public {
			t.Errorf("%v: %v, %v", row.addresses, got, err)
		}
	}
}

// A bank that was private a moment ago is asked without a guard, and so at private addresses alone.
func TestAPrivateBankStaysPrivate(t *testing.T) {
	private := PrivateDialer().Control
	for address, may := range map[string]bool{
		"127.0.0.1:80": true, "192.168.1.1:80": true, "[::1]:80": true, "[::ffff:10.0.0.1]:80": true,
		"8.8.8.8:443": false, "[2606:4700::1111]:443": false, "[::ffff:8.8.8.8]:443": false, "nonsense": false,
	} {
		err := private("tcp", address, nil)
		if (err == nil) != may || !may && (fault.KindOf(err) != fault.Denied || fault.ReasonOf(err) != ReasonAddressRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
