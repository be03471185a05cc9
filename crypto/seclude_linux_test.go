package crypto_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/crypto"
)

// TestMain lets the test binary be a process that secludes itself.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "secluded" {
		if err := crypto.Seclude(); err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("ready\n")
		_, _ = bufio.NewReader(os.Stdin).ReadByte() // until its test has looked
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Another process of the same user does not get at the memory: the kernel makes the
// files of such a process root's.
func TestASecludedProcessIsNotReadByItsUser(t *testing.T) {
	hidden := exec.Command("/proc/self/exe", "secluded")
	if os.Geteuid() == 0 { // root reads everything, so the process is nobody's
		hidden.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}}
	}
	in, err := hidden.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := hidden.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hidden.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = hidden.Wait()
	}()
	if word, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(word) != "ready" {
		t.Fatalf("%q, %v", word, err)
	}
	info, err := os.Stat(fmt.Sprintf("/proc/%d/environ", hidden.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 {
		t.Errorf("its memory belongs to user %d", owner)
	}
}
