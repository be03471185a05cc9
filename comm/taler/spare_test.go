package taler

import (
	"encoding/json"
	"testing"
)

// A member that nobody needs may be of whatever type; one that is needed, or signed, may not.
func TestMembersThatNobodyNeeds(t *testing.T) {
	for _, row := range []struct {
		document any
		spared   []string
		needed   []string
	}{
		{
			&Keys{},
			[]string{"base_url", "currency_specification", "stefan_abs", "stefan_log", "stefan_lin", "asset_type", "rewards_allowed", "wads", "shopping_url", "tiny_amount"},
			[]string{
				"version", "currency", "master_public_key", "signkeys", "accounts", "denominations", "wire_fees", "global_fees", "auditors", "recoup", "hard_limits", "zero_limits",
				"wallet_balance_limit_without_kyc", "reserve_closing_delay", "list_issue_date", "extensions_sig", "exchange_pub", "exchange_sig",
			},
		},
		{&ExchangeConfig{}, []string{"implementation", "currency_specification", "shopping_url", "supported_kyc_requirements", "wallet_balance_limit_without_kyc"}, []string{"name", "version", "currency"}},
		{&IntegrationConfig{}, []string{"implementation", "currency_specification"}, []string{"name", "version", "currency"}},
	} {
		for _, odd := range []string{`[{"a":1}]`, `{"num_fractional_input_digits":"two"}`, `7.5`, `true`, `"text"`} {
			for _, name := range row.spared {
				if err := Unmarshal([]byte(`{"`+name+`":`+odd+`}`), row.document); err != nil {
					t.Errorf("%T: %s as %s: %v", row.document, name, odd, err)
				}
			}
		}
		for _, name := range row.needed {
			if err := Unmarshal([]byte(`{"`+name+`":true}`), row.document); err == nil {
				t.Errorf("%T: %s may be of another type", row.document, name)
			}
		}
	}
	var c IntegrationConfig
	if err := json.Unmarshal([]byte(`{"currency_specification":{"name":"Franc"},"implementation":"urn:x"}`), &c); err != nil || c.CurrencySpecification.Name != "Franc" || c.Implementation != "urn:x" {
		t.Errorf("what is of our type is not read: %+v, %v", c, err)
	}
}
