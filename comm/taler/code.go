package taler

// Code is a number of GANA's registry of GNU Taler error codes. Programs look at
// nothing else in an error body.
type Code int

// The codes of the bank's APIs that are said or understood here (GANA; Taler docs, "The error object").
const (
	CodeNone                 Code = 0
	CodeVersionMalformed     Code = 12
	CodeMethodInvalid        Code = 20
	CodeEndpointUnknown      Code = 21
	CodeJSONInvalid          Code = 22
	CodeHeadersMalformed     Code = 23
	CodePaytoMalformed       Code = 24
	CodeParameterMissing     Code = 25
	CodeParameterMalformed   Code = 26
	CodeReservePubMalformed  Code = 27
	CodeCompressionInvalid   Code = 28
	CodeCurrencyMismatch     Code = 30
	CodeURITooLong           Code = 31
	CodeUploadTooLarge       Code = 32
	CodeUnauthorized         Code = 40
	CodeTokenUnknown         Code = 41
	CodeTokenExpired         Code = 42
	CodeTokenMalformed       Code = 43
	CodeForbidden            Code = 44
	CodeDBCommitFailed       Code = 54
	CodeDBSoftFailure        Code = 55
	CodeInvariantFailure     Code = 60
	CodeUnallowedDebit       Code = 5102
	CodeNumberTooBig         Code = 5104
	CodeUnknownAccount       Code = 5106
	CodeTransactionNotFound  Code = 5107
	CodeBadFormatAmount      Code = 5108
	CodeNoRights             Code = 5109
	CodeRequestUIDReused     Code = 5112
	CodeSelectionConflict    Code = 5113
	CodeDuplicateReservePub  Code = 5114
	CodeAbortConfirmConflict Code = 5116
	CodeConfirmAbortConflict Code = 5117
	CodeSelectionRequired    Code = 5119
	CodeUnknownCreditor      Code = 5124
	CodeAccountIsExchange    Code = 5126
	CodeAccountIsNotExchange Code = 5127
	CodeConfirmIncomplete    Code = 5130
	CodeAmountDiffers        Code = 5148
	CodeAmountRequired       Code = 5149
	CodeUpdateAbortConflict  Code = 5153
	CodeTransferWTIDReused   Code = 5154
	CodeEnd                  Code = 9999 // a status that has no code of its own
)

// The codes of an exchange that a withdrawal can meet.
const (
	CodeDenominationUnknown  Code = 1005
	CodeDenominationNotYet   Code = 1008
	CodeDenominationExpired  Code = 1009
	CodeDenominationRevoked  Code = 1010
	CodeReserveUnknown       Code = 1027
	CodeKYCRequired          Code = 1028
	CodeInsufficientFunds    Code = 1150
	CodeReserveSignature     Code = 1154
	CodeDenominationKeyLost  Code = 1158
	CodeBatchPartlyWithdrawn Code = 1175
	CodeReserveStatusUnknown Code = 1250 // exchanges before 2023 said this for CodeReserveUnknown
)

// ErrorDetail is the body of every answer that is not 2xx.
type ErrorDetail struct {
	Code   Code   `json:"code"`
	Hint   string `json:"hint,omitempty"`   // for people
	Detail string `json:"detail,omitempty"` // what this event was about
}
