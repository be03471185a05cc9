//go:build !unix

package stream

import (
	"os"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Standard is for systems on which a read of the standard input can be ended.
func Standard(*os.File, *os.File) (Pipe, error) {
	return nil, fault.New(fault.Unsupported, "standard input and output carry no sessions on this system").Because("stdio-unsupported")
}
