package protocol

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// receive gives the code the peer's next message. What the code has done so far
// becomes durable before anything is sent, and only then does it wait.
func (o *operation) receive(ctx context.Context) (Answer, error) {
	if !o.mail.reachesPeer() {
		return Answer{}, fault.New(fault.Unsupported, "%s has no peer to talk to here", o.spec.Name).Because("no-peer")
	}
	if body, ok, err := o.mail.take(); ok || err != nil {
		return Answer{Message: body}, err
	}
	if err := o.flush(nil); err != nil {
		return Answer{}, err
	}
	o.mail.post(o)
	body, err := o.mail.await(ctx, o.req.Call.Deadline, o.m.parts.Clock)
	return Answer{Message: body}, err
}

// fetch makes one request between two commits: the intent is durable before,
// the answer with the next flush. The key makes a second request harmless.
func (o *operation) fetch(ctx context.Context, st Step) (Answer, error) {
	if done, ok := o.kept[st.N]; ok {
		if done.digest != st.digest() {
			return Answer{}, o.broken("request %d differs from the one that was sent", st.N)
		}
		return done.answer, nil
	}
	if st.Fetch == nil {
		return Answer{}, o.broken("a request without content")
	}
	r, err := o.allowed(*st.Fetch)
	if err != nil {
		return Answer{}, err
	}
	if o.spec.ReadOnly && !st.Fetch.Repeat {
		return Answer{}, fault.New(fault.Denied, "%s only reads and may not send this request", o.spec.Name).Because("read-only")
	}
	if err := o.flush(nil); err != nil {
		return Answer{}, err
	}
	r.Header["Idempotency-Key"] = string(o.id) + "-" + strconv.Itoa(st.N)
	got, err := o.m.parts.Fetch(ctx, r)
	if err != nil {
		if o.m.life.Err() != nil {
			return Answer{}, suspended()
		}
		return Answer{}, err
	}
	return Answer{Response: &got}, nil
}

// allowed turns the code's request into one to exactly the origin that the
// named instrument holds.
func (o *operation) allowed(r Request) (comm.Fetch, error) {
	holder, err := o.read(r.Address)
	if err != nil {
		return comm.Fetch{}, err
	}
	info, err := o.m.parts.Instruments.Info(holder.Class)
	if err != nil {
		return comm.Fetch{}, err
	}
	var state map[string]json.RawMessage
	if err := holder.Decode(&state); err != nil {
		return comm.Fetch{}, err
	}
	var base string
	if info.Address == "" || json.Unmarshal(state[info.Address], &base) != nil || base == "" {
		return comm.Fetch{}, fault.New(fault.Denied, "a %s names no address to send requests to", holder.Class).Because("fetch-denied")
	}
	granted, err := url.Parse(base)
	if err != nil || granted.Host == "" {
		return comm.Fetch{}, fault.New(fault.Invalid, "the address of this %s is not a URL", holder.Class).Because("address-malformed")
	}
	target, err := url.Parse(strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(r.Path, "/"))
	if err != nil || target.Scheme != granted.Scheme || target.Host != granted.Host || target.User != nil {
		return comm.Fetch{}, fault.New(fault.Denied, "the request leaves the origin that was granted").Because("fetch-denied")
	}
	header := map[string]string{}
	for k, v := range r.Header {
		header[k] = v
	}
	return comm.Fetch{
		Method: r.Method, URL: target.String(), Header: header, Body: r.Body, Timeout: r.Timeout, Limit: r.Limit, Redirects: r.Repeat,
	}, nil
}

// get reads an instance that is not leased. The read is proved in the commit.
func (o *operation) get(id instrument.ID) (Answer, error) {
	i, err := o.read(id)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Instance: &i}, nil
}

func (o *operation) read(id instrument.ID) (instrument.Instance, error) {
	var i instrument.Instance
	var err error
	if o.spec.ReadOnly {
		i, err = o.m.parts.Instruments.View(o.m.life, id)
	} else {
		i, err = o.draft.Get(id)
	}
	if err != nil {
		return instrument.Instance{}, err
	}
	if !o.in.reach[i.Class] {
		return instrument.Instance{}, notReached(o.in.info.ID, i.Class)
	}
	return i, nil
}

func (o *operation) findKey(l *Lookup) (Answer, error) {
	if l == nil || !o.in.reach[l.Class] {
		return Answer{}, fault.New(fault.Denied, "%s may not look there", o.in.info.ID).Because("class-not-granted")
	}
	var id instrument.ID
	var err error
	if o.spec.ReadOnly {
		id, err = o.m.parts.Instruments.Find(o.m.life, l.Class, l.Key, l.Value)
	} else {
		id, err = o.draft.Find(l.Class, l.Key, l.Value)
	}
	return Answer{Found: id}, err
}

// askPerson asks where a person is present.
func (o *operation) askPerson(ctx context.Context, st Step) (Answer, error) {
	if done, ok := o.kept[st.N]; ok {
		return done.answer, nil
	}
	if o.req.Ask == nil || st.Prompt == nil {
		return Answer{}, fault.New(fault.Unsupported, "nobody is here to be asked").Because("no-person")
	}
	if err := o.flush(nil); err != nil {
		return Answer{}, err
	}
	text, err := o.req.Ask(ctx, *st.Prompt)
	return Answer{Text: text}, err
}
