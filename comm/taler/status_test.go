package taler

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Rows: error body.
func TestStatusAndCodeOfEachReason(t *testing.T) {
	for reason, want := range map[fault.Reason]struct {
		status int
		code   Code
	}{
		ReasonUnknownOperation:     {404, 5107},
		ReasonSelectionConflict:    {409, 5113},
		ReasonReserveTaken:         {409, 5114},
		ReasonAmountDiffers:        {409, 5148},
		ReasonAmountRequired:       {409, 5149},
		ReasonAmountOutOfRange:     {409, 5102},
		ReasonAbortConfirmConflict: {409, 5116},
		ReasonConfirmAbortConflict: {409, 5117},
		ReasonUpdateAbortConflict:  {409, 5153},
		ReasonNotSelected:          {409, 5130},
		ReasonUnknownAccount:       {409, 5106},
		ReasonNotExchange:          {409, 5127},
		ReasonRequestUIDReused:     {409, 5112},
		ReasonCurrencyMismatch:     {400, 30},
		ReasonWOPIDMalformed:       {400, 26},
		ReasonParameterMalformed:   {400, 26},
		ReasonParameterMissing:     {400, 25},
		ReasonJSONInvalid:          {400, 22},
		ReasonPaytoMalformed:       {400, 24},
		ReasonHeadersMalformed:     {400, 23},
		ReasonReservePubMalformed:  {400, 27},
		ReasonUploadTooLarge:       {413, 32},
		ReasonCompression:          {400, 28},
		ReasonCompressionUnknown:   {415, 28},
		ReasonUnauthorized:         {401, 40},
		ReasonForbidden:            {403, 44},
		ReasonMethodInvalid:        {405, 20},
		ReasonEndpointUnknown:      {404, 21},
		ReasonURITooLong:           {414, 31},
		ReasonReserveUnknown:       {404, 1027},
		ReasonInsufficientFunds:    {409, 1150},
		ReasonReserveSignature:     {403, 1154},
		ReasonDenominationNotYet:   {410, 1008},
		ReasonBatchPartlyWithdrawn: {409, 1175},
		ReasonKYCRequired:          {451, 1028},
		ReasonTooManyFailures:      {429, 9999},
	} {
		t.Run(string(reason), func(t *testing.T) {
			err := fmt.Errorf("doing it: %w", fault.New(fault.Internal, "text").Because(reason).WithHint("do this"))
			status, body := StatusOf(err)
			if status != want.status || body.Code != want.code {
				t.Errorf("%d, code %d", status, body.Code)
			}
			if body.Hint != "text" || body.Detail != "do this" {
				t.Errorf("%+v", body)
			}
		})
	}
}

// A client gets back what the server meant; where the wire has one code for two
// reasons, the more general one.
func TestFaultsSurviveTheWire(t *testing.T) {
	for _, r := range table {
		t.Run(fmt.Sprintf("%s %d %d", r.reason, r.status, r.code), func(t *testing.T) {
			body, err := json.Marshal(ErrorDetail{Code: r.code, Hint: "because"})
			if err != nil {
				t.Fatal(err)
			}
			back := fault.From(FaultOf(r.status, body))
			if back.Kind != r.kind {
				t.Errorf("kind %v came back as %v", r.kind, back.Kind)
			}
			again := rowOf(back)
			if r.code != CodeEnd && again.status != r.status && again.reason != r.reason {
				t.Errorf("%s came back as %s, %d", r.reason, back.Reason, again.status)
			}
			if !strings.Contains(back.Message, "because") {
				t.Errorf("message %q", back.Message)
			}
		})
	}
}

func TestFaultsWithoutAKnownReason(t *testing.T) {
	for kind := fault.Invalid; kind <= fault.Suspended; kind++ {
		t.Run(kind.String(), func(t *testing.T) {
			status, body := StatusOf(fault.New(kind, "x").Because("never-heard-of"))
			if status < 400 || body.Code == CodeNone {
				t.Fatalf("%d, %+v", status, body)
			}
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			back, want := fault.KindOf(FaultOf(status, text)), kind
			switch kind { // many to one: these mean the same to a client
			case fault.Locked, fault.Timeout, fault.Suspended:
				want = fault.Unavailable
			case fault.Stuck, fault.Internal:
				want = fault.Unknown
			case fault.Declined:
				want = fault.Conflict
			}
			if back != want {
				t.Errorf("came back as %v", back)
			}
		})
	}
}

func TestAPlainErrorSaysNothingOfItself(t *testing.T) {
	status, body := StatusOf(errors.New("open /etc/secret: denied"))
	if status != 500 || body.Code == CodeNone || strings.Contains(body.Hint+body.Detail, "secret") {
		t.Errorf("%d, %+v", status, body)
	}
	if status, body := StatusOf(nil); status != 200 || body.Code != CodeNone {
		t.Errorf("no error is %d, %+v", status, body)
	}
}

