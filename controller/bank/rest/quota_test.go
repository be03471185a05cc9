package rest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// quotas grants each user CHF:100 a day, at a bank whose clock the test winds.
func quotas(t *testing.T) (*banktest.House, *atomic.Int64) {
	t.Helper()
	var now atomic.Int64
	now.Store(1_800_000_000)
	h := open(t, banktest.Options{
		Clock:  func() time.Time { return time.Unix(now.Load(), 0) },
		Decide: func(c *bank.Config) { c.Quotas = bank.Quotas{Amount: chf(t, "100"), Within: 24 * time.Hour} },
	})
	return h, &now
}

// limit asks what a user may withdraw.
func limit(t *testing.T, h *banktest.House, user string) taler.WithdrawLimit {
	t.Helper()
	out, err := h.Till(h.Terminal).Quota(withTimeout(t), user)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// begin sets a withdrawal of a user up and returns the answer.
func begin(t *testing.T, h *banktest.House, uid, amount, user, lock string) response {
	t.Helper()
	body := fmt.Sprintf(`{"request_uid":%q,"amount":"CHF:%s","user_uuid":%q,"lock":%q}`, uid, amount, user, lock)
	return send(t, h, request{method: "POST", path: "/withdrawals", login: h.Terminal, body: body})
}

// suggest is begin of an amount that the wallet may change.
func suggest(t *testing.T, h *banktest.House, uid, amount, user string) response {
	t.Helper()
	body := fmt.Sprintf(`{"request_uid":%q,"suggested_amount":"CHF:%s","user_uuid":%q}`, uid, amount, user)
	return send(t, h, request{method: "POST", path: "/withdrawals", login: h.Terminal, body: body})
}

// TestQuotas: what a user has withdrawn counts for a day, unless it was aborted,
// and what is locked cannot be had by others.
//
// Rows: quota limit, quota use.
func TestQuotas(t *testing.T) {
	h, now := quotas(t)
	ctx, till := withTimeout(t), h.Till(h.Terminal)
	day := int64(24 * 60 * 60)
	wants := func(what, left string, rises taler.Timestamp) {
		t.Helper()
		if got := limit(t, h, "anna"); got.Limit != chf(t, left) || got.Expiration != rises {
			t.Errorf("%s: %s until %s, want CHF:%s until %s", what, got.Limit, got.Expiration, left, rises)
		}
	}
	wants("a user who was never here", "100", taler.Never)
	start := now.Load()
	first := begin(t, h, "one", "30", "anna", "")
	first.want(t, 200, 0)
	begin(t, h, "one", "30", "anna", "").want(t, 200, 0)
	wants("one withdrawal, asked for twice", "70", taler.Timestamp(start+day))
	begin(t, h, "one", "30", "bert", "").want(t, 409, 5112)
	begin(t, h, "two", "70.01", "anna", "").want(t, 409, 5102)
	begin(t, h, "three", "100", "bert", "").want(t, 200, 0)
	begin(t, h, "long", "1", strings.Repeat("a", 257), "").want(t, 400, 22)

	now.Add(10)
	left, err := till.LockQuota(ctx, "anna", taler.WithdrawLimitLock{Amount: chf(t, "50"), Lock: "trip", Expires: taler.Timestamp(start + 70)})
	if err != nil || left.Limit != chf(t, "20") || left.Expiration != taler.Timestamp(start+70) {
		t.Errorf("%+v, %v", left, err)
	}
	begin(t, h, "four", "21", "anna", "").want(t, 409, 5102)
	begin(t, h, "five", "51", "anna", "trip").want(t, 409, 5102)
	begin(t, h, "six", "5", "anna", "journey").want(t, 409, 5102)
	begin(t, h, "seven", "45", "anna", "trip").want(t, 200, 0)
	begin(t, h, "seven", "45", "anna", "trip").want(t, 200, 0) // though the lock is consumed
	wants("a lock that was consumed", "25", taler.Timestamp(start+day))

	var made taler.TerminalWithdrawalSetupResponse
	if err := json.Unmarshal([]byte(first.body), &made); err != nil {
		t.Fatal(err)
	}
	if err := till.Abort(ctx, made.WithdrawalID); err != nil {
		t.Fatal(err)
	}
	wants("an aborted one", "55", taler.Timestamp(start+10+day))
	now.Add(day)
	wants("a day later", "100", taler.Never)
}

// TestALockLastsLonger when it is asked for again with a later end, and no less
// when an earlier request arrives once more; never longer than what is used counts.
func TestALockLastsLonger(t *testing.T) {
	h, now := quotas(t)
	till, start := h.Till(h.Terminal), now.Load()
	for _, c := range []struct{ asked, ends int64 }{{60, 60}, {600, 600}, {60, 600}, {1 << 40, 24 * 60 * 60}} {
		lock := taler.WithdrawLimitLock{Amount: chf(t, "50"), Lock: "trip", Expires: taler.Timestamp(start + c.asked)}
		left, err := till.LockQuota(withTimeout(t), "anna", lock)
		if err != nil || left.Limit != chf(t, "50") || left.Expiration != taler.Timestamp(start+c.ends) {
			t.Errorf("asked for %d seconds: %+v, %v, want the end after %d", c.asked, left, err, c.ends)
		}
	}
	now.Add(601)
	begin(t, h, "one", "50", "anna", "trip").want(t, 200, 0)
}

// TestAConsumedLockIsNotMadeAgain by a request that comes late, until the lock would
// have ended; other names, and those that were given back, are free.
//
// Rows: quota lock refused.
func TestAConsumedLockIsNotMadeAgain(t *testing.T) {
	h, now := quotas(t)
	lock := func(name, amount string) response {
		t.Helper()
		body := fmt.Sprintf(`{"amount":"%s","lock":%q,"expires":{"t_s":%d}}`, amount, name, 1_800_000_060)
		return send(t, h, request{method: "POST", path: "/quotas/anna/lock", login: h.Terminal, body: body})
	}
	lock("trip", "CHF:0").want(t, 400, 22)
	lock("trip", "CHF:50").want(t, 200, 0)
	begin(t, h, "one", "45", "anna", "trip").want(t, 200, 0)
	lock("trip", "CHF:50").want(t, 409, 5112)
	lock("trip", "CHF:5").want(t, 409, 5112)
	if got := limit(t, h, "anna"); got.Limit != chf(t, "55") {
		t.Errorf("%s is left", got.Limit)
	}
	begin(t, h, "two", "5", "anna", "trip").want(t, 409, 5102)
	send(t, h, request{method: "DELETE", path: "/quotas/anna/lock/trip", login: h.Terminal}).want(t, 404, 5107)
	lock("journey", "CHF:50").want(t, 200, 0)
	send(t, h, request{method: "DELETE", path: "/quotas/anna/lock/journey", login: h.Terminal}).want(t, 204, 0)
	lock("journey", "CHF:40").want(t, 200, 0)
	now.Add(60)
	soon := fmt.Sprintf(`{"amount":"CHF:55","lock":"trip","expires":{"t_s":%d}}`, now.Load()+60)
	send(t, h, request{method: "POST", path: "/quotas/anna/lock", login: h.Terminal, body: soon}).want(t, 200, 0)
}

// TestLocks: they have names, ends and owners.
//
// Rows: quota lock, quota lock refused, quota unlock.
func TestLocks(t *testing.T) {
	h, now := quotas(t)
	lock := func(user, name, amount string, expires any) response {
		t.Helper()
		body := fmt.Sprintf(`{"amount":"%s","lock":%q,"expires":{"t_s":%v}}`, amount, name, expires)
		return send(t, h, request{method: "POST", path: "/quotas/" + user + "/lock", login: h.Terminal, body: body})
	}
	soon := now.Load() + 60
	lock("anna", "a", "CHF:60", soon).want(t, 200, 0)
	lock("anna", "a", "CHF:60", soon).want(t, 200, 0)
	lock("anna", "a", "CHF:61", soon).want(t, 409, 5112)
	refused := lock("anna", "b", "CHF:41", soon)
	refused.want(t, 409, 5102)
	var left taler.WithdrawLimit
	if err := json.Unmarshal([]byte(refused.body), &left); err != nil || left.Limit != chf(t, "40") || left.Expiration != taler.Timestamp(soon) {
		t.Errorf("the refusal says %s", refused.body)
	}
	lock("bert", "b", "CHF:100", `"never"`).want(t, 200, 0)
	if got := limit(t, h, "bert"); got.Expiration != taler.Timestamp(now.Load()+24*60*60) {
		t.Errorf("a lock for ever ends %s", got.Expiration)
	}
	lock("anna", "c", "CHF:1", now.Load()).want(t, 400, 22)
	lock("anna", "c", "EUR:1", soon).want(t, 400, 30)
	lock("anna", "c", "CHF:1.", soon).want(t, 400, 5108)
	lock("anna", "", "CHF:1", soon).want(t, 400, 22)
	for _, user := range []string{strings.Repeat("x", 300), "%00", "a%0Ab", "%ff"} { // in a path, and no member of a document
		lock(user, "c", "CHF:1", soon).want(t, 400, 26)
		send(t, h, request{method: "GET", path: "/quotas/" + user, login: h.Terminal}).want(t, 400, 26)
		send(t, h, request{method: "DELETE", path: "/quotas/" + user + "/lock/c", login: h.Terminal}).want(t, 400, 26)
	}
	lock("anna", strings.Repeat("x", 300), "CHF:1", soon).want(t, 400, 22)
	for body, code := range map[string]taler.Code{
		`{`: 22, `{"lock":"c","expires":{"t_s":9999999999}}`: 22, `{"amount":"CHF:1","lock":"c"}`: 22, `{"amount":"CHF:1","lock":"c","expires":9}`: 22,
	} {
		send(t, h, request{method: "POST", path: "/quotas/anna/lock", login: h.Terminal, body: body}).want(t, 400, code)
	}
	unlock := func(user, name string) response {
		t.Helper()
		return send(t, h, request{method: "DELETE", path: "/quotas/" + user + "/lock/" + name, login: h.Terminal})
	}
	unlock("bert", "a").want(t, 404, 5107)
	unlock("nobody", "a").want(t, 404, 5107)
	unlock("anna", "a").want(t, 204, 0)
	unlock("anna", "a").want(t, 404, 5107)
	lock("anna", "d", "CHF:100", soon).want(t, 200, 0)
	now.Add(61)
	unlock("anna", "d").want(t, 404, 5107) // it has ended
	if got := limit(t, h, "anna"); got.Limit != chf(t, "100") {
		t.Errorf("%s is left", got.Limit)
	}
	send(t, h, request{method: "POST", path: "/withdrawals", login: h.Terminal, body: `{"request_uid":"u","amount":"CHF:1","lock":"a"}`}).want(t, 400, 22)
	send(t, h, request{method: "GET", path: "/quotas/anna"}).want(t, 401, 40)
}

// TestQuotasOfAnAmountThatTheWalletChooses: the wallet sees how much it may be,
// and no more is paid; what it has chosen counts.
//
// Rows: quota use, status of a free amount.
func TestQuotasOfAnAmountThatTheWalletChooses(t *testing.T) {
	h, _ := quotas(t)
	ctx := withTimeout(t)
	begin(t, h, "before", "30", "anna", "").want(t, 200, 0)
	free, err := h.Till(h.Terminal).SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "free", SuggestedAmount: chf(t, "20"), UserUUID: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Wallet().Operation(ctx, free.WithdrawalID, taler.LongPoll{})
	if err != nil || s.MaxAmount != chf(t, "70") || s.SuggestedAmount != chf(t, "20") {
		t.Errorf("the wallet sees %+v, %v", s, err)
	}
	if got := limit(t, h, "anna"); !got.Limit.IsZero() {
		t.Errorf("%s is left while a wallet may take all", got.Limit)
	}
	choose := func(amount string) response {
		return send(t, h, request{
			method: "POST", path: "/taler-integration/withdrawal-operation/" + free.WithdrawalID.Text(),
			body: `{"reserve_pub":"` + key(1).String() + `","selected_exchange":"` + goodExchange + `","amount":"CHF:` + amount + `"}`,
		})
	}
	choose("70.01").want(t, 409, 5102)
	choose("25").want(t, 200, 0)
	if got := limit(t, h, "anna"); got.Limit != chf(t, "45") {
		t.Errorf("%s is left", got.Limit)
	}
	suggest(t, h, "too much", "45.01", "anna").want(t, 409, 5102)
	if got := limit(t, h, "anna"); got.Limit != chf(t, "45") {
		t.Errorf("%s is left after a suggestion that was refused", got.Limit)
	}
	send(t, h, request{method: "POST", path: "/withdrawals", login: h.Terminal, body: `{"request_uid":"none","user_uuid":"anna","lock":"x"}`}).want(t, 409, 5102)
}

// TestNamesInPaths: users and locks are called as tills like, and what a body names a
// path names as well: with the slash that is in the middle of many tills' names.
//
// Rows: quota limit, quota lock.
func TestNamesInPaths(t *testing.T) {
	h, _ := quotas(t)
	ctx, till := withTimeout(t), h.Till(h.Terminal)
	for _, name := range []string{"till-1/4711", "a/", "%2F", "a b?c#d", "äöü", "a;b,c+d", ".."} {
		begin(t, h, name, "10", name, "").want(t, 200, 0)
		if _, err := till.LockQuota(ctx, name, taler.WithdrawLimitLock{Amount: chf(t, "20"), Lock: name, Expires: 1_800_000_070}); err != nil {
			t.Fatalf("%q cannot lock: %v", name, err)
		}
		if got := limit(t, h, name); got.Limit != chf(t, "70") {
			t.Errorf("%s is left of %q", got.Limit, name)
		}
		if err := till.UnlockQuota(ctx, name, name); err != nil {
			t.Errorf("%q cannot be unlocked: %v", name, err)
		}
	}
}

// TestQuotasAtOnce: of many withdrawals of one user as many are taken as fit.
//
// Rows: quota use.
func TestQuotasAtOnce(t *testing.T) {
	h, _ := quotas(t)
	good := 0
	for _, got := range atOnce(t, h, 20, func(i int) request {
		return request{method: "POST", path: "/withdrawals", login: h.Terminal, body: fmt.Sprintf(`{"request_uid":"%d","amount":"CHF:30","user_uuid":"anna"}`, i)}
	}) {
		if got.status == 200 {
			good++
			continue
		}
		got.want(t, 409, 5102)
	}
	if got := limit(t, h, "anna"); good != 3 || got.Limit != chf(t, "10") {
		t.Errorf("%d were taken and %s is left", good, got.Limit)
	}
}

// TestBounds of what one withdrawal may be are told to wallets, and kept.
//
// Rows: setup bounds, select 13, status of a free amount.
func TestBounds(t *testing.T) {
	h := open(t, banktest.Options{Decide: func(c *bank.Config) { c.MinAmount, c.MaxAmount = chf(t, "5"), chf(t, "50") }})
	ctx := withTimeout(t)
	for amount, status := range map[string]int{"4.99": 409, "5": 200, "50": 200, "50.01": 409} {
		code := taler.Code(0)
		if status == 409 {
			code = 5102
		}
		begin(t, h, "u"+amount, amount, "", "").want(t, status, code)
		suggest(t, h, "s"+amount, amount, "").want(t, status, code)
	}
	free, err := h.Till(h.Terminal).SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "free"})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := h.Wallet().Operation(ctx, free.WithdrawalID, taler.LongPoll{}); err != nil || s.MinAmount != chf(t, "5") || s.MaxAmount != chf(t, "50") {
		t.Errorf("the wallet sees %+v, %v", s, err)
	}
	for amount, want := range map[string][2]int{"4": {409, 5102}, "51": {409, 5102}} {
		send(t, h, request{
			method: "POST", path: "/taler-integration/withdrawal-operation/" + free.WithdrawalID.Text(),
			body: `{"reserve_pub":"` + key(1).String() + `","selected_exchange":"` + goodExchange + `","amount":"CHF:` + amount + `"}`,
		}).want(t, want[0], taler.Code(want[1]))
	}
}

// TestWithoutQuotasThereAreNoPaths, whatever is sent to them.
//
// Rows: quota limit.
func TestWithoutQuotasThereAreNoPaths(t *testing.T) {
	h := open(t, banktest.Options{})
	for _, r := range []request{
		{method: "GET", path: "/quotas/anna"},
		{method: "POST", path: "/quotas/anna/lock", body: `{"amount":"CHF:1","lock":"l","expires":{"t_s":"never"}}`},
		{method: "POST", path: "/quotas/anna/lock"},
		{method: "POST", path: "/quotas/anna/lock", body: `{"amount":"EUR:1"}`},
		{method: "DELETE", path: "/quotas/anna/lock/l"},
	} {
		r.login = h.Terminal
		send(t, h, r).want(t, 404, taler.CodeEndpointUnknown)
	}
}
