package protocol

// Point names a place in the life of an operation at which its process may end:
// on either side of each commit and of everything that enters or leaves. Tests
// kill the process at each of them.
type Point string

// The points, in the order in which a plain operation with a peer passes them.
const (
	PointBegin        Point = "begin"          // the instruments are leased in memory
	PointSteps        Point = "steps"          // the code has handed steps over
	PointBeforeFlush  Point = "flush.before"   // the unit of work is ready
	PointAfterFlush   Point = "flush.after"    // it is on disk, and nobody has heard of it
	PointBeforeSend   Point = "execute.before" // the request is about to go to the peer
	PointAfterSend    Point = "execute.after"  // the peer's answer is here, in memory
	PointBeforeSay    Point = "say.before"
	PointAfterSay     Point = "say.after"
	PointBeforeFetch  Point = "fetch.before"
	PointAfterFetch   Point = "fetch.after"
	PointMessage      Point = "message"       // messages of the peer are here, in memory
	PointAnswer       Point = "answer"        // the code is about to be answered
	PointRequest      Point = "request"       // a peer asks for an operation
	PointResponse     Point = "response"      // … and is about to be answered
	PointEnd          Point = "end"           // the outcome is on disk; the caller has not heard
	PointBeforeCommit Point = "commit"        // the database is about to make a batch durable
	PointBeforeRecord Point = "record.before" // a role's own record of several operations is about to be made or to change
	PointAfterRecord  Point = "record.after"  // it is on disk
)

// at passes a point.
func (m *Manager) at(p Point) {
	if m.parts.At != nil {
		m.parts.At(p)
	}
}