// TestAnAnswerSpeaksOfNoCommands: who reads it may be a till, or a wallet.
func TestAnAnswerSpeaksOfNoCommands(t *testing.T) {
	for _, row := range []struct {
		kind       fault.Kind
		hint, says string
	}{
		{fault.Unavailable, "try again; the same --key is fine", "send the same request again: nothing is done twice"},
		{fault.Conflict, "use another --key for another operation", ""},
		{fault.NotFound, "add one with `terminal provider add`", ""},
		{fault.Conflict, "ask for a new QR code", "ask for a new QR code"},
		{fault.Conflict, "", ""},
	} {
		_, body := StatusOf(fault.New(row.kind, "no").WithHint("%s", row.hint))
		if body.Detail != row.says || body.Hint != "no" {
			t.Errorf("%s, %q: %+v", row.kind, row.hint, body)
		}
	}
}

func TestWhatOtherServersSay(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		body   string
		kind   fault.Kind
		reason fault.Reason
	}{
		"libeufin without credentials": {401, `{"code":25}`, fault.Denied, ReasonUnauthorized},
		"token expired":                {401, `{"code":42}`, fault.Denied, ReasonUnauthorized},
		"fakebank's confirm too early": {400, `{"code":5119}`, fault.Conflict, ReasonNotSelected},
		"a denomination not yet, 412":  {412, `{"code":1008}`, fault.Conflict, ReasonDenominationNotYet},
		"an exchange of 2022":          {404, `{"code":1250}`, fault.NotFound, ReasonReserveUnknown},
		"a code of the future":         {409, `{"code":5999,"hint":"new"}`, fault.Conflict, ReasonServerRefused},
		"a plain status of libeufin":   {415, `{"code":9999}`, fault.Unsupported, ReasonServerRefused},
		"a proxy's page":               {502, `<html>Bad Gateway</html>`, fault.Unknown, ReasonServerFailed},
		"a busy server":                {503, ``, fault.Unavailable, ReasonServerFailed},
		"too many requests":            {429, `slow down`, fault.Unavailable, ReasonTooManyFailures},
		"text without a code":          {404, `{"error":"not found"}`, fault.NotFound, ReasonEndpointUnknown},
		"a redirect nobody followed":   {302, ``, fault.Unsupported, ReasonRedirectRefused},
		"a teapot":                     {418, `{}`, fault.Invalid, ReasonServerRefused},
		"a code that is no number":     {400, `{"code":"22"}`, fault.Invalid, ReasonServerRefused},
		"a server that broke":          {500, `{"code":60}`, fault.Unknown, ReasonServerFailed},
		"a database that was busy":     {500, `{"code":5111}`, fault.Unknown, ReasonServerFailed},
		"a server that broke mutely":   {500, ``, fault.Unknown, ReasonServerFailed},
		"a request that came slowly":   {408, `<html>Request Timeout</html>`, fault.Unknown, ReasonServerFailed},
		"a method that is not offered": {405, ``, fault.Unsupported, ReasonMethodInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			f := fault.From(FaultOf(row.status, []byte(row.body)))
			if f.Kind != row.kind || f.Reason != row.reason {
				t.Errorf("%v, %q", f.Kind, f.Reason)
			}
		})
	}
}

// TestWhatAProxySaysOfAServerThatIsAway: a server that is started anew behind its proxy is
// no reason to doubt its address.
func TestWhatAProxySaysOfAServerThatIsAway(t *testing.T) {
	for _, row := range []struct {
		status     int
		body, want string
	}{
		{502, "<html>Bad Gateway</html>", "does the server run"},
		{503, "<html>No server is available</html>", "does the server run"},
		{504, "", "does the server run"},
		{200, "<html>Welcome, please log in</html>", "is this the right address"},
		{404, "<html>Not Found</html>", "is this the right address"},
		{404, "", "is this the address of a Taler bank"},
	} {
		if f := fault.From(FaultOf(row.status, []byte(row.body))); !strings.Contains(f.Hint, row.want) {
			t.Errorf("%d %s: %s", row.status, row.body, f.Hint)
		}
	}
}

func TestForeignTextIsMadeFitForATerminal(t *testing.T) {
	body, err := json.Marshal(ErrorDetail{Code: 1, Hint: "a\x1b[31mb\nc\u202ed" + strings.Repeat("é", 500)})
	if err != nil {
		t.Fatal(err)
	}
	text := FaultOf(400, body).Error()
	if strings.ContainsAny(text, "\x1b\n\u202e") || len([]rune(text)) > 300 {
		t.Errorf("%q", text)
	}
}
