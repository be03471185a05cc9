package host

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// bridge lets go-plugin write to our log. What it says is for those who look into a plugin's start
// and end, so all of it is debug. Its goroutines may outlive the plugin by a moment. After end they
// write nothing more: by then the log may be its owner's no longer.
type bridge struct {
	hclog.Logger // answers what nobody asks
	log          *slog.Logger

	mu   sync.Mutex
	over bool
}

func newBridge(l *slog.Logger) *bridge {
	return &bridge{Logger: hclog.NewNullLogger(), log: l}
}

func (b *bridge) Log(_ hclog.Level, text string, args ...any) { b.say(text, args) }
func (b *bridge) Trace(string, ...any)                        {}
func (b *bridge) Debug(text string, args ...any)              { b.say(text, args) }
func (b *bridge) Info(text string, args ...any)               { b.say(text, args) }
func (b *bridge) Warn(text string, args ...any)               { b.say(text, args) }
func (b *bridge) Error(text string, args ...any)              { b.say(text, args) }
func (b *bridge) Named(string) hclog.Logger                   { return b }
func (b *bridge) ResetNamed(string) hclog.Logger              { return b }
func (b *bridge) With(...any) hclog.Logger                    { return b }
func (b *bridge) GetLevel() hclog.Level                       { return hclog.Debug }
func (b *bridge) IsDebug() bool                               { return true }
func (b *bridge) IsInfo() bool                                { return true }
func (b *bridge) IsWarn() bool                                { return true }
func (b *bridge) IsError() bool                               { return true }

func (b *bridge) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return log.New(io.Discard, "", 0)
}

func (b *bridge) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
}

func (b *bridge) say(text string, args []any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	for i, a := range args { // hclog formats some values later than slog may
		if f, ok := a.(hclog.Format); ok && len(f) > 0 {
			args[i] = fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
		}
	}
	b.log.Debug(text, args...)
}
