package bench

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Machine is what this machine takes for what no program here can go without. Medians:
// figures of two machines are comparable only as far as these are.
type Machine struct {
	Disk    time.Duration // a page of 4 KiB appended to a file, and on the disk
	Line    time.Duration // a few bytes to another process and back, each asleep until the other has spoken
	Request time.Duration // a request over HTTP that does nothing, and its answer
	Sum     time.Duration // SHA-256 of a MiB
}

// MeasureMachine measures each n times, in a folder that is there.
func MeasureMachine(ctx context.Context, dir string, n int) (m Machine, err error) {
	var url string
	other, err := start(ctx, asEcho, dir, &url)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, other.end()) }()
	var said bool
	page, mib := make([]byte, 4<<10), make([]byte, 1<<20)
	f, err := os.Create(filepath.Join(dir, "pages"))
	if err != nil {
		return m, err
	}
	defer f.Close()
	for _, one := range []struct {
		into *time.Duration
		do   func() error
	}{
		{&m.Disk, func() error { _, err := f.Write(page); return errors.Join(err, f.Sync()) }},
		{&m.Line, func() error { return other.ask(&said) }},
		{&m.Request, func() error { return visit(ctx, url) }},
		{&m.Sum, func() error { sha256.Sum256(mib); return nil }},
	} {
		if *one.into, err = median(n, one.do); err != nil {
			return m, err
		}
	}
	return m, nil
}

func median(n int, do func() error) (time.Duration, error) {
	took := make([]time.Duration, n)
	for i := range took {
		begun := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	return took[n/2], nil
}

func visit(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// beEcho is another process that does nothing: it says where it serves, and then a
// word for each line.
func beEcho(ctx context.Context, _ string, in io.Reader, out io.Writer) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()
	say := json.NewEncoder(out)
	err = say.Encode("http://" + l.Addr().String() + "/")
	for lines := bufio.NewScanner(in); err == nil && lines.Scan(); {
		err = say.Encode(true)
	}
	return err
}
