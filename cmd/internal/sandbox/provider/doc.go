// Package provider is a simulator of a card payment provider: a company that
// charges cards for merchants, tells what became of a payment and gives money
// back. No money is behind it. It is strict, keeps its books in a file of its own
// and answers as one that can be late, decline or not know yet, on request.
//
// The API is JSON over HTTP, without credentials; amounts are of any currency:
//
//	POST /payments                {"amount","reference","token"} → {"id","state"}
//	GET  /payments/ID             → {"id","state","amount","refunded","reference",…}
//	GET  /payments?reference=R    → {"payments":[…]}, oldest first
//	POST /payments/ID/refunds     {"amount","external_id"} → {"id","state",…}
//	POST /payments/ID/settle      {"state":"paid"|"failed"}: decides a pending payment
//
// A payment with a "space" has a number for an id and is shown by wallee's web
// service, version 1, under /api/, to the application users of that space, who
// sign every request (AddUser):
//
//	GET  /api/transaction/read?spaceId=S&id=N
//	POST /api/transaction/search?spaceId=S   by merchantReference
//	POST /api/refund/refund?spaceId=S        repeated by its externalId
//	GET  /api/refund/read?spaceId=S&id=N
//
// settle takes wallee's own words for it: AUTHORIZED, COMPLETED, FULFILL, DECLINE…
//
// A state is pending, paid or failed; a failed payment says why in "reason". The
// header Idempotency-Key makes a repeated POST /payments safe: the answer is the
// first payment under the key, even if the order differs. A refund is repeated by
// its external_id. settle is a control of the simulator that no real provider offers.
//
// A token is a plastic card's word (approved, declined, timeout, pending) or a
// one-time authorisation of a test card (plugins/card/onetime). A POST may name
// the "merchant". Then an authorisation for another merchant is refused, and a
// reference is paid once: a second payment is refused unless the first one failed.
// Without a merchant a reference may be paid any number of times. Errors are
// {"error":{"kind","reason","message","hint"}}. /openapi.yaml says all of it.
package provider
