package bank

// Unique keys of the bank's instruments: what nobody else may claim. An audit looks them
// up by the same names.
const (
	KeyWOPID      = "wopid"       // of a withdrawal
	KeyReservePub = "reserve_pub" // of a withdrawal that was selected
	KeyProviderTx = "provider_tx" // of a confirmed one, its payment: ProviderTx
	KeyPayment    = "payment"     // of a return, the same of the payment that goes back
	KeyRequestUID = "request_uid" // of a transfer; of a further exchange behind NAME/
	KeyWTID       = "wtid"        // of a transfer, likewise
)

// ProviderTx spells a payment in a key.
func ProviderTx(provider, transaction string) string { return provider + "/" + transaction }
