package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Whatever a command shows may hold text of strangers: names of peers, terms of
// service, addresses in codes. So all of it goes through these functions, which
// let nothing pass that a terminal would obey instead of showing it.

// Print writes v as one line of JSON with --json, else the text.
func (e *Env) Print(v any, format string, args ...any) error {
	if !e.JSON {
		return e.write(e.stdout(), fault.Lines(fmt.Sprintf(format, args...)))
	}
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return e.write(e.stdout(), escaped(line)+"\n")
}

// Say writes a message for people to standard error.
func (e *Env) Say(format string, args ...any) {
	_ = e.write(e.Err, fault.Lines(fmt.Sprintf(format, args...))+"\n")
}

// Picture writes to standard error what this program has drawn itself, colours
// included.
func (e *Env) Picture(drawn string) { _ = e.write(e.Err, drawn) }

// prompt asks for something on the line on which the answer is typed.
func (e *Env) prompt(text string) { _ = e.write(e.Err, fault.Line(text)) }

func (e *Env) write(to io.Writer, text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := io.WriteString(to, text)
	return err
}

// escaped writes the characters that encoding/json leaves as they are although
// terminals obey them, such as one-byte control sequences and turns of the
// reading order, as JSON can: it means the same.
func escaped(line []byte) string {
	out := make([]byte, 0, len(line))
	for len(line) > 0 {
		c, size := utf8.DecodeRune(line)
		switch {
		case c == utf8.RuneError && size == 1: // a byte that is no text
			out = utf8.AppendRune(out, c)
		case !unicode.Is(unicode.C, c):
			out = append(out, line[:size]...)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, c)
		}
		line = line[size:]
	}
	return string(out)
}
