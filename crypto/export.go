package crypto

import (
	"errors"
	"io"

	"filippo.io/age"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// ExportWork is log2 of scrypt's cost for a file that leaves this party: each guess at its
// passphrase takes about a second and 256 MiB. A file that needs more work is not opened.
const ExportWork = 18

// SealExport encrypts what is written to it to dst, as one age file (scrypt) that
// a passphrase opens. The file is whole only when Close has returned nil. work is
// ExportWork, or less in tests.
func SealExport(dst io.Writer, passphrase Secret, work int) (io.WriteCloser, error) {
	if passphrase.Len() == 0 {
		return nil, fault.New(fault.Invalid, "the passphrase is empty").Because("passphrase-empty")
	}
	to, err := age.NewScryptRecipient(string(passphrase.reveal()))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the passphrase cannot be used")
	}
	to.SetWorkFactor(work)
	w, err := age.Encrypt(dst, to)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the encrypted file cannot be begun")
	}
	return w, nil
}

// OpenExport decrypts a file of SealExport. A wrong passphrase is fault.Denied. If the file was
// altered or cut short, a Read fails with fault.Invalid, at the latest in place of io.EOF; all
// that was read until then is as it was written. A file that was encrypted to a public key is not
// opened: anybody could have made it.
func OpenExport(src io.Reader, passphrase Secret) (io.Reader, error) {
	if passphrase.Len() == 0 {
		return nil, wrongExport(nil)
	}
	by, err := age.NewScryptIdentity(string(passphrase.reveal()))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the passphrase cannot be used")
	}
	by.SetMaxWorkFactor(ExportWork)
	r, err := age.Decrypt(src, by)
	switch {
	case errors.Is(err, age.ErrIncorrectIdentity):
		return nil, wrongExport(err)
	case err != nil:
		return nil, damaged(err)
	}
	return export{r}, nil
}

type export struct{ from io.Reader }

func (e export) Read(p []byte) (int, error) {
	n, err := e.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func wrongExport(cause error) error {
	return fault.Wrap(cause, fault.Denied, "this is not the passphrase of that file").Because("wrong-passphrase").
		WithHint("try again; without the right one nobody can open it")
}

func damaged(cause error) error {
	return fault.Wrap(cause, fault.Invalid, "the encrypted file is damaged, or none of this program").Because("export-damaged").
		WithHint("use another copy of it")
}
