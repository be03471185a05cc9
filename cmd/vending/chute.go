package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// job is one thing to be dispensed. Its number is that of the event which says
// that it was paid for.
type job struct {
	seq       instrument.Seq
	product   string
	operation instrument.OperationID
}

// chute is the device that dispenses. It does a numbered job once: a number that
// is not above the last one is done already. Its last number is the application's
// cursor as well, and there is no other: two that are written one after the other
// are apart when the process dies between them.
//
// Here the chute is a file with one line per job, and the line is the job. A
// real motor turns instead, and no software makes that one step with a write to
// a disk. Exactly-once needs a motor controller that keeps a counter of its jobs
// in memory of its own, moves that counter and the spiral as one (it turns, looks
// at its light barrier, counts; and after a loss of power looks at the barrier
// before it turns again), takes "do job N" as nothing when N is done, and tells its
// counter when asked. A motor without one dispenses at most once or at least once,
// whichever the application writes first.
type chute struct {
	file *os.File
	last instrument.Seq
}

// openChute reads which jobs are done. A last line that was not written to its
// end is a job that was not done: it is cut off.
func openChute(path string) (*chute, []job, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Unavailable, "the chute %s cannot be opened", path).Because("chute-unreachable")
	}
	jobs, whole, err := readJobs(f)
	if err == nil {
		err = errors.Join(f.Truncate(whole), f.Sync(), disk.Sync(filepath.Dir(path)))
	}
	if err != nil {
		return nil, nil, errors.Join(fault.Wrap(err, fault.Internal, "the chute %s cannot be used: %v", path, err).Because("chute-malformed"), f.Close())
	}
	c := &chute{file: f}
	if len(jobs) > 0 {
		c.last = jobs[len(jobs)-1].seq
	}
	return c, jobs, nil
}

// readJobs reads the whole lines and how many bytes they have.
func readJobs(r io.Reader) (jobs []job, whole int64, err error) {
	lines, last := bufio.NewReader(r), instrument.Seq(0)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return jobs, whole, nil
		}
		if err != nil {
			return nil, 0, err
		}
		j, err := parseJob(line)
		if err == nil && j.seq <= last {
			err = fmt.Errorf("job %d comes after job %d", j.seq, last)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", len(jobs)+1, err)
		}
		last, jobs, whole = j.seq, append(jobs, j), whole+int64(len(line))
	}
}

func (j job) line() string { return fmt.Sprintf("%d %s %s\n", j.seq, j.product, j.operation) }

// parseJob reads what line has written, and nothing else.
func parseJob(line string) (j job, err error) {
	if _, err := fmt.Sscanf(line, "%d %s %s\n", &j.seq, &j.product, &j.operation); err != nil || j.line() != line {
		return j, fmt.Errorf("%.40q is no job", strings.TrimSuffix(line, "\n"))
	}
	return j, errors.Join(checkProduct(j.product), protocol.CheckOperationID(j.operation))
}

// drop does a job, once. After an error nobody knows whether it was done; the
// chute must be opened again, which looks.
func (c *chute) drop(j job) error {
	if j.seq <= c.last {
		return nil
	}
	_, err := c.file.WriteString(j.line())
	if err == nil {
		err = c.file.Sync()
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the chute does not say that job %d is done", j.seq).Because("chute-unreachable").
			WithHint("look at the chute, then start the machine again")
	}
	c.last = j.seq
	return nil
}

// done is the number of the last job that is done.
func (c *chute) done() instrument.Seq { return c.last }

func (c *chute) close() error { return c.file.Close() }
