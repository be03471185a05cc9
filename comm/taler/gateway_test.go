package taler

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// FuzzGatewayDocuments: what an exchange or a terminal sends is read, or refused
// as the sender's fault; what passes its check reads back as it was.
func FuzzGatewayDocuments(f *testing.F) {
	for _, seed := range []string{
		`{"request_uid":"` + zeros(102) + `8","amount":"CHF:1","exchange_base_url":"https://e/","wtid":"` + someKey + `","credit_account":"` + string(somePayto) + `","metadata":"a:b"}`,
		`{"amount":"CHF:1","reserve_pub":"` + someKey + `","account_pub":"` + someKey + `","debit_account":"` + string(somePayto) + `"}`,
		`{"amount":"CHF:1","lock":"l","expires":{"t_s":"never"}}`, `{"credit_account":7}`, `{"credit_account":"iban"}`, `{`, `null`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		readsBack(t, document, TransferRequest.Check)
		readsBack(t, document, AddIncomingRequest.Check)
		readsBack(t, document, AddKYCAuthRequest.Check)
		readsBack(t, document, WithdrawLimitLock.Check)
	})
}

func readsBack[D comparable](t *testing.T, document []byte, check func(D, string) error) {
	t.Helper()
	var in, again D
	err := Unmarshal(document, &in)
	if err == nil {
		err = check(in, "CHF")
	}
	if err != nil {
		if status, _ := StatusOf(err); status != 400 || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s is refused with %d: %v", document, status, err)
		}
		return
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := Unmarshal(text, &again); err != nil || again != in {
		t.Errorf("%s was written as %s and read as %+v, %v", document, text, again, err)
	}
}
