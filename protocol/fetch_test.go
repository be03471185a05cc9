package protocol_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// server answers requests and remembers them.
type server struct {
	mu     sync.Mutex
	got    []comm.Fetch
	answer func(comm.Fetch) (comm.Fetched, error)
}

func (s *server) fetch(_ context.Context, r comm.Fetch) (comm.Fetched, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, r)
	if s.answer != nil {
		return s.answer(r)
	}
	return comm.Fetched{Status: 200, Body: fmt.Appendf(nil, "answer %d", len(s.got))}, nil
}

func (s *server) seen() []comm.Fetch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// TestFetchStaysAtItsOrigin attacks the rule that a request goes to the origin
// of the named instrument, below its base URL, and nowhere else.
func TestFetchStaysAtItsOrigin(t *testing.T) {
	const base = "https://pay.example.org/api"
	for _, c := range []struct {
		name, base, path, url string // url "": refused
	}{
		{"a path", base, "/v1/payments", base + "/v1/payments"},
		{"without a slash", base, "v1", base + "/v1"},
		{"with a query", base + "/", "/v1?to=payto%3A%2F%2Fiban&x=..", base + "/v1?to=payto%3A%2F%2Fiban&x=.."},
		{"blanks and other letters", base, "/Grün 7?code=Grün 7&y=HTTP/1.0", base + "/Gr%C3%BCn%207?code=Gr%C3%BCn%207&y=HTTP/1.0"},
		{"nothing", base, "", base + "/"},
		{"a base without path", "http://localhost:8080", "/x", "http://localhost:8080/x"},
		{"an escaped slash in a name", base, "/accounts/payto:%2F%2Fiban", base + "/accounts/payto:%2F%2Fiban"},
		{"dots in a name", base, "/a..b/.c", base + "/a..b/.c"},

		{"an absolute URL", base, "https://evil.example/x", ""},
		{"a URL of another host", base, "//evil.example/x", ""},
		{"three slashes", base, "///evil.example/x", ""},
		{"a way up", base, "/../admin", ""},
		{"a way up later", base, "/v1/../../admin", ""},
		{"a way up, escaped", base, "/%2e%2e/admin", ""},
		{"a way up, half escaped", base, "/.%2E%2fadmin", ""},
		{"a way up within", base, "/v1/./x", ""},
		{"backslashes", base, `\\evil.example\x`, ""},
		{"escaped backslashes", base, `/..%5cadmin`, ""},
		{"user information", "https://pay.example.org", "@evil.example/", "https://pay.example.org/@evil.example/"},
		{"a fragment", base, "/x#y", ""},
		{"a line feed", base, "/x\r\nHost: evil.example", ""},
		{"a base with user information", "https://a:b@pay.example.org", "/x", ""},
		{"a base with a query", "https://pay.example.org/?x=", "/y", ""},
		{"a base of another scheme", "file:///etc", "/passwd", ""},
		{"a base that is no URL", "pay.example.org", "/x", ""},
		{"no base", "", "/x", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var srv server
			n := protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(does(
				func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
					_, err := s.Fetch(ctx, protocol.Request{Address: call.Main(), Method: "GET", Path: c.path})
					return text("done"), err
				}))})
			id := n.Create(t, instance("purse", state{URL: c.base}))[0]
			_, err := do(t, n, call("DO", id))
			if c.url == "" {
				if len(srv.seen()) != 0 || err == nil {
					t.Fatalf("it went to %v, %v", srv.seen(), err)
				}
				if k := fault.KindOf(err); k != fault.Denied && k != fault.Invalid {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err != nil || len(srv.seen()) != 1 || srv.seen()[0].URL != c.url {
				t.Errorf("it went to %+v, %v", srv.seen(), err)
			}
		})
	}
}

func TestFetchRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		op     string
		by     func(ids []instrument.ID) instrument.ID
		repeat bool
		kind   fault.Kind
		reason fault.Reason
	}{
		{"an instrument of another bundle", "DO", func(ids []instrument.ID) instrument.ID { return ids[1] }, false, fault.Denied, "class-not-granted"},
		{"an instrument that does not exist", "DO", func([]instrument.ID) instrument.ID { return "00000000000000000000000000" }, false, fault.NotFound, ""},
		{"a request with effect while only reading", "LOOK", func(ids []instrument.ID) instrument.ID { return ids[0] }, false, fault.Denied, "read-only"},
		{"a request without effect while only reading", "LOOK", func(ids []instrument.ID) instrument.ID { return ids[0] }, true, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var srv server
			var address instrument.ID
			b := bundles(does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				_, err := s.Fetch(ctx, protocol.Request{Address: address, Method: "GET", Path: "/", Repeat: c.repeat})
				return text("done"), err
			}))
			b = append(b, protocol.Bundle{Name: "other", Classes: []instrument.Class{class{id: "foreign"}}})
			n := protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: b})
			ids := n.Create(t, instance("pool", state{URL: "https://example.org"}), instance("foreign", state{URL: "https://example.org"}))
			address = c.by(ids)
			_, err := do(t, n, call(c.op))
			wants(t, err, c.kind, c.reason)
			if sent := len(srv.seen()); (sent == 1) != (c.kind == 0) {
				t.Errorf("%d requests were sent", sent)
			}
		})
	}
}

// TestReadOnly shows that an operation which only reads changes nothing, by
// whatever step, and holds nothing.
func TestReadOnly(t *testing.T) {
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Main(), 1)); err == nil {
			return text("it wrote"), nil
		} else if fault.ReasonOf(err) != "read-only" {
			return protocol.Result{}, err
		}
		var seen state
		err := s.Update(ctx, func(tx instrument.Tx) error {
			i, err := tx.Get(c.Main())
			if err != nil {
				return err
			}
			return i.Decode(&seen)
		})
		return text(seen.N), err
	}))})
	id := n.Create(t, instance("purse", state{N: 7}))[0]
	if err := n.Store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Lease(id, 1, opB) }); err != nil {
		t.Fatal(err)
	}
	var got protocol.Result
	var err error
	if commits := n.Commits(func() { got, err = do(t, n, call("LOOK", id)) }); commits != 0 {
		t.Errorf("%d commits", commits)
	}
	if err != nil || string(got.Value) != `"7"` || number(t, n, id) != 7 {
		t.Errorf("result %s, %v", got.Value, err)
	}
}

// TestAnswersSurviveRewinds: what a server has answered is kept when the code
// has to run again, and the request is not sent again.
func TestAnswersSurviveRewinds(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(comm.Fetch) (comm.Fetched, error)
		want   string
	}{
		{"an answer", nil, "answer 1"},
		{"an unknown outcome", func(comm.Fetch) (comm.Fetched, error) {
			return comm.Fetched{}, fault.New(fault.Unknown, "nobody knows").Because("no-answer")
		}, "no-answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := server{answer: c.answer}
			var n *protocoltest.Node
			var disturb sync.Once
			runs := 0
			code := does(func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
				runs++
				purse, pool := call.Instruments[0], call.Instruments[1]
				if err := s.Update(ctx, add(purse, 1)); err != nil {
					return protocol.Result{}, err
				}
				answer, err := s.Fetch(ctx, protocol.Request{
					Address: purse, Method: "POST", Path: "/pay", Body: s.Random(8),
					Header: map[string]string{"idempotency-key": "mine", "Accept": "text/plain"},
				})
				said := string(answer.Body)
				if err != nil {
					said = string(fault.ReasonOf(err))
				}
				if err := s.Update(ctx, edit(pool, func(_ *instrument.Instance, st *state) { st.N++; st.Ref = said })); err != nil {
					return protocol.Result{}, err
				}
				disturb.Do(func() { // somebody changes the pool between our read and our commit
					if err := n.Instruments.Update(ctx, func(d *instrument.Draft) error { return add(pool, 10)(d) }); err != nil {
						t.Error(err)
					}
				})
				return text(said), s.Update(ctx, add(purse, 1))
			})
			n = protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)})
			ids := n.Create(t, instance("purse", state{URL: "https://example.org"}), instance("pool", state{}))
			got, err := doAs(t, n, opA, call("DO", ids...))
			if err != nil || string(got.Value) != fmt.Sprintf("%q", c.want) {
				t.Fatalf("result %s, %v", got.Value, err)
			}
			if runs != 2 {
				t.Errorf("it ran %d times; without a rewind this test shows nothing", runs)
			}
			sent := srv.seen()
			if len(sent) != 1 || sent[0].Header["Idempotency-Key"] != string(opA)+"-2" || len(sent[0].Header) != 2 {
				t.Errorf("requests: %+v", sent)
			}
			if purse, pool := number(t, n, ids[0]), number(t, n, ids[1]); purse != 2 || pool != 11 {
				t.Errorf("the purse has %d, the pool %d", purse, pool)
			}
			clean(t, n)
		})
	}
}

