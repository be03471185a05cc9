package taler

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// counter is a bank that speaks REST: what it answers is by method and path.
type counter struct {
	*httptest.Server
	answers map[string]string // "GET /config": body; a number before a space is the status

	mu    sync.Mutex
	asked []string
	body  string
	auth  string
}

const (
	terminalConfig    = `{"name":"taler-terminal","version":"0:0:0","provider_name":"Simulator","currency":"CHF","withdrawal_fees":"CHF:0.5","wire_type":"card"}`
	integrationConfig = `{"name":"taler-bank-integration","version":"5:0:5","currency":"CHF"}`
)

func newCounter(t *testing.T, answers map[string]string) *counter {
	c := &counter{answers: answers}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key := r.Method + " " + r.URL.Path
	c.mu.Lock()
	c.asked, c.body, c.auth = append(c.asked, key), string(body), r.Header.Get("Authorization")
	answer, ok := c.answers[key]
	c.mu.Unlock()
	if answer == "lost" {
		panic(http.ErrAbortHandler) // the request was read; the connection goes without an answer
	}
	status := http.StatusOK
	for code, text := range map[int]string{204: "204 ", 403: "403 ", 404: "404 ", 409: "409 ", 502: "502 "} {
		if rest, is := strings.CutPrefix(answer, text); is {
			status, answer = code, rest
		}
	}
	if !ok {
		status = http.StatusNotFound
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

func (c *counter) times(key string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.asked {
		if k == key {
			n++
		}
	}
	return n
}

func (c *counter) last() (asked, body, auth string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[len(c.asked)-1], c.body, c.auth
}

func (c *counter) dial(t *testing.T) comm.Conn {
	t.Helper()
	a, err := comm.ParseAddress("taler+" + c.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := (&Transport{}).Dial(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (c *counter) session(t *testing.T, role comm.Role) comm.Conn {
	t.Helper()
	conn := c.dial(t)
	if err := conn.Call(t.Context(), comm.MethodInitiate, comm.Initiate{Role: role, PNP: "pnp.x", Login: "till", Token: "t0ken"}, nil); err != nil {
		t.Fatal(err)
	}
	return conn
}

func withdraw(operation string, args any) comm.Execute {
	raw, err := json.Marshal(args)
	if err != nil {
		panic(err)
	}
	return comm.Execute{Op: "op-1", Call: comm.Call{Protocol: ProtocolWithdraw, Operation: operation, Class: string(ClassWithdrawal), Args: raw}}
}

func TestABankWithRESTIsDialled(t *testing.T) {
	for _, row := range []struct {
		name, address string
		allow         bool
		want          fault.Kind
	}{
		{"encrypted", "taler+https://bank.example/x/", false, 0},
		{"on this machine", "taler+http://127.0.0.1:9/", false, 0},
		{"elsewhere without encryption", "taler+http://bank.example/", false, fault.Denied},
		{"elsewhere, when that was allowed", "taler+http://bank.example/", true, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, err := comm.ParseAddress(row.address)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := (&Transport{AllowHTTP: row.allow}).Dial(t.Context(), a, nil)
			if fault.KindOf(err) != row.want || err == nil && (conn.Peer().Key != "" || conn.Peer().Role != comm.Bank) {
				t.Errorf("%v, %v", conn, err)
			}
		})
	}
}

func TestASessionWithABankThatSpeaksREST(t *testing.T) {
	bank := newCounter(t, map[string]string{"GET /config": terminalConfig})
	conn := bank.dial(t)
	var hello comm.Initiated
	if err := conn.Call(t.Context(), comm.MethodInitiate, comm.Initiate{Role: comm.Vendor, PNP: "pnp.x", Login: "till", Token: "t0ken"}, &hello); err != nil {
		t.Fatal(err)
	}
	if hello.PNP != "pnp.x" || hello.Role != comm.Bank || hello.Name != strings.TrimPrefix(bank.URL, "http://") {
		t.Errorf("%+v", hello)
	}
	if _, _, auth := bank.last(); auth == "" || strings.Contains(auth, "t0ken") {
		t.Errorf("credentials are shown as %q", auth)
	}
	var offered comm.Offered
	if err := conn.Call(t.Context(), comm.MethodClasses, comm.Classes{}, &offered); err != nil || len(offered.Offers) != 1 {
		t.Fatalf("%+v, %v", offered, err)
	}
	var body instrument.OfferBody
	if err := json.Unmarshal(offered.Offers[0].Body, &body); err != nil {
		t.Fatal(err)
	}
	if body.Class != ClassWithdrawal || body.Invoice["withdrawal_fees"] != "CHF:0.5" || body.Invoice["provider_name"] != "Simulator" || len(offered.Offers[0].Signature) != 0 {
		t.Errorf("%+v", body)
	}
	var names struct{ Protocols []string }
	if err := conn.Call(t.Context(), comm.MethodProtocols, comm.Protocols{Class: string(ClassWithdrawal)}, &names); err != nil || len(names.Protocols) != 1 || names.Protocols[0] != ProtocolWithdraw {
		t.Errorf("%+v, %v", names, err)
	}
	if err := conn.Call(t.Context(), comm.MethodSelect, comm.Select{}, nil); err != nil {
		t.Error(err)
	}
	var operations comm.Available
	if err := conn.Call(t.Context(), comm.MethodOperations, comm.Select{}, &operations); err != nil || !slices.Equal(operations.Names, []string{OperationSetUp, OperationConfirm, OperationAbort}) {
		t.Errorf("a terminal has %v, %v", operations.Names, err)
	}
	if n := bank.times("GET /config"); n != 1 {
		t.Errorf("the config was asked for %d times", n)
	}
	if err := conn.Call(t.Context(), "session.future", struct{}{}, nil); fault.ReasonOf(err) != "method-unknown" {
		t.Errorf("an unknown method: %v", err)
	}
	if conn.Notify(t.Context(), comm.MethodClose, nil) != nil || conn.Close() != nil || conn.Close() != nil {
		t.Error("it does not end quietly")
	}
}

func TestASessionThatCannotBegin(t *testing.T) {
	for _, row := range []struct {
		name   string
		role   comm.Role
		config string
		kind   fault.Kind
	}{
		{"another API for a terminal", comm.Vendor, integrationConfig, fault.Unsupported},
		{"another API for a wallet", comm.Client, terminalConfig, fault.Unsupported},
		{"a web page", comm.Client, `<!doctype html><html>`, fault.Unsupported},
		{"a version of the future", comm.Client, `{"name":"taler-bank-integration","version":"90:0:0","currency":"CHF"}`, fault.Unsupported},
		{"a login that is refused", comm.Vendor, `403 {"code":5}`, fault.Denied},
		{"a gateway without its bank", comm.Client, `502 bad gateway`, fault.Unavailable},
		{"no answer", comm.Client, "lost", fault.Unavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			conn := newCounter(t, map[string]string{"GET /config": row.config}).dial(t)
			if err := conn.Call(t.Context(), comm.MethodInitiate, comm.Initiate{Role: row.role}, nil); fault.KindOf(err) != row.kind {
				t.Errorf("%v: %v", fault.KindOf(err), err)
			}
			err := conn.Call(t.Context(), comm.MethodExecute, withdraw(OperationAbort, AbortArgs{}), nil)
			if fault.ReasonOf(err) != "out-of-order" {
				t.Errorf("a session that did not begin goes on: %v", err)
			}
		})
	}
}

func TestOperationsBecomeRequests(t *testing.T) {
	id := someWOPID(t)
	key := mustKey(t, someKey)
	for _, row := range []struct {
		name      string
		role      comm.Role
		execute   comm.Execute
		path      string // as it is asked for
		answer    string
		body      string // a part of what is sent
		result    string // a part of what comes
		forbidden string // must not be sent
	}{
		{"set up", comm.Vendor, withdraw(OperationSetUp, TerminalWithdrawalSetup{RequestUID: "u1", Amount: mustAmount(t, "CHF:5")}), "POST /withdrawals", `{"withdrawal_id":"` + someID + `"}`, `"amount":"CHF:5"`, someID, ""},
		{
			"select", comm.Client, withdraw(OperationSelect, SelectArgs{WOPID: id.ID(), ReservePub: key, SelectedExchange: somePayto, MaxAmount: mustAmount(t, "CHF:9"), NoAmountToWallet: true}),
			"POST /withdrawal-operation/" + someID, `{"status":"selected","transfer_done":false}`, someKey, "selected", "max_amount",
		},
		{"notice", comm.Vendor, withdraw(OperationConfirm, ConfirmArgs{WOPID: id, ProviderTransactionID: "4711"}), "POST /withdrawals/" + someID + "/check", "204 ", `"4711"`, "{}", "wopid"},
		{"a terminal aborts", comm.Vendor, withdraw(OperationAbort, AbortArgs{WOPID: id.ID(), Reason: "changed their mind"}), "DELETE /withdrawals/" + someID, "204 ", "", "{}", "mind"},
		{"a wallet aborts", comm.Client, withdraw(OperationAbort, AbortArgs{WOPID: id.ID()}), "POST /withdrawal-operation/" + someID + "/abort", "204 ", "", "{}", "reason"},
	} {
		t.Run(row.name, func(t *testing.T) {
			config := integrationConfig
			if row.role == comm.Vendor {
				config = terminalConfig
			}
			bank := newCounter(t, map[string]string{"GET /config": config, row.path: row.answer})
			conn := bank.session(t, row.role)
			var got comm.Executed
			err := conn.Call(t.Context(), comm.MethodExecute, row.execute, &got)
			asked, body, _ := bank.last()
			if err != nil || got.Fault != nil || got.Op != "op-1" || !strings.Contains(string(got.Result), row.result) {
				t.Errorf("%q: %+v, %v", asked, got, err)
			}
			if asked != row.path || !strings.Contains(body, row.body) || row.forbidden != "" && strings.Contains(body, row.forbidden) {
				t.Errorf("asked %q with %s", asked, body)
			}
		})
	}
}

// A refusal is the end of an operation; that nobody answered is not: the request
// may have been done, and is made again.
func TestARefusalIsAnOutcomeAndALostAnswerIsNone(t *testing.T) {
	id := someWOPID(t)
	path := "POST /withdrawal-operation/" + someID
	for _, row := range []struct {
		name    string
		answer  string
		outcome fault.Kind // of the fault that ended it; 0: it has not ended
		err     fault.Kind
		reason  fault.Reason
	}{
		{"another wallet was first", `409 {"code":5114}`, fault.Conflict, 0, ""},
		{"nobody knows it", `404 {"code":5107}`, fault.NotFound, 0, ""},
		{"not allowed", `403 {"code":5}`, fault.Denied, 0, ""},
		{"the answer is lost", "lost", 0, fault.Unknown, "answer-missing"},
		{"a web page instead of an answer", "<html>welcome</html>", 0, fault.Unknown, ReasonAnswerMalformed},
		{"half an answer", `{"status":`, 0, fault.Unknown, ReasonAnswerMalformed},
		{"a gateway without its bank", `502 bad gateway`, 0, fault.Unknown, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			bank := newCounter(t, map[string]string{"GET /config": integrationConfig, path: row.answer})
			var got comm.Executed
			err := bank.session(t, comm.Client).Call(t.Context(), comm.MethodExecute, withdraw(OperationSelect, SelectArgs{WOPID: id.ID(), ReservePub: mustKey(t, someKey), SelectedExchange: somePayto}), &got)
			if fault.KindOf(err) != row.err || row.err != 0 && row.reason != "" && fault.ReasonOf(err) != row.reason {
				t.Errorf("error %v (%v)", err, fault.KindOf(err))
			}
			switch {
			case row.outcome == 0 && got.Fault != nil:
				t.Errorf("it is taken for an outcome: %v", got.Fault)
			case row.outcome != 0 && (got.Fault == nil || got.Fault.Kind != row.outcome || got.Op != "op-1"):
				t.Errorf("outcome %+v", got)
			}
			if n := bank.times(path); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestABankThatIsGoneHasDoneNothing(t *testing.T) {
	bank := newCounter(t, map[string]string{"GET /config": integrationConfig})
	conn := bank.session(t, comm.Client)
	bank.Close()
	var got comm.Executed
	err := conn.Call(t.Context(), comm.MethodExecute, withdraw(OperationAbort, AbortArgs{WOPID: someWOPID(t).ID()}), &got)
	if fault.KindOf(err) != fault.Unavailable || got.Fault != nil {
		t.Errorf("%+v, %v", got, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := conn.Call(over, comm.MethodExecute, withdraw(OperationAbort, AbortArgs{WOPID: someWOPID(t).ID()}), &got); fault.KindOf(err) != fault.Timeout || got.Fault != nil {
		t.Errorf("a caller that has gone: %+v, %v", got, err)
	}
}

// What cannot be a request never leaves.
func TestWhatIsNoRequestEndsHere(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*comm.Call)
		reason fault.Reason
	}{
		{"another protocol", func(c *comm.Call) { c.Protocol = "taler.future" }, "protocol-unknown"},
		{"another operation", func(c *comm.Call) { c.Operation = "REFUND" }, "operation-unknown"},
		{"no arguments", func(c *comm.Call) { c.Args = nil }, ReasonJSONInvalid},
		{"a WOPID that is none", func(c *comm.Call) { c.Args = json.RawMessage(`{"wopid":"ABC"}`) }, ReasonJSONInvalid},
		{"a list for a set up", func(c *comm.Call) { c.Operation, c.Args = OperationSetUp, json.RawMessage(`[]`) }, ReasonJSONInvalid},
		{"a number for a selection", func(c *comm.Call) { c.Operation, c.Args = OperationSelect, json.RawMessage(`7`) }, ReasonJSONInvalid},
		{"a word for a notice", func(c *comm.Call) { c.Operation, c.Args = OperationConfirm, json.RawMessage(`"x"`) }, ReasonJSONInvalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			bank := newCounter(t, map[string]string{"GET /config": terminalConfig})
			e := withdraw(OperationAbort, AbortArgs{WOPID: someWOPID(t).ID()})
			row.change(&e.Call)
			var got comm.Executed
			err := bank.session(t, comm.Vendor).Call(t.Context(), comm.MethodExecute, e, &got)
			if err != nil || got.Fault == nil || got.Fault.Reason != row.reason {
				t.Errorf("%+v, %v", got.Fault, err)
			}
			if asked, _, _ := bank.last(); asked != "GET /config" {
				t.Errorf("it left: %s", asked)
			}
		})
	}
}

// The REST transport answers like the protocol of a bank would.
func TestAWalletsOperationsOverREST(t *testing.T) {
	conn := newCounter(t, map[string]string{"GET /config": integrationConfig}).dial(t)
	if err := conn.Call(t.Context(), comm.MethodInitiate, comm.Initiate{Role: comm.Client}, nil); err != nil {
		t.Fatal(err)
	}
	var operations comm.Available
	if err := conn.Call(t.Context(), comm.MethodOperations, comm.Select{}, &operations); err != nil || !slices.Equal(operations.Names, []string{OperationSelect, OperationAbort}) {
		t.Errorf("a wallet has %v, %v", operations.Names, err)
	}
}

// Who negotiates classes and protocols together gets both in the one answer.
func TestABankWithRESTTakesPartInAJointNegotiation(t *testing.T) {
	for role, path := range map[comm.Role]string{comm.Vendor: terminalConfig, comm.Client: integrationConfig} {
		bank := newCounter(t, map[string]string{"GET /config": path})
		var got struct {
			Pairs  []protocolPair `json:"pairs"`
			Offers []comm.Offer   `json:"offers"`
		}
		if err := bank.session(t, role).Call(t.Context(), comm.MethodProtocols, comm.Protocols{Invoice: instrument.Invoice{}}, &got); err != nil {
			t.Fatal(err)
		}
		if want := (protocolPair{ClassWithdrawal, ProtocolWithdraw}); !slices.Equal(got.Pairs, []protocolPair{want}) || len(got.Offers) != 1 {
			t.Errorf("%s: %+v", role, got)
		}
	}
}

type protocolPair struct {
	Class    instrument.ClassID `json:"class"`
	Protocol string             `json:"protocol"`
}
