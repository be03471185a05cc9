package host

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// What is kept and read of a plugin's own output, and what of its last words is logged where people
// read what a command says.
const (
	tailSize  = 64 << 10
	maxLine   = 16 << 10
	shownSize = 1 << 10
)

// tail keeps the last bytes of an output, for the report of a crash.
type tail struct {
	mu      sync.Mutex
	kept    []byte
	gone    int    // bytes before those
	printed string // the last line on standard output in the place of a handshake
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
		t.gone += over
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// tell logs how a process ended, with the part of its last words that says most: what a Go program
// writes from its panic on, else the end. Of the rest it says how much that is; all that was kept is
// logged for whoever asks for debug records.
func (t *tail) tell(log *slog.Logger, message string, args ...any) {
	all := t.String()
	part := excerpt(all)
	args = append(args, "stderr", part)
	t.mu.Lock()
	left := t.gone + len(all) - len(part)
	t.mu.Unlock()
	if left == 0 {
		log.Error(message, args...)
		return
	}
	log.Error(message, append(args, "left_out", strconv.Itoa(left)+" bytes; -v shows more")...)
	log.Debug("the last words of a plugin", "stderr", all)
}

// excerpt is at most shownSize of what a process wrote at its end, in whole lines where it has any.
func excerpt(all string) string {
	for at := 0; at < len(all); {
		line := all[at:]
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			if len(line) > shownSize {
				line = line[:shownSize]
				line = line[:cmp.Or(strings.LastIndexByte(line, '\n')+1, len(line))]
			}
			return line
		}
		next := strings.IndexByte(line, '\n')
		if next < 0 {
			break
		}
		at += next + 1
	}
	if len(all) > shownSize {
		all = all[len(all)-shownSize:]
		all = all[strings.IndexByte(all[:len(all)-1], '\n')+1:]
	}
	return all
}

// print notes a line of the standard output that is no handshake.
func (t *tail) print(line []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text := strings.TrimSpace(string(line)); text != "" {
		t.printed = text
	}
}

// words is the line that tells a person most: the panic of a Go program, else the last line, else
// the last one that was printed on standard output. It is empty if there is none.
func (t *tail) words() (last string) {
	for line := range strings.Lines(t.String()) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			last = line
			break
		}
		if strings.TrimSpace(line) != "" {
			last = line
		}
	}
	if last == "" {
		t.mu.Lock()
		defer t.mu.Unlock()
		last = t.printed
	}
	return strings.TrimSpace(printable(last, 300))
}

// follow reads an output to its end, line by line. It never stops reading
// early, or the plugin would block on a full pipe.
func follow(r io.Reader, line func([]byte)) {
	br := bufio.NewReaderSize(r, maxLine)
	for {
		text, err := br.ReadSlice('\n')
		if len(text) > 0 {
			line(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// relay writes one line of a plugin's standard error to our log. Lines of the
// SDK are JSON in hclog's keys; anything else is text at the level debug.
func relay(log *slog.Logger, line []byte) {
	text := strings.TrimRight(string(line), "\r\n")
	if text == "" {
		return
	}
	var keys map[string]any
	if json.Unmarshal(line, &keys) != nil {
		log.Debug("plugin wrote", "text", text)
		return
	}
	message, _ := keys["@message"].(string)
	level, _ := keys["@level"].(string)
	attrs := make([]slog.Attr, 0, len(keys))
	for k, v := range keys {
		if !strings.HasPrefix(k, "@") {
			attrs = append(attrs, slog.Any(k, v))
		}
	}
	log.LogAttrs(context.Background(), levelOf(level), message, slog.Attr{Key: "plugin", Value: slog.GroupValue(attrs...)})
}

func levelOf(word string) slog.Level {
	switch word {
	case "info":
		return slog.LevelInfo
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelDebug
}

// printed takes what a plugin's code prints with fmt instead of logging it.
type printed struct {
	log  *slog.Logger
	tail *tail
}

func (p *printed) Write(text []byte) (int, error) {
	p.log.Debug("plugin printed", "text", fault.ClipTo(string(text), maxLine))
	return p.tail.Write(text)
}