// TestIntentFirst shows that what rides before a request is durable, and leased,
// when the request is sent.
func TestIntentFirst(t *testing.T) {
	var n *protocoltest.Node
	var ids []instrument.ID
	srv := server{answer: func(comm.Fetch) (comm.Fetched, error) {
		if number(t, n, ids[0]) != 1 {
			t.Error("the intent is not durable")
		}
		rows, err := n.Store.Rows(context.Background(), instrument.Filter{})
		if err != nil {
			t.Error(err)
		}
		leased := 0
		for _, r := range rows {
			if r.Lease == opA {
				leased++
			}
		}
		if len(rows) != 4 || leased != 3 { // written, only read, born; the pool is free
			t.Errorf("of %d instruments %d are leased", len(rows), leased)
		}
		if _, err := doAs(t, n, opB, call("DO", ids[1])); fault.KindOf(err) != fault.Locked {
			t.Errorf("another operation on a held instrument got %v", err)
		}
		err = n.Instruments.Update(context.Background(), func(d *instrument.Draft) error { return add(ids[1], 1)(d) })
		wants(t, err, fault.Locked, "leased")
		return comm.Fetched{Status: 200}, nil
	}}
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
			return protocol.Result{}, err
		}
		if err := s.Update(ctx, create("purse", "", state{})); err != nil {
			return protocol.Result{}, err
		}
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/"})
		return text("done"), err
	})
	n = protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)})
	ids = n.Create(t, instance("purse", state{URL: "https://example.org"}), instance("purse", state{}), instance("pool", state{}))
	if _, err := doAs(t, n, opA, call("DO", ids...)); err != nil {
		t.Fatal(err)
	}
	clean(t, n)
}

// TestBornInstancesStayOurs: an instance that was born in an operation is changed
// again by it after a flush, of whatever class it is.
func TestBornInstancesStayOurs(t *testing.T) {
	for _, kind := range []instrument.ClassID{"purse", "pool"} {
		t.Run(string(kind), func(t *testing.T) {
			var n *protocoltest.Node
			var born instrument.ID
			srv := server{answer: func(comm.Fetch) (comm.Fetched, error) {
				err := n.Instruments.Update(context.Background(), func(d *instrument.Draft) error { return add(born, 100)(d) })
				wants(t, err, fault.Locked, "leased")
				return comm.Fetched{Status: 200}, nil
			}}
			code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				err := s.Update(ctx, func(tx instrument.Tx) error {
					var err error
					born, err = tx.Create(instance(kind, state{N: 1}))
					return err
				})
				if err != nil {
					return protocol.Result{}, err
				}
				for range 3 {
					if _, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/"}); err != nil {
						return protocol.Result{}, err
					}
					if err := s.Update(ctx, add(born, 1)); err != nil {
						return protocol.Result{}, err
					}
				}
				return text(born), nil
			})
			n = protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)})
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			if _, err := do(t, n, call("DO", id)); err != nil {
				t.Fatal(err)
			}
			if number(t, n, born) != 4 || n.View(t, born).Version != 4 {
				t.Errorf("it is %+v", n.View(t, born))
			}
			clean(t, n)
		})
	}
}

// TestBothSidesAskOneServer: the sides of an operation share its id, and may be
// customers of one server that keeps its keys in one book. Neither gets the
// other's answer.
func TestBothSidesAskOneServer(t *testing.T) {
	var srv server
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "POST", Path: "/payments", Repeat: true})
		return protocol.Result{}, err
	})
	for _, side := range []protocol.Side{protocol.Initiator, protocol.Servicer} {
		n := protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)})
		id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
		if _, err := n.Protocols.Execute(t.Context(), protocol.Execution{ID: opA, Side: side, Protocol: "test", Call: call("DO", id)}); err != nil {
			t.Fatal(err)
		}
	}
	sent := srv.seen()
	if len(sent) != 2 || sent[0].Header["Idempotency-Key"] == sent[1].Header["Idempotency-Key"] {
		t.Errorf("requests: %+v", sent)
	}
}
