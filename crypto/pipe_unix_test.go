//go:build unix

package crypto_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

// patience bounds what only a defect would let hang.
const patience = time.Minute

// A pipe where a vault or a key file should be is none, and nobody is waited for at it.
func TestAPipeIsNoVaultAndNoKey(t *testing.T) {
	vault, agent, _ := newVault(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, vault string
		slot        crypto.Slot
		reason      fault.Reason
	}{
		{"the vault", pipe, agent, "vault-malformed"},
		{"the key file", vault, crypto.Slot{Name: "agent", Lock: crypto.KeyFile(pipe)}, "key-file-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			opened := make(chan error, 1)
			go func() {
				_, err := crypto.OpenVault(row.vault, row.slot)
				opened <- err
			}()
			select {
			case err := <-opened:
				if fault.ReasonOf(err) != row.reason {
					t.Errorf("error = %v", err)
				}
			case <-time.After(patience):
				t.Fatal("somebody is waited for")
			}
		})
	}
}
