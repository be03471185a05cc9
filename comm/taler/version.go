package taler

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Version is what a party says of an interface: "current:revision:age". It
// implements every interface from Current-Age to Current.
type Version struct{ Current, Revision, Age uint32 }

// What this software speaks. A server whose age equals its current version is
// compatible with every older client.
var (
	TerminalVersion    = Version{0, 0, 0}
	IntegrationVersion = Version{5, 0, 5}
	WireGatewayVersion = Version{5, 0, 5}
	ExchangeClient     = Version{32, 0, 17} // protocols 15 to 32
)

// Names in the /config documents.
const (
	TerminalName    = "taler-terminal"
	IntegrationName = "taler-bank-integration"
	WireGatewayName = "taler-wire-gateway"
	ExchangeName    = "taler-exchange"
)

// ParseVersion reads "c:r:a", three decimal numbers. The error is fault.Invalid
// with ReasonVersionMalformed.
func ParseVersion(text string) (Version, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return Version{}, badVersion(text)
	}
	var n [3]uint32
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return Version{}, badVersion(text)
		}
		n[i] = uint32(v)
	}
	if n[2] > n[0] {
		return Version{}, badVersion(text)
	}
	return Version{n[0], n[1], n[2]}, nil
}

// Compatible reports whether two parties have an interface version in common.
// It is symmetric; the revision plays no part.
func Compatible(me, other Version) bool {
	return me.Current-me.Age <= other.Current && me.Current >= other.Current-other.Age
}

// String is the text of the wire.
func (v Version) String() string { return fmt.Sprintf("%d:%d:%d", v.Current, v.Revision, v.Age) }

// MarshalText writes "c:r:a".
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what ParseVersion reads.
func (v *Version) UnmarshalText(text []byte) error {
	parsed, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}

func badVersion(text string) error {
	return fault.New(fault.Invalid, "%q is not a version: current:revision:age is", clip(text)).Because(ReasonVersionMalformed)
}
