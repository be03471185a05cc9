package controller

import "github.com/swaperoo/swaperoo/comm/fault"

// ReasonPartPaid refuses to take a part of a payment that an earlier operation of the same
// payer has paid.
const ReasonPartPaid fault.Reason = "part-paid"

// Names in an invoice that have a meaning for a payment.
const (
	InvoiceAmount = "amount" // what is to be paid

	// Of a payment of several instruments.
	InvoicePayment = "payment" // names the whole payment, uniquely for its payer
	InvoicePart    = "part"    // names the part; a part that is tried again keeps the name until it has certainly failed
	InvoiceTotal   = "total"   // the sum of all parts

	// Of what a card pays.
	InvoiceReference = "reference" // by which the charge is found at the provider
	InvoiceMerchant  = "merchant"  // as the customer sees it on the card statement
	InvoiceReserve   = "reserve"   // of a withdrawal: the groups of the wallet that selected it, which asks by them alone
	InvoiceCharge    = "charge"    // "once": the reference may be charged by one operation only

	// Of what is paid into an account.
	InvoiceAccount = "account"
	InvoiceLabel   = "label" // chosen by the holder; a second payment with it is a repetition

	// InvoiceRefund names the operation whose payment shall come back.
	InvoiceRefund = "refund"
)

// InvoiceWords are the names that have a meaning for every payment. What is bought has
// other names; the account that is paid into is one of those.
func InvoiceWords() []string {
	return []string{
		InvoicePayment, InvoicePart, InvoiceTotal, InvoiceAmount, InvoiceRefund,
		InvoiceReference, InvoiceMerchant, InvoiceReserve, InvoiceCharge,
	}
}
