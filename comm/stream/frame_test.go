package stream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	good := frameOf(message, []byte(`{"jsonrpc":"2.0"}`))
	garbled := bytes.Clone(good)
	garbled[8] ^= 1
	other := bytes.Clone(good)
	other[0] = byte(goodbye) // the sum is over the head as well
	for _, row := range []struct {
		name string
		data []byte
		want error
	}{
		{"a message", good, nil},
		{"an empty one", frameOf(message, nil), nil},
		{"the longest", frameOf(message, make([]byte, 1000)), nil},
		{"a goodbye", frameOf(goodbye, []byte("why")), nil},
		{"nothing", nil, io.EOF},
		{"half a head", good[:3], io.ErrUnexpectedEOF},
		{"no body", good[:headSize], io.ErrUnexpectedEOF},
		{"half a body", good[:headSize+3], io.ErrUnexpectedEOF},
		{"half a sum", good[:len(good)-1], io.ErrUnexpectedEOF},
		{"too long", frameOf(message, make([]byte, 1001)), errTooBig},
		{"longer than anything", []byte{'m', 0xff, 0xff, 0xff, 0xff}, errTooBig},
		{"too long a ping", frameOf(ping, make([]byte, 126)), errTooBig},
		{"an unknown kind", frameOf('z', nil), errMalformed},
		{"a flipped bit", garbled, errGarbled},
		{"another kind", other, errGarbled},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, _, err := readFrame(bufio.NewReader(bytes.NewReader(row.data)), 1000); !errors.Is(err, row.want) {
				t.Errorf("error is %v, want %v", err, row.want)
			}
		})
	}
}

// Whoever announces a gigabyte has to send it before it costs one.
func TestAnAnnouncementCostsNothing(t *testing.T) {
	announced := []byte{'m', 0x3f, 0xff, 0xff, 0xff, 1, 2, 3}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := readFrame(bufio.NewReader(bytes.NewReader(announced)), 1<<30); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 1<<20 {
		t.Errorf("it costs %d bytes", cost)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add(frameOf(message, []byte(`{"jsonrpc":"2.0","method":"a"}`)))
	f.Add(append(frameOf(welcome, nil), frameOf(goodbye, []byte("frame-too-big"))...))
	f.Add([]byte{'m', 0, 0, 0, 9, 1})
	f.Add([]byte(strings.Repeat("m", 40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReader(bytes.NewReader(data))
		var read []byte
		for {
			k, body, err := readFrame(r, 100)
			if err != nil {
				break
			}
			if len(body) > maxShort {
				t.Fatalf("a body of %d bytes", len(body))
			}
			read = append(read, frameOf(k, body)...)
		}
		if !bytes.HasPrefix(data, read) {
			t.Errorf("%q is read as %q", data, read)
		}
	})
}
