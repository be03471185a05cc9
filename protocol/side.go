package protocol

// Side tells the two runs of one operation apart (paper §2.6).
type Side string

// The sides.
const (
	Initiator Side = "initiator"
	Servicer  Side = "servicer"
)
