package stream

import (
	"errors"
	"os"
	"time"
)

// Join makes one Pipe of two files: a command's standard output and input, or
// the two ends of two os.Pipes. It closes both.
func Join(in, out *os.File) Pipe { return &joined{in, out} }

type joined struct{ in, out *os.File }

func (j *joined) Read(p []byte) (int, error)  { return j.in.Read(p) }
func (j *joined) Write(p []byte) (int, error) { return j.out.Write(p) }

func (j *joined) Close() error { return errors.Join(j.out.Close(), j.in.Close()) }

func (j *joined) SetDeadline(t time.Time) error {
	return errors.Join(j.in.SetDeadline(t), j.out.SetDeadline(t))
}
