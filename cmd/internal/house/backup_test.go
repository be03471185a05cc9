package house_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

var (
	backedUp   = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	restoredAt = backedUp.Add(48 * time.Hour)
)

const (
	someCard = instrument.ID("00000000000000000000000001")
	pending  = instrument.OperationID("0123456789abcdef0123456789abcdef")
)

func secret(text string) crypto.Secret { return crypto.NewSecret([]byte(text)) }

// keep makes a backup that costs next to nothing to open.
func keep(t *testing.T, f house.Files) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.age")
	by := house.Sealing{Passphrase: secret("of the backup"), Work: 1}
	if _, err := f.Backup(t.Context(), "", secret("open sesame"), path, by, func() time.Time { return backedUp }); err != nil {
		t.Fatal(err)
	}
	return path
}

// used is a wallet with an instrument and an operation that a life left running.
func used(t *testing.T) house.Files {
	t.Helper()
	f := made(t, "open sesame")
	if err := os.WriteFile(f.Config(), []byte("# settings\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inStore(t, f, func(db *store.DB) {
		err := db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
			return errors.Join(
				w.Insert(instrument.Row{ID: someCard, Class: "payment-card", Owner: house.Self, Status: "active", Version: 1, Sealed: []byte("x")}),
				w.Insert(instrument.Row{ID: "00000000000000000000000002", Class: "taler-exchange", Owner: house.Self, Status: "active", Version: 1, Sealed: []byte("x")}),
				w.Insert(instrument.Row{ID: "00000000000000000000000003", Class: "taler-coin", Owner: house.Self, Status: "spent", Version: 1, Sealed: []byte("x")}))
		})
		if err == nil {
			err = db.UpdateOperations(t.Context(), func(w protocol.Writer) error {
				return w.BeginOperation(protocol.Row{
					ID: pending, Side: protocol.Initiator, State: protocol.Running, Protocol: "prepaid.signed", Operation: "BALANCE", Class: "prepaid",
					Principal: house.Self, Runner: "an earlier life", Begun: backedUp, Sealed: []byte("x"),
				})
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	return f
}

func inStore(t *testing.T, f house.Files, do func(*store.DB)) {
	t.Helper()
	db, err := store.Open(t.Context(), f.Store(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	do(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(list))
	for n, e := range list {
		out[n] = e.Name()
	}
	return out
}

func TestABackupIsAnotherWalletWithTheSameKeys(t *testing.T) {
	f := used(t)
	open := opened(t, options(f, "open sesame")) // and somebody uses it
	before := names(t, f.Dir)
	path := keep(t, f)
	if now := names(t, f.Dir); !slices.Equal(before, now) {
		t.Errorf("the backup has left something: %v, before %v", now, before)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if beside := names(t, filepath.Dir(path)); len(beside) != 1 {
		t.Errorf("beside the backup there is %v", beside)
	}
	again := house.Files{Dir: filepath.Join(t.TempDir(), "new", "wallet"), LockBy: crypto.QuickPassphrase}
	m, err := again.Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Backup.Equal(backedUp) || !m.Restored.Equal(restoredAt) {
		t.Errorf("the mark is %+v", m)
	}
	for _, name := range names(t, again.Dir) {
		if info, err := os.Stat(filepath.Join(again.Dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, %v", name, info.Mode(), err)
		}
	}
	if text, err := os.ReadFile(again.Config()); err != nil || string(text) != "# settings\n" {
		t.Errorf("the settings are %q, %v", text, err)
	}
	h := opened(t, options(again, "open sesame"))
	if h.Identity.KeyText() != open.Identity.KeyText() {
		t.Error("it is another party")
	}
	rows, err := h.Store.Rows(t.Context(), instrument.Filter{})
	if err != nil || len(rows) != 3 {
		t.Errorf("%d instruments, %v", len(rows), err)
	}
}

func TestOnlyTheOwnerMakesABackupAndReplacesNothing(t *testing.T) {
	f := used(t)
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, user, word, sealed, path string
		reason                         fault.Reason
	}{
		{"over a file", "", "open sesame", "w", "taken", "file-exists"},
		{"by a wrong passphrase", "", "open barley", "w", "a", "wrong-passphrase"},
		{"under no passphrase", "", "open sesame", "", "b", "passphrase-empty"},
		{"by nobody", "bob", "open sesame", "w", "c", "user-unknown"},
		{"into no folder", "", "open sesame", "w", "no/d", "file-unwritable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			by := house.Sealing{Passphrase: secret(row.sealed), Work: 1}
			_, err := f.Backup(t.Context(), row.user, secret(row.word), filepath.Join(dir, row.path), by, time.Now)
			if fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v", err)
			}
		})
	}
	if left := names(t, dir); !slices.Equal(left, []string{"taken"}) {
		t.Errorf("there is %v", left)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// A refused restore leaves nothing: not the directory, not one beside it.
func TestADamagedBackupLeavesNothing(t *testing.T) {
	path := keep(t, used(t))
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	f := house.Files{Dir: filepath.Join(parent, "wallet")}
	refused := func(what string, at int, content []byte, word string) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := f.Restore(t.Context(), backup.Wallet, path, secret(word), restoredAt, nil)
		if err == nil {
			t.Errorf("%s at %d: restored", what, at)
		} else if fault.ReasonOf(err) == "" {
			t.Errorf("%s at %d: %v", what, at, err)
		}
		if left := names(t, parent); len(left) != 0 {
			t.Fatalf("%s at %d: %v is left", what, at, left)
		}
	}
	for n := 0; n < len(file); n += max(1, len(file)/60) {
		changed := bytes.Clone(file)
		changed[n] ^= 4
		refused("a flipped bit", n, changed, "of the backup")
	}
	for n := 0; n < len(file); n += max(1, len(file)/15) {
		refused("cut", n, file[:n], "of the backup")
	}
	refused("cut", len(file)-1, file[:len(file)-1], "of the backup")
	refused("a wrong passphrase", 0, file, "open sesame")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil); !errors.Is(err, fault.NotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestAWalletIsRestoredOnlyWhereNothingIs(t *testing.T) {
	f := used(t)
	path := keep(t, f)
	parent := t.TempDir()
	file, link, empty := filepath.Join(parent, "file"), filepath.Join(parent, "link"), filepath.Join(parent, "empty")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(empty, 0o700), os.Symlink(empty, link)); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{f.Dir, file, link} {
		if _, err := (house.Files{Dir: dir}).Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil); fault.ReasonOf(err) != "dir-taken" {
			t.Errorf("into %s: %v", dir, err)
		}
	}
	if _, err := (house.Files{Dir: empty}).Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil); err != nil {
		t.Errorf("into an empty one: %v", err)
	}
}

// halting looks into a directory whenever something more of the archive is read.
type halting struct {
	from io.Reader
	look func()
}

func (h halting) Read(p []byte) (int, error) {
	h.look()
	return h.from.Read(p[:min(len(p), 1000)])
}

// Whenever a restore ends in the middle, what it has written is no wallet.
func TestAHalfRestoredWalletIsNone(t *testing.T) {
	path := keep(t, used(t))
	sealed, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Close()
	archive, err := crypto.OpenExport(sealed, secret("of the backup"))
	if err != nil {
		t.Fatal(err)
	}
	f := house.Files{Dir: t.TempDir()}
	looks, most := 0, 0
	_, err = house.Unpack(f, t.Context(), backup.Wallet, halting{archive, func() {
		looks, most = looks+1, max(most, len(names(t, f.Dir)))
		if err := f.Check(); fault.ReasonOf(err) != "dir-empty" {
			t.Errorf("at look %d it is a wallet: %v", looks, names(t, f.Dir))
		}
	}}, restoredAt, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err != nil || looks < 50 || most != 3 {
		t.Errorf("after %d looks with up to %d files: %v", looks, most, err)
	}
	if m, err := f.Mark(); m == nil || err != nil {
		t.Errorf("the mark is %v, %v", m, err)
	}
}

// A restored wallet does not use what came out of the backup and does not go on
// with what was open, until a person has said so.
func TestARestoredWalletKeepsToItsMark(t *testing.T) {
	path := keep(t, used(t))
	f := house.Files{Dir: filepath.Join(t.TempDir(), "wallet"), LockBy: crypto.QuickPassphrase}
	m, err := f.Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, nil)
	if err != nil || !slices.Equal(m.Unchecked, []instrument.ID{someCard}) || !slices.Equal(m.Held, []instrument.OperationID{pending}) { // nothing can be made of a spent coin
		t.Fatalf("the mark is %+v, %v", m, err)
	}
	h := opened(t, options(f, "open sesame"))
	marked, err := f.Mark()
	if err != nil || !slices.Equal(marked.Unchecked, []instrument.ID{someCard}) {
		t.Fatalf("the mark is %+v, %v", marked, err)
	}
	may := func(protocolID, operation string) fault.Reason {
		named := func(context.Context) ([]instrument.Instance, error) {
			return []instrument.Instance{{ID: someCard, Owner: house.Self}}, nil
		}
		return fault.ReasonOf(h.Profiles().Authorise(t.Context(), profile.Action{Principal: h.User(), Protocol: protocolID, Operation: operation, Instruments: named}))
	}
	for _, row := range []struct {
		protocol, operation string
		reason              fault.Reason
	}{
		{"card.pay", "PAY", "restored-unchecked"},
		{"prepaid.signed", "PAY", "restored-unchecked"},
		{"prepaid.signed", "BALANCE", ""},
		{"stranger.pay", "BALANCE", "restored-unchecked"},
		{"taler.batch-withdraw", "WITHDRAW", "restored-unchecked"},
		{"taler.batch-withdraw", "AWAIT", ""},
	} {
		if got := may(row.protocol, row.operation); got != row.reason {
			t.Errorf("%s %s: %q", row.protocol, row.operation, got)
		}
	}
	if err := h.Resume(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	row, err := h.Store.OperationRow(t.Context(), pending)
	if err != nil || row.Runner != "an earlier life" || row.State != protocol.Running {
		t.Fatalf("the operation was gone on with: %+v, %v", row, err)
	}
	if _, err := f.Unmark(func(id instrument.ID) bool { return id == someCard }, func(instrument.OperationID) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if got := may("card.pay", "PAY"); got != "" {
		t.Errorf("accepted: %q", got)
	}
	if err := h.GoOn(t.Context(), pending); err != nil {
		t.Fatal(err)
	}
	if row, err = h.Store.OperationRow(t.Context(), pending); err != nil || row.Runner == "an earlier life" {
		t.Errorf("the operation still waits: %+v, %v", row, err)
	}
	if m, err := f.Mark(); m != nil || err != nil {
		t.Errorf("the mark stays: %+v, %v", m, err)
	}
}

// A mark that cannot be read is no mark that is gone.
func TestAnUnreadableMarkKeepsAWalletShut(t *testing.T) {
	f := made(t, "open sesame")
	if err := os.WriteFile(filepath.Join(f.Dir, "restored.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := house.Open(t.Context(), options(f, "open sesame")); fault.ReasonOf(err) != "mark-unreadable" {
		t.Errorf("error = %v", err)
	}
}
