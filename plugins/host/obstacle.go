package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// explained adds to the error of a failed start what was in the way, and what the program
// wrote.
func explained(err error, words string) error {
	f := fault.From(err)
	text := f.Message
	if why := obstacle(f.Unwrap()); why != "" {
		text += ": " + why
	}
	if words != "" {
		text += fmt.Sprintf("; it wrote %q", words)
	}
	return fault.Wrap(err, f.Kind, "%s", text).Because(f.Reason).WithHint("%s", f.Hint)
}

// obstacle says what kept a program from becoming a plugin. It is empty if the program ended or
// wrote no handshake: then its own output says more.
func obstacle(err error) string {
	var unfit *fs.PathError
	switch text := status.Convert(err).Message(); {
	case err == nil, errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded,
		strings.HasPrefix(text, "timeout while waiting"), strings.Contains(text, "exited before"), strings.Contains(text, "Failed to read any lines"):
		return ""
	case errors.As(err, &unfit): // its path is that of our open file
		return unfit.Err.Error()
	default:
		return printable(text, 300)
	}
}
