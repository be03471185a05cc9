// Package wallee is the part of Wallee's web service, version 1, that a bank
// needs of a payment provider: the MAC under every request, transactions with
// their states and exact amounts, searches by merchant reference, and refunds.
// It is the wire alone: who asks, and what follows from an answer, is decided
// elsewhere.
//
//	header := wallee.Sign(key, user, now, http.MethodGet, "/api/transaction/read?spaceId=405&id=7")
package wallee
