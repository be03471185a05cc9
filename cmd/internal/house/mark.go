package house

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/crypto/disk"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Mark says what of a party that was restored from a backup must not be used yet. What the
// party holds is as it was then, and the world may have gone on: an instrument may have been
// used since, with the same counters, and a peer may know more of an operation than we do.
// So instruments out of the backup pay nothing, and operations that were open in it do not
// go on, until a person has taken each of them off the mark. A bank does not know how far
// others have read its histories, so it serves nobody before it was told. The mark is a file
// in the data directory, which is removed when nothing is left on it.
type Mark struct {
	Restored  time.Time                `json:"restored"`
	Backup    time.Time                `json:"backup"`
	Unchecked []instrument.ID          `json:"unchecked,omitempty"`
	Held      []instrument.OperationID `json:"held,omitempty"`
	// Unnumbered marks a bank for whose histories the next numbers have to be set.
	Unnumbered bool `json:"unnumbered,omitempty"`
	// Sum is the SHA-256 of all the rest: one letter of an id that is another would take
	// the mark off what it names. Marks of earlier versions have none.
	Sum []byte `json:"sum,omitempty"`
}

func (m Mark) sum() ([]byte, error) {
	m.Sum = nil
	text, err := json.Marshal(m)
	sum := sha256.Sum256(text)
	return sum[:], err
}

// whole refuses a mark that is not what was written.
func (m Mark) whole() error {
	sum, err := m.sum()
	if err == nil && m.Sum != nil && !bytes.Equal(m.Sum, sum) {
		err = errors.New("it was altered")
	}
	return err
}

// left is how much is on the mark.
func (m Mark) left() int {
	n := len(m.Unchecked) + len(m.Held)
	if m.Unnumbered {
		n++
	}
	return n
}

// maxMark bounds what is read of the file: some hundred thousand instruments.
const maxMark = 32 << 20

func (f Files) markFile() string { return filepath.Join(f.Dir, "restored.json") }

func (f Files) markLock() string { return filepath.Join(f.Dir, "restored.lock") }

// Mark reads the mark; nil if the party has none. If it cannot be read, that is an error:
// the party counts as marked.
func (f Files) Mark() (*Mark, error) {
	text, err := disk.Read(f.markFile(), maxMark)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var m Mark
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil {
		err = m.whole()
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "it cannot be read what has to be done about what was restored").Because("mark-unreadable").
			WithHint("look at restored.json in the data directory, or restore the backup again")
	}
	return &m, nil
}

func (f Files) writeMark(m Mark) (err error) {
	if m.Sum, err = m.sum(); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := disk.Replace(f.markFile(), append(text, '\n')); err != nil {
		return unwritten(err, f.markFile())
	}
	return nil
}

// Unmark takes instruments and operations off the mark that drop chooses, and the
// mark off the wallet when nothing is left on it. It returns what is left.
func (f Files) Unmark(instruments func(instrument.ID) bool, operations func(instrument.OperationID) bool) (*Mark, error) {
	return f.remark(func(m *Mark) {
		m.Unchecked = slices.DeleteFunc(m.Unchecked, instruments)
		m.Held = slices.DeleteFunc(m.Held, operations)
	})
}

// Numbered ends the state of Unnumbered: the next numbers of a bank's histories were set.
func (f Files) Numbered() error {
	_, err := f.remark(func(m *Mark) { m.Unnumbered = false })
	return err
}

func (f Files) remark(change func(*Mark)) (*Mark, error) {
	unlock, err := lock(f.markLock())
	if err != nil {
		return nil, fault.Wrap(err, fault.Locked, "another command looks at what was restored").Because("mark-in-use").WithHint("try again in a moment")
	}
	defer func() { _ = unlock() }()
	m, err := f.Mark()
	if m == nil || err != nil {
		return nil, err
	}
	before := m.left()
	change(m)
	switch left := m.left(); {
	case left == 0:
		if err := os.Remove(f.markFile()); err != nil {
			return m, unwritten(err, f.markFile())
		}
		return nil, disk.Sync(f.Dir)
	case left == before:
		return m, nil
	}
	return m, f.writeMark(*m)
}

// holds reports whether the mark keeps an operation from going on. A mark that cannot be
// read keeps all of them.
func (f Files) holds(id instrument.OperationID) bool {
	m, err := f.Mark()
	return err != nil || m != nil && slices.Contains(m.Held, id)
}

// Holds reports whether an operation, given by the beginning of its id, waits for a person
// because of the mark.
func (m Mark) Holds(short instrument.OperationID) bool {
	return slices.ContainsFunc(m.Held, func(id instrument.OperationID) bool { return protocol.Short(id) == string(short) })
}

// asking are the operations that ask an issuer about an instrument and pay nothing. By them
// a restored instrument is checked.
func asking(a profile.Action) bool {
	switch a.Protocol {
	case client.ProtocolSigned, client.ProtocolPlain:
		return a.Operation == client.OperationBalance
	case taler.ProtocolBatchWithdraw, taler.ProtocolWithdraw26:
		return a.Operation == taler.OperationAwait || a.Operation == taler.OperationPreview
	}
	return false
}

// checked is the rule of a marked wallet: what came out of the backup is not used.
func (f Files) checked(ctx context.Context, a profile.Action) error {
	m, err := f.Mark()
	if m == nil || err != nil || asking(a) {
		return err
	}
	named, err := a.Instruments(ctx)
	if err != nil {
		return err
	}
	for _, i := range named {
		if slices.Contains(m.Unchecked, i.ID) {
			return fault.New(fault.Denied, "instrument %s is out of a backup of %s: it may have been used since", i.ID, m.Backup.UTC().Format(time.RFC3339)).
				Because(client.ReasonUnchecked).WithHint("`wallet instrument check` asks its issuer; `wallet instrument accept %s` takes it as it is", i.ID)
		}
	}
	return nil
}

// review takes off the mark what needs no check any more: instruments that are used up,
// which nothing since the backup can have changed, and operations that have ended. It does
// nothing without a mark, or while another command does the same.
func (h *House) review(ctx context.Context) error {
	if !h.marked {
		return nil
	}
	m, err := h.files.Mark()
	if m == nil || err != nil {
		return err
	}
	rows, err := h.Store.Rows(ctx, instrument.Filter{})
	if err != nil {
		return err
	}
	live := map[instrument.ID]bool{}
	for _, r := range rows {
		info, err := h.Instruments().Info(r.Class)
		live[r.ID] = err != nil || info.Usable(r.Status)
	}
	open, err := h.Store.OperationRows(ctx, protocol.Filter{State: protocol.Running})
	if err != nil {
		return err
	}
	_, err = h.files.Unmark(
		func(id instrument.ID) bool { return !live[id] },
		func(id instrument.OperationID) bool {
			return !slices.ContainsFunc(open, func(r protocol.Row) bool { return r.ID == id })
		})
	if errors.Is(err, fault.Locked) {
		return nil
	}
	return err
}

// GoOn takes an operation off the mark and goes on with it.
func (h *House) GoOn(ctx context.Context, id instrument.OperationID) error {
	if !h.files.holds(id) {
		return nil
	}
	if _, err := h.files.Unmark(func(instrument.ID) bool { return false }, func(x instrument.OperationID) bool { return x == id }); err != nil {
		return err
	}
	_, err := h.Controller.Resume(ctx, nil)
	return err
}
