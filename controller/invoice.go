package controller

import "github.com/swaperoo/swaperoo/comm/fault"

// ReasonPartPaid refuses to take a part of a payment that an earlier operation of the same
// payer has paid.
const ReasonPartPaid fault.Reason = "part-paid"

// Names in an invoice that have a meaning for a payment.
const (
	InvoiceAmount = "amount" // what is to be paid

	// Of a payment of several instruments.
	InvoicePayment = "payment" // the name of the parent, one for each payer
	InvoicePart    = "part"    // the part's; one that is tried again keeps it until it has surely failed
	InvoiceTotal   = "total"   // of all parts

	// Of what a card pays.
	InvoiceReference = "reference" // what the charge is found by at the provider
	InvoiceMerchant  = "merchant"  // as the customer sees it on the card statement
	InvoiceReserve   = "reserve"   // of a withdrawal: the groups of the wallet that selected it
	InvoiceCharge    = "charge"    // "once": it is for one operation

	// Of what is paid into an account.
	InvoiceAccount = "account"
	InvoiceLabel   = "label" // the holder's; the same one is the same payment

	// InvoiceRefund names the operation whose payment shall come back.
	InvoiceRefund = "refund"
)

// InvoiceWords are names of an invoice that have a meaning for a payment. What is
// bought has other names; a vendor's account that is paid into is one of those.
func InvoiceWords() []string {
	return []string{
		InvoicePayment, InvoicePart, InvoiceTotal, InvoiceAmount, InvoiceRefund,
		InvoiceReference, InvoiceMerchant, InvoiceReserve, InvoiceCharge,
	}
}
