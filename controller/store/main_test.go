package store_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test binary plays other processes when this names one of their parts.
const partEnv = "SWAPEROO_STORE_TEST_PART"

func TestMain(m *testing.M) {
	parts := map[string]func(path string) error{
		"acknowledge":       func(path string) error { return acknowledge(path, afterUpdate) },
		"acknowledge early": func(path string) error { return acknowledge(path, insideUnit) },
		"append":            appendMany,
		"count":             count,
		"disk full":         fillDisk,
	}
	part, named := parts[os.Getenv(partEnv)]
	if !named {
		os.Exit(m.Run())
	}
	if err := part(os.Args[1]); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

// process is another process on the database.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner // of its standard output
}

func start(t *testing.T, part, path string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, path)
	cmd.Env = append(os.Environ(), partEnv+"="+part)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(p.kill) // harmless when it has ended
	return p
}

// kill ends the process as a power cut would end it: at any instruction.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// wait reads the rest of the output and waits for the end.
func (p *process) wait() (lines []string, err error) {
	for p.lines.Scan() {
		lines = append(lines, strings.TrimSpace(p.lines.Text()))
	}
	return lines, p.cmd.Wait()
}
