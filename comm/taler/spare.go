package taler

import "encoding/json"

// spare reads a member on which nobody here relies, and which nobody has signed: one of
// another type than ours is as one that is missing, for the document is good without it.
func spare[T any](member json.RawMessage, into *T) {
	var v T
	if len(member) > 0 && decode(member, &v) == nil {
		*into = v
	}
}

// UnmarshalJSON takes whatever type for members that only say how something is shown, or
// estimate what others take. What is signed, and what bounds, is of our types.
func (k *Keys) UnmarshalJSON(document []byte) error {
	type plain Keys
	in := struct {
		*plain
		BaseURL               json.RawMessage `json:"base_url"`
		CurrencySpecification json.RawMessage `json:"currency_specification"`
		StefanAbs             json.RawMessage `json:"stefan_abs"`
		StefanLog             json.RawMessage `json:"stefan_log"`
		AssetType             json.RawMessage `json:"asset_type"`
		RewardsAllowed        json.RawMessage `json:"rewards_allowed"`
		WADs                  json.RawMessage `json:"wads"`
		ShoppingURL           json.RawMessage `json:"shopping_url"`
		TinyAmount            json.RawMessage `json:"tiny_amount"`
	}{plain: (*plain)(k)}
	if err := decode(document, &in); err != nil {
		return err
	}
	spare(in.BaseURL, &k.BaseURL)
	spare(in.CurrencySpecification, &k.CurrencySpecification)
	spare(in.StefanAbs, &k.StefanAbs)
	spare(in.StefanLog, &k.StefanLog)
	spare(in.AssetType, &k.AssetType)
	spare(in.RewardsAllowed, &k.RewardsAllowed)
	spare(in.WADs, &k.WADs)
	spare(in.ShoppingURL, &k.ShoppingURL)
	spare(in.TinyAmount, &k.TinyAmount)
	return nil
}

// UnmarshalJSON takes whatever type for members that say nothing of how to withdraw.
func (c *ExchangeConfig) UnmarshalJSON(document []byte) error {
	type plain ExchangeConfig
	in := struct {
		*plain
		Implementation        json.RawMessage `json:"implementation"`
		CurrencySpecification json.RawMessage `json:"currency_specification"`
		ShoppingURL           json.RawMessage `json:"shopping_url"`
		KYCRequirements       json.RawMessage `json:"supported_kyc_requirements"`
		BalanceLimits         json.RawMessage `json:"wallet_balance_limit_without_kyc"`
	}{plain: (*plain)(c)}
	if err := decode(document, &in); err != nil {
		return err
	}
	spare(in.Implementation, &c.Implementation)
	spare(in.CurrencySpecification, &c.CurrencySpecification)
	spare(in.ShoppingURL, &c.ShoppingURL)
	spare(in.KYCRequirements, &c.KYCRequirements)
	spare(in.BalanceLimits, &c.BalanceLimits)
	return nil
}

// UnmarshalJSON takes whatever type for members that say nothing of how to withdraw.
func (c *IntegrationConfig) UnmarshalJSON(document []byte) error {
	type plain IntegrationConfig
	in := struct {
		*plain
		Implementation        json.RawMessage `json:"implementation"`
		CurrencySpecification json.RawMessage `json:"currency_specification"`
	}{plain: (*plain)(c)}
	if err := decode(document, &in); err != nil {
		return err
	}
	spare(in.Implementation, &c.Implementation)
	spare(in.CurrencySpecification, &c.CurrencySpecification)
	return nil
}
