package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// maxTail is how much padding may follow the last member.
const maxTail = 1 << 16

// Read reads an archive of a kind to its end and gives each member's content to what place
// returns for its name, which is one of the format's. Nothing that was placed may
// be used before Read has returned nil: only then is all of it as it was written.
func Read(r io.Reader, kind Kind, place func(name string) (io.WriteCloser, error)) (Manifest, error) {
	archive := tar.NewReader(r)
	size, err := next(archive, manifestName)
	if err != nil {
		return Manifest{}, err
	}
	if size > maxManifest {
		return Manifest{}, malformed(nil, "its manifest is too long")
	}
	text, err := io.ReadAll(archive)
	if err != nil {
		return Manifest{}, broken(err)
	}
	m, err := parse(text, kind)
	if err != nil {
		return Manifest{}, err
	}
	for _, x := range m.Members {
		size, err := next(archive, x.Name)
		if err != nil {
			return m, err
		}
		if size != x.Size {
			return m, malformed(nil, "%s is not of the size that its manifest says", x.Name)
		}
		if err := copyMember(archive, x, place); err != nil {
			return m, err
		}
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		return m, malformed(err, "it goes on after its end")
	}
	return m, drain(r)
}

// next goes to the member that must come now.
func next(archive *tar.Reader, name string) (int64, error) {
	h, err := archive.Next()
	switch {
	case errors.Is(err, io.EOF):
		return 0, malformed(nil, "%s is missing", name)
	case err != nil:
		return 0, broken(err)
	case h.Typeflag != tar.TypeReg || h.Name != name || h.Size < 0 || h.PAXRecords != nil:
		return 0, malformed(nil, "%s is not where it belongs", name)
	}
	return h.Size, nil
}

func copyMember(archive io.Reader, x Member, place func(string) (io.WriteCloser, error)) error {
	w, err := place(x.Name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), archive)
	if err != nil {
		err = broken(err)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	if n != x.Size || hex.EncodeToString(sum.Sum(nil)) != x.SHA256 {
		return malformed(nil, "%s is not what its manifest says", x.Name)
	}
	return nil
}

// drain reads what follows the archive: zeros, and then the end, at which the seal
// says that nothing was cut off.
func drain(r io.Reader) error {
	buf := make([]byte, 4096)
	for left := maxTail; left > 0; {
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			if b != 0 {
				return malformed(nil, "it goes on after its end")
			}
		}
		switch left -= n; {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return broken(err)
		}
	}
	return malformed(nil, "it goes on after its end")
}

// broken keeps what the seal says, and what a disk says, from looking like a
// mistake of the format.
func broken(err error) error {
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f
	}
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed(err, "it is cut, or no archive")
	}
	return fault.Wrap(err, fault.Internal, "the backup cannot be read").Because("backup-unreadable")
}
