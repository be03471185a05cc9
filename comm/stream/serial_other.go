//go:build !linux

package stream

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func openSerial(_ context.Context, path string) (Pipe, error) {
	return nil, fault.New(fault.Unsupported, "the serial device %s cannot be used: this system's are not known here", path).
		Because("serial-unsupported").WithHint("use a unix socket, or another machine with Linux")
}
