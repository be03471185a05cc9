package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

const (
	opA = "00000000000000000000000000000001"
	opB = "00000000000000000000000000000002"
)

// However much of its last line is on disk: the chute goes on behind the last
// whole one, and does no job twice.
func TestAChuteThatWasCutGoesOn(t *testing.T) {
	first, second := job{3, "A1", opA}, job{7, "B2", opB}
	whole := first.line() + second.line()
	for n := range len(whole) + 1 {
		path := filepath.Join(t.TempDir(), "chute")
		if err := os.WriteFile(path, []byte(whole[:n]), 0o600); err != nil {
			t.Fatal(err)
		}
		want := instrument.Seq(0)
		if n >= len(first.line()) {
			want = 3
		}
		if n == len(whole) {
			want = 7
		}
		c, jobs, err := openChute(path)
		if err != nil || c.done() != want || len(jobs) != strings.Count(whole[:n], "\n") {
			t.Fatalf("cut after %d bytes: %d, %v", n, len(jobs), err)
		}
		for range 2 {
			for _, j := range []job{first, second} {
				if err := c.drop(j); err != nil {
					t.Fatal(err)
				}
			}
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != whole {
			t.Errorf("cut after %d bytes, it then has %q, %v", n, text, err)
		}
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}
}

// A chute that says something else than what it did is not used: nobody knows
// what it has done.
func TestAChuteThatNobodyUnderstandsIsNotUsed(t *testing.T) {
	good := job{3, "A1", opA}.line()
	for name, text := range map[string]string{
		"no job":              "hello\n",
		"an empty line":       good + "\n",
		"a number twice":      good + job{3, "B2", opB}.line(),
		"numbers backwards":   good + job{2, "B2", opB}.line(),
		"number zero":         job{0, "A1", opA}.line(),
		"a number in words":   "three A1 " + opA + "\n",
		"another form":        "03 A1 " + opA + "\n",
		"a strange product":   "3 A/1 " + opA + "\n",
		"a strange operation": "3 A1 ..\n",
		"more than a job":     "3 A1 " + opA + " 4\n",
	} {
		path := filepath.Join(t.TempDir(), "chute")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := openChute(path); fault.ReasonOf(err) != "chute-malformed" {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != text {
			t.Errorf("%s: it was changed to %q, %v", name, after, err)
		}
	}
	if _, _, err := openChute(t.TempDir()); fault.ReasonOf(err) != "chute-unreachable" {
		t.Errorf("a folder: %v", err)
	}
}

// What is not known to be done is said.
func TestAChuteThatFailsSaysSo(t *testing.T) {
	c, _, err := openChute(filepath.Join(t.TempDir(), "chute"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if err := c.drop(job{1, "A1", opA}); fault.ReasonOf(err) != "chute-unreachable" || c.done() != 0 {
		t.Errorf("job %d is done, %v", c.done(), err)
	}
}

// What is read is what was written, and as many bytes of it.
func FuzzJobs(f *testing.F) {
	f.Add([]byte(job{3, "A1", opA}.line() + job{7, "B2", opB}.line()))
	f.Add([]byte("3 A1 " + opA + "\n4 A1"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		jobs, whole, err := readJobs(bytes.NewReader(text))
		if err != nil {
			return
		}
		var again strings.Builder
		for _, j := range jobs {
			again.WriteString(j.line())
		}
		if again.String() != string(text[:whole]) || bytes.IndexByte(text[whole:], '\n') >= 0 {
			t.Errorf("%q was read as %q", text, again.String())
		}
	})
}
