package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// File is a member and where its content is.
type File struct{ Name, Path string }

// Write writes an archive of a kind, of files, to w, without closing it. A file that is not
// there is left out if the format can do without it. Files may be replaced, and
// must not be changed, while they are read.
func Write(w io.Writer, kind Kind, made time.Time, files []File) (m Manifest, err error) {
	var open []*os.File
	defer func() {
		for _, f := range open {
			err = errors.Join(err, f.Close())
		}
	}()
	m = Manifest{Format: format, Kind: kind, Made: made.UTC()}
	for _, f := range files {
		r, err := os.Open(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return m, err
		}
		open = append(open, r)
		sum := sha256.New()
		n, err := io.Copy(sum, r)
		if err == nil {
			_, err = r.Seek(0, io.SeekStart)
		}
		if err != nil {
			return m, err
		}
		m.Members = append(m.Members, Member{f.Name, n, hex.EncodeToString(sum.Sum(nil))})
	}
	if err := m.check(); err != nil {
		return m, err
	}
	return m, m.write(w, open)
}

func (m Manifest) write(w io.Writer, contents []*os.File) error {
	text, err := m.encode()
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	if err := member(archive, manifestName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	for n, x := range m.Members {
		sum := sha256.New()
		if err := member(archive, x.Name, x.Size, io.TeeReader(contents[n], sum)); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != x.SHA256 {
			return fmt.Errorf("%s was changed while it was read", x.Name)
		}
	}
	return archive.Close()
}

func member(w *tar.Writer, name string, size int64, content io.Reader) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	if _, err := io.CopyN(w, content, size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
