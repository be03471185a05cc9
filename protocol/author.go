package protocol

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxSteps bounds one operation.
const maxSteps = 1000

// author is the Session of one run: it numbers the steps, holds riding ones back, and
// remembers leased and new instances.
type author struct {
	ctx    context.Context // of the run; the code's own carries values only
	begin  Begin
	door   Door
	log    func() *slog.Logger
	random *stream // once it is asked for

	busy   atomic.Bool // in a call; finds a second goroutine, or a call inside an Update closure
	n      int         // number of the last step
	riding []Step
	now    time.Time
	held   roll   // leased and born here
	ahead  *Ahead // the answer to the next step, if the code takes the one that it answers
	end    *ending
}

// ending says why a run is over.
type ending struct {
	rewind *Begin
	err    error
}

func newAuthor(ctx context.Context, b Begin, d Door, log func() *slog.Logger) *author {
	s := &author{ctx: ctx, begin: b, ahead: b.Ahead, door: d, log: log, now: b.Now}
	for _, i := range b.Leased { // code gets copies of it
		s.held.put(i)
	}
	return s
}

func (s *author) Side() Side                        { return s.begin.Side }
func (s *author) Peer() comm.Peer                   { return s.begin.Peer }
func (s *author) Operation() instrument.OperationID { return s.begin.Op }
func (s *author) Now() time.Time                    { return s.now }

func (s *author) Random(n int) []byte {
	if s.random == nil {
		s.random = newStream(s.begin.Seed)
	}
	return s.random.read(n)
}

func (s *author) Log() *slog.Logger {
	if s.n < s.begin.Recorded {
		return slog.New(slog.DiscardHandler)
	}
	return s.log()
}

func (s *author) Send(_ context.Context, v any) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	body, err := instrument.WriteJSON(v)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "this message cannot be written as JSON")
	}
	if err := s.ride(Step{Kind: StepSend, Body: body}); err != nil {
		return err
	}
	if outcome := s.begin.Outcomes[s.n]; outcome != nil {
		return outcome
	}
	return nil
}

func (s *author) Recv(_ context.Context, v any) error {
	answer, err := s.ask(Step{Kind: StepRecv})
	if err != nil {
		return err
	}
	if v == nil {
		return nil
	}
	err = decode(answer.Message, v, "the peer's message")
	if err != nil && s.Side() == Initiator { // what the servicer has done is not known here
		return fault.Wrap(err, fault.Unknown, "the peer's message cannot be read").Because(reasonMalformed).WithHint("ask the peer what became of it; its plugin may be of another version")
	}
	return err
}

func (s *author) Fetch(_ context.Context, r Request) (Response, error) {
	answer, err := s.ask(Step{Kind: StepFetch, Fetch: &r})
	if err != nil {
		return Response{}, err
	}
	if answer.Response == nil {
		return Response{}, missing("response")
	}
	return *answer.Response, nil
}

func (s *author) Ask(_ context.Context, p Prompt) (string, error) {
	answer, err := s.ask(Step{Kind: StepAsk, Prompt: &p})
	return answer.Text, err
}

// ask takes an asking step for a method of Session.
func (s *author) ask(st Step) (Answer, error) {
	leave, err := s.enter()
	if err != nil {
		return Answer{}, err
	}
	defer leave()
	return s.exchange(st)
}

// enter begins a call of a method of Session; leave ends it. It refuses a second goroutine and
// a call from inside an Update closure, and any call after the end of the run.
func (s *author) enter() (leave func(), err error) {
	if !s.busy.CompareAndSwap(false, true) {
		return nil, misused()
	}
	if s.end != nil {
		s.busy.Store(false)
		return nil, suspended()
	}
	return func() { s.busy.Store(false) }, nil
}

func misused() error {
	return fault.New(fault.Internal, "a session was used by two goroutines, or inside an Update, or a Tx after its Update").Because("session-misused")
}

// ride keeps a step back until the next exchange.
func (s *author) ride(st Step) error {
	if s.n >= maxSteps {
		return tooManySteps()
	}
	s.n++
	st.N = s.n
	s.riding = append(s.riding, st)
	return nil
}

// exchange hands over the steps that were held back, and st, and returns the answer to st.
func (s *author) exchange(st Step) (Answer, error) {
	if s.end != nil {
		return Answer{}, suspended()
	}
	if err := s.ride(st); err != nil {
		return Answer{}, err
	}
	if len(s.riding) == 1 && s.ahead.Answers(st) { // st goes with the next exchange
		s.now = s.ahead.Now
		return s.ahead.answer(), nil
	}
	steps := s.riding
	s.riding = nil
	answer, err := s.door.Exchange(s.ctx, steps)
	switch {
	case err != nil:
		s.end = &ending{err: err}
	case answer.Suspended:
		s.end = &ending{err: suspended()}
	case answer.Rewind != nil:
		s.end = &ending{rewind: answer.Rewind}
	case answer.Done:
		s.end = &ending{}
	default:
		s.now, s.ahead = answer.Now, answer.Ahead
		if answer.Fault != nil {
			return answer, answer.Fault
		}
		return answer, nil
	}
	return Answer{}, suspended()
}

// finish hands over the outcome of DoOperation.
func (s *author) finish(r Result, failure error) {
	st := Step{Kind: StepResult, Result: &r}
	if failure != nil {
		st = Step{Kind: StepResult, Fault: fault.From(failure)}
	}
	if _, err := s.exchange(st); err != nil && s.end == nil {
		s.end = &ending{err: err}
	}
}

func tooManySteps() error {
	return fault.New(fault.Internal, "an operation may take %d steps and this one takes more", maxSteps).Because("too-many-steps")
}

func suspended() *fault.Fault {
	return fault.New(fault.Suspended, "the operation was suspended")
}

func missing(what string) error {
	return fault.New(fault.Internal, "the host answered without a %s", what)
}

// reasonMalformed marks what does not read as what it should be.
const reasonMalformed fault.Reason = "message-malformed"

func decode(raw json.RawMessage, v any, what string) error {
	if err := instrument.ReadJSON(raw, v); err != nil {
		return fault.Wrap(err, fault.Invalid, "%s cannot be read", what).Because(reasonMalformed)
	}
	return nil
}
