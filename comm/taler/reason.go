package taler

import "github.com/swaperoo/swaperoo/comm/fault"

// The reasons for which a Taler operation is refused. Each stands in the table
// below with its kind, its HTTP status and its Taler code.
const (
	ReasonVersionMalformed     fault.Reason = "version-malformed"
	ReasonVersionIncompatible  fault.Reason = "version-incompatible"
	ReasonMethodInvalid        fault.Reason = "method-invalid"
	ReasonEndpointUnknown      fault.Reason = "endpoint-unknown"
	ReasonExchangeUnknown      fault.Reason = "exchange-unknown" // that the bank has an account of
	ReasonJSONInvalid          fault.Reason = "json-invalid"
	ReasonHeadersMalformed     fault.Reason = "headers-malformed"
	ReasonPaytoMalformed       fault.Reason = "payto-malformed"
	ReasonAccountMalformed     fault.Reason = "account-malformed" // a payto where its fault has a code of its own
	ReasonParameterMissing     fault.Reason = "parameter-missing"
	ReasonParameterMalformed   fault.Reason = "parameter-malformed"
	ReasonWOPIDMalformed       fault.Reason = "wopid-malformed"
	ReasonReservePubMalformed  fault.Reason = "reserve-pub-malformed"
	ReasonCompression          fault.Reason = "compression"         // the body does not inflate
	ReasonCompressionUnknown   fault.Reason = "compression-unknown" // an encoding that is not offered
	ReasonCurrencyMismatch     fault.Reason = "currency-mismatch"
	ReasonUploadTooLarge       fault.Reason = "upload-too-large"
	ReasonURITooLong           fault.Reason = "uri-too-long"
	ReasonUnauthorized         fault.Reason = "unauthorized"
	ReasonForbidden            fault.Reason = "forbidden"
	ReasonTooManyFailures      fault.Reason = "too-many-failures"
	ReasonUnknownOperation     fault.Reason = "unknown-operation"
	ReasonUnknownAccount       fault.Reason = "unknown-account"
	ReasonNotExchange          fault.Reason = "not-exchange"
	ReasonSelectionConflict    fault.Reason = "reserve-selection-conflict"
	ReasonReserveTaken         fault.Reason = "reserve-taken"
	ReasonAmountDiffers        fault.Reason = "amount-differs"
	ReasonAmountRequired       fault.Reason = "amount-required"
	ReasonAmountOutOfRange     fault.Reason = "amount-out-of-range"
	ReasonFeesTooLow           fault.Reason = "terminal-fees-too-low" // of a terminal that takes a percentage
	ReasonAbortConfirmConflict fault.Reason = "abort-confirm-conflict"
	ReasonConfirmAbortConflict fault.Reason = "confirm-abort-conflict"
	ReasonUpdateAbortConflict  fault.Reason = "update-abort-conflict"
	ReasonNotSelected          fault.Reason = "not-selected"
	ReasonRequestUIDReused     fault.Reason = "request-uid-reused"
	ReasonPaymentDiffers       fault.Reason = "payment-differs" // a second notice names another payment
	ReasonWTIDReused           fault.Reason = "wtid-reused"
	ReasonUnknownCreditor      fault.Reason = "unknown-creditor" // a transfer to what no card has paid
	ReasonAccountIsExchange    fault.Reason = "account-is-exchange"
	ReasonQuotaExceeded        fault.Reason = "quota-exceeded"
	ReasonLockUnknown          fault.Reason = "lock-unknown"
	ReasonLockDiffers          fault.Reason = "lock-differs"
	ReasonUnknownTransfer      fault.Reason = "unknown-transfer"
	ReasonTransferExceeds      fault.Reason = "transfer-exceeds" // more than is left of the payment
	ReasonHistoryMalformed     fault.Reason = "history-malformed"
	ReasonAnswerMalformed      fault.Reason = "answer-malformed"
	ReasonAnswerTooLarge       fault.Reason = "answer-too-large"
	ReasonAddressRefused       fault.Reason = "address-refused"
	ReasonRedirectRefused      fault.Reason = "redirect-refused"
	ReasonServerRefused        fault.Reason = "server-refused" // with a status, and nothing that says more
	ReasonServerFailed         fault.Reason = "server-failed"
	ReasonWithdrawURIMalformed fault.Reason = "withdraw-uri-malformed"
	ReasonReserveUnknown       fault.Reason = "reserve-unknown"
	ReasonReserveSignature     fault.Reason = "reserve-signature-invalid"
	ReasonInsufficientFunds    fault.Reason = "insufficient-funds"
	ReasonDenominationUnknown  fault.Reason = "denomination-unknown"
	ReasonDenominationNotYet   fault.Reason = "denomination-not-yet-valid"
	ReasonDenominationExpired  fault.Reason = "denomination-expired"
	ReasonDenominationRevoked  fault.Reason = "denomination-revoked"
	ReasonDenominationKeyLost  fault.Reason = "denomination-key-lost"
	ReasonDenominationsForeign fault.Reason = "denominations-foreign" // listed, and none that a wallet can use
	ReasonNoDenominations      fault.Reason = "no-denominations"      // that can be used now
	ReasonFeesRisen            fault.Reason = "fees-risen"            // above what the person has agreed to
	ReasonBatchPartlyWithdrawn fault.Reason = "batch-partly-withdrawn"
	ReasonKYCRequired          fault.Reason = "kyc-required"
	reasonAmountMalformed      fault.Reason = "amount-malformed" // instrument's
	reasonAmountTooLarge       fault.Reason = "amount-too-large" // instrument's
	reasonCurrencyDiffers      fault.Reason = "currency-differs" // instrument's
	reasonBase32Malformed      fault.Reason = "base32-malformed" // crypto/taler's
)

