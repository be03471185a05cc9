package host

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
)

// maxOperations of one plugin at once.
const maxOperations = 1024

// table holds the operations of one life by number. The number is all that a plugin has of an
// operation, and its capability: of what is not in the table the plugin cannot speak.
type table struct {
	life   *life
	stream grpc.BidiStreamingClient[wire.HostFrame, wire.PluginFrame]
	cancel context.CancelFunc
	write  chan struct{} // one frame at a time; a channel, so that waiting ends with a context

	mu   sync.Mutex
	last uint64
	open map[uint64]*operation
}

// operation is one row of the table.
type operation struct {
	n      uint64
	who    culprit
	frames chan *wire.PluginFrame
	// turn is set from a frame of ours to the plugin's next frame. A frame of the plugin
	// without it ends the plugin.
	turn      atomic.Bool
	limit     *time.Timer // of this turn; nil between turns; guarded by table.mu
	abandoned bool        // nobody here waits for it any more; guarded by table.mu
}

// openTable opens the stream, within ctx. The stream outlives ctx. (A plugin may accept no stream at
// all, and the call would wait.)
func openTable(ctx context.Context, l *life) (*table, error) {
	lasting, cancel := context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, cancel)
	stream, err := l.rpc.Operate(lasting)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return &table{life: l, stream: stream, cancel: cancel, write: make(chan struct{}, 1), open: map[uint64]*operation{}}, nil
}

func (t *table) close() { t.cancel() }

// add makes a row.
func (t *table) add(who culprit) (*operation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) >= maxOperations {
		return nil, fault.New(fault.Unavailable, "the plugin %s has %d operations under way already", t.life.description.Name, maxOperations).
			Because("plugin-busy")
	}
	t.last++
	o := &operation{n: t.last, who: who, frames: make(chan *wire.PluginFrame, 1)}
	t.open[o.n] = o
	return o, nil
}

// remove ends the capability.
func (t *table) remove(o *operation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, o.n)
	if o.limit != nil {
		o.limit.Stop()
	}
}

// abandon leaves an operation whose caller has gone: its next frame is answered
// with an end.
func (t *table) abandon(o *operation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o.abandoned = true
	if !o.turn.Load() { // its frame is here already
		delete(t.open, o.n)
		go t.suspend(o.n)
	}
}

// running lists what runs.
func (t *table) running() []culprit {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]culprit, 0, len(t.open))
	for _, o := range t.open {
		list = append(list, o.who)
	}
	return list
}

// read takes the plugin's frames until the stream ends.
func (t *table) read() {
	for {
		f, err := t.stream.Recv()
		if status.Code(err) == codes.ResourceExhausted { // here or there
			t.life.misbehaved(fault.New(fault.Invalid, "a frame has up to %d bytes, either way: %s", api.MaxMessage, printable(status.Convert(err).Message(), 200)))
			return
		}
		if err != nil {
			t.life.log.Debug("the stream of a plugin ended", "error", err.Error())
			t.life.fail(t.life.crashed())
			return
		}
		if err := t.take(f); err != nil {
			t.life.misbehaved(err)
			return
		}
	}
}

// take gives a frame to whom it belongs.
func (t *table) take(f *wire.PluginFrame) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, n := t.open[f.GetOperation()], f.GetOperation()
	switch {
	case o == nil && (n == 0 || n > t.last):
		return fault.New(fault.Invalid, "it spoke about operation %d, which it was never given", n)
	case o == nil:
		return nil // ended here before the frame came; there is nobody to tell
	case !o.turn.CompareAndSwap(true, false):
		return fault.New(fault.Invalid, "it sent two frames of operation %d without waiting for an answer", n)
	}
	if o.limit != nil {
		o.limit.Stop()
		o.limit = nil
	}
	if o.abandoned {
		delete(t.open, n)
		if f.GetCrash() == nil {
			go t.suspend(n)
		}
		return nil
	}
	o.frames <- f // never waits: it was the plugin's turn, so the place is free
	return nil
}

// suspend tells the code of an operation to forget it.
func (t *table) suspend(n uint64) {
	_ = t.send(context.Background(), &wire.HostFrame{Operation: n, Body: &wire.HostFrame_Answer{
		Answer: &wire.Answer{Body: &wire.Answer_Suspended{Suspended: true}},
	}})
}

// say gives the turn to the plugin and sends it a frame.
func (t *table) say(ctx context.Context, o *operation, f *wire.HostFrame) error {
	if size := proto.Size(f); size > api.MaxFrame {
		return fault.New(fault.Invalid, "what the operation needs makes a frame of %d bytes; %d are allowed", size, api.MaxFrame).Because("frame-too-large")
	}
	o.turn.Store(true) // before the frame is out: the answer may be here before we are back
	if err := t.send(ctx, f); err != nil {
		return err
	}
	t.bound(o)
	return nil
}

// bound starts the time limit of the plugin's turn. The time between two turns does not count. The
// limit also holds for an abandoned operation.
func (t *table) bound(o *operation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !o.turn.Load() || t.open[o.n] != o {
		return // it was quick, or it is over
	}
	var limit *time.Timer
	limit = time.AfterFunc(t.life.o.Turn, func() {
		t.mu.Lock()
		hangs := o.limit == limit && t.open[o.n] == o
		t.mu.Unlock()
		if hangs {
			t.life.hung("an operation takes longer than "+t.life.o.Turn.String()+" between two steps", o.who)
		}
	})
	o.limit = limit
}

// send writes one frame. It waits for other writers until ctx or the life ends. A plugin that does
// not read for Options.Turn is ended: nobody else can send it anything meanwhile.
func (t *table) send(ctx context.Context, f *wire.HostFrame) error {
	select {
	case t.write <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-t.life.done:
		return t.life.cause
	}
	defer func() { <-t.write }()
	limit := time.AfterFunc(t.life.o.Turn, func() { t.life.hung("it reads nothing of what it is told, for " + t.life.o.Turn.String()) })
	defer limit.Stop()
	if err := t.stream.Send(f); err != nil {
		t.life.fail(t.life.crashed()) // an error of Send says nothing; the stream is over
		return t.life.over()
	}
	return nil
}

// hear waits for the plugin's frame.
func (t *table) hear(ctx context.Context, o *operation) (*wire.PluginFrame, error) {
	select {
	case f := <-o.frames:
		return f, nil
	case <-t.life.done:
		return nil, t.life.cause
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
