// Package plain reads and writes the JSON of documents that are read at each step of an operation, such as states,
// arguments and messages, without reflection. It is for types that implement instrument.JSONReader and
// instrument.JSONWriter.
//
// A reader is sure of what programs of ours write: no blanks, no escapes, texts of ASCII that can be printed, members
// that it knows. Whatever else there is, it leaves to encoding/json, which also says what is wrong. What a writer
// writes is what json.Marshal writes, to the byte.
//
//	func (n *note) ReadJSON(text []byte) bool { return plain.Read(text, n, n.member) }
//
//	func (n *note) member(name string, c *plain.Cursor) bool {
//		switch name {
//		case "title":
//			return c.String(&n.Title)
//		case "price":
//			return c.Amount(&n.Price)
//		}
//		return false
//	}
//
//	func (n note) AppendJSON(out []byte) ([]byte, bool) {
//		w := plain.Begin(out, 128)
//		w.String("title", n.Title)
//		w.Amount("price", n.Price)
//		return w.End()
//	}
//
// A type that others embed must not have these two methods: encoding/json does not know them, and whoever embeds it
// would be written as if it were only that.
package plain