// row is one line of the table from a fault to what Taler's software is told.
type row struct {
	reason fault.Reason
	kind   fault.Kind
	status int
	code   Code
}

// table is read in both directions: a server takes the first line of a reason, a
// client the first line of a code (with the same status, if there is one). Lines
// of a reason after its first are what other servers say for the same thing.
var table = [...]row{
	{ReasonVersionMalformed, fault.Invalid, 400, CodeVersionMalformed},
	{ReasonMethodInvalid, fault.Unsupported, 405, CodeMethodInvalid},
	{ReasonEndpointUnknown, fault.NotFound, 404, CodeEndpointUnknown},
	{ReasonExchangeUnknown, fault.NotFound, 404, CodeEndpointUnknown},
	{ReasonJSONInvalid, fault.Invalid, 400, CodeJSONInvalid},
	{reasonBase32Malformed, fault.Invalid, 400, CodeJSONInvalid},
	{ReasonHeadersMalformed, fault.Invalid, 400, CodeHeadersMalformed},
	{ReasonPaytoMalformed, fault.Invalid, 400, CodePaytoMalformed},
	{ReasonAccountMalformed, fault.Invalid, 400, CodePaytoMalformed},
	{ReasonParameterMissing, fault.Invalid, 400, CodeParameterMissing},
	{ReasonParameterMalformed, fault.Invalid, 400, CodeParameterMalformed},
	{ReasonWOPIDMalformed, fault.Invalid, 400, CodeParameterMalformed},
	{ReasonReservePubMalformed, fault.Invalid, 400, CodeReservePubMalformed},
	{ReasonCompression, fault.Invalid, 400, CodeCompressionInvalid},
	{ReasonCompressionUnknown, fault.Unsupported, 415, CodeCompressionInvalid},
	{ReasonCurrencyMismatch, fault.Invalid, 400, CodeCurrencyMismatch},
	{reasonCurrencyDiffers, fault.Invalid, 400, CodeCurrencyMismatch},
	{ReasonURITooLong, fault.Invalid, 414, CodeURITooLong},
	{ReasonUploadTooLarge, fault.Invalid, 413, CodeUploadTooLarge},
	{reasonAmountMalformed, fault.Invalid, 400, CodeBadFormatAmount},
	{reasonAmountTooLarge, fault.Invalid, 400, CodeNumberTooBig},
	{ReasonUnauthorized, fault.Denied, 401, CodeUnauthorized},
	{ReasonUnauthorized, fault.Denied, 401, CodeTokenUnknown},
	{ReasonUnauthorized, fault.Denied, 401, CodeTokenExpired},
	{ReasonUnauthorized, fault.Denied, 401, CodeTokenMalformed},
	{ReasonUnauthorized, fault.Denied, 401, CodeParameterMissing}, // libeufin, without Authorization
	{ReasonForbidden, fault.Denied, 403, CodeForbidden},
	{ReasonForbidden, fault.Denied, 403, CodeNoRights},
	{ReasonTooManyFailures, fault.Unavailable, 429, CodeEnd},

	{ReasonUnknownOperation, fault.NotFound, 404, CodeTransactionNotFound},
	{ReasonUnknownAccount, fault.Conflict, 409, CodeUnknownAccount},
	{ReasonUnknownAccount, fault.NotFound, 404, CodeUnknownAccount}, // a history's account
	{ReasonNotExchange, fault.Conflict, 409, CodeAccountIsNotExchange},
	{ReasonSelectionConflict, fault.Conflict, 409, CodeSelectionConflict},
	{ReasonReserveTaken, fault.Conflict, 409, CodeDuplicateReservePub},
	{ReasonAmountDiffers, fault.Conflict, 409, CodeAmountDiffers},
	{ReasonAmountRequired, fault.Conflict, 409, CodeAmountRequired},
	{ReasonAmountOutOfRange, fault.Conflict, 409, CodeUnallowedDebit},
	{ReasonFeesTooLow, fault.Conflict, 409, CodeUnallowedDebit},
	{ReasonAbortConfirmConflict, fault.Conflict, 409, CodeAbortConfirmConflict},
	{ReasonConfirmAbortConflict, fault.Conflict, 409, CodeConfirmAbortConflict},
	{ReasonUpdateAbortConflict, fault.Conflict, 409, CodeUpdateAbortConflict},
	{ReasonNotSelected, fault.Conflict, 409, CodeConfirmIncomplete},
	{ReasonNotSelected, fault.Conflict, 400, CodeSelectionRequired}, // fakebank, libeufin
	{ReasonRequestUIDReused, fault.Conflict, 409, CodeRequestUIDReused},
	{ReasonPaymentDiffers, fault.Conflict, 409, CodeEnd},
	{ReasonWTIDReused, fault.Conflict, 409, CodeTransferWTIDReused},
	{ReasonUnknownCreditor, fault.Conflict, 409, CodeUnknownCreditor},
	{ReasonAccountIsExchange, fault.Conflict, 409, CodeAccountIsExchange},
	{ReasonUnknownTransfer, fault.NotFound, 404, CodeTransactionNotFound},
	{ReasonQuotaExceeded, fault.Conflict, 409, CodeUnallowedDebit},
	{ReasonLockUnknown, fault.NotFound, 404, CodeTransactionNotFound},
	{ReasonLockUnknown, fault.Conflict, 409, CodeUnallowedDebit}, // named by a withdrawal
	{ReasonLockDiffers, fault.Conflict, 409, CodeRequestUIDReused},
	{ReasonTransferExceeds, fault.Conflict, 409, CodeUnallowedDebit},

	{ReasonReserveUnknown, fault.NotFound, 404, CodeReserveUnknown},
	{ReasonReserveUnknown, fault.NotFound, 404, CodeReserveStatusUnknown},
	{ReasonReserveSignature, fault.Denied, 403, CodeReserveSignature},
	{ReasonInsufficientFunds, fault.Conflict, 409, CodeInsufficientFunds},
	{ReasonBatchPartlyWithdrawn, fault.Conflict, 409, CodeBatchPartlyWithdrawn},
	{ReasonDenominationUnknown, fault.NotFound, 404, CodeDenominationUnknown},
	{ReasonDenominationNotYet, fault.Conflict, 410, CodeDenominationNotYet},
	{ReasonDenominationExpired, fault.Conflict, 410, CodeDenominationExpired},
	{ReasonDenominationRevoked, fault.Conflict, 410, CodeDenominationRevoked},
	{ReasonDenominationKeyLost, fault.Conflict, 410, CodeDenominationKeyLost},
	{ReasonKYCRequired, fault.Denied, 451, CodeKYCRequired},
}

// byKind is what a fault gets whose reason is not in the table.
var byKind = [...]row{
	fault.Invalid:     {"", fault.Invalid, 400, CodeParameterMalformed},
	fault.Denied:      {"", fault.Denied, 403, CodeForbidden},
	fault.NotFound:    {"", fault.NotFound, 404, CodeTransactionNotFound},
	fault.Conflict:    {"", fault.Conflict, 409, CodeEnd},
	fault.Locked:      {"", fault.Locked, 503, CodeDBSoftFailure},
	fault.Declined:    {"", fault.Declined, 409, CodeUnallowedDebit},
	fault.Unsupported: {"", fault.Unsupported, 501, CodeEnd},
	fault.Unavailable: {"", fault.Unavailable, 503, CodeEnd},
	fault.Timeout:     {"", fault.Timeout, 503, CodeEnd},
	fault.Unknown:     {"", fault.Unknown, 504, CodeEnd},
	fault.Stuck:       {"", fault.Stuck, 500, CodeInvariantFailure},
	fault.Internal:    {"", fault.Internal, 500, CodeInvariantFailure},
	fault.Suspended:   {"", fault.Suspended, 503, CodeEnd},
}
