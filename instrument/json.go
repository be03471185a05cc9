package instrument

import "encoding/json"

// JSONReader is a type of documents, such as states and arguments, that reads its JSON faster than reflection does.
// What it does not read it leaves to encoding/json.
type JSONReader interface {
	// ReadJSON reads what json.Unmarshal would, to the same value, or reports false and leaves the value as it was.
	ReadJSON(text []byte) bool
}

// JSONWriter is a type of documents that writes its JSON faster than reflection does.
type JSONWriter interface {
	// AppendJSON writes the very bytes that json.Marshal would, or reports false.
	AppendJSON(out []byte) ([]byte, bool)
}

// ReadJSON is json.Unmarshal, or v's own way to do the same.
func ReadJSON(text []byte, v any) error {
	if r, ok := v.(JSONReader); ok && r.ReadJSON(text) {
		return nil
	}
	return json.Unmarshal(text, v)
}

// WriteJSON is json.Marshal, or v's own way to do the same.
func WriteJSON(v any) (json.RawMessage, error) { return AppendJSON(nil, v) }

// AppendJSON appends what WriteJSON writes.
func AppendJSON(out []byte, v any) ([]byte, error) {
	if w, ok := v.(JSONWriter); ok {
		if text, ok := w.AppendJSON(out); ok {
			return text, nil
		}
	}
	text, err := json.Marshal(v)
	if out != nil {
		text = append(out, text...)
	}
	return text, err
}

// ValidJSON is json.Valid, three times as fast for what programs write: without blanks, escapes, fractions and
// depth. All else it asks json.Valid about.
func ValidJSON(text []byte) bool {
	end, sure := jsonValue(text, 0, deepest)
	return sure && end == len(text) || json.Valid(text)
}

// CompactJSON reports whether a text certainly is JSON that json.Marshal copies unchanged from a json.RawMessage: it
// has no blanks and nothing that Marshal would escape. False means "not certain".
func CompactJSON(text []byte) bool {
	for _, b := range text {
		if b == '<' || b == '>' || b == '&' || b == firstOfSeparators {
			return false
		}
	}
	end, sure := jsonValue(text, 0, deepest)
	return sure && end == len(text)
}

// firstOfSeparators is the first byte of U+2028 and U+2029, and of others.
const firstOfSeparators = 0xe2

// deepest is how deep values may be nested before they are left to encoding/json.
const deepest = 32

// jsonValue finds the end of the value that begins at a place. Where it is not sure, encoding/json must be asked.
func jsonValue(text []byte, at, depth int) (end int, sure bool) {
	if at >= len(text) || depth == 0 {
		return at, false
	}
	switch b := text[at]; b {
	case '"':
		return jsonText(text, at)
	case '{', '[':
		return jsonMembers(text, at+1, depth, b == '{')
	case 't':
		return jsonWord(text, at, "true")
	case 'f':
		return jsonWord(text, at, "false")
	case 'n':
		return jsonWord(text, at, "null")
	}
	return jsonNumber(text, at)
}

func jsonMembers(text []byte, at, depth int, named bool) (end int, sure bool) {
	closing := byte(']')
	if named {
		closing = '}'
	}
	if at < len(text) && text[at] == closing {
		return at + 1, true
	}
	for {
		if named {
			if at, sure = jsonText(text, at); !sure || at >= len(text) || text[at] != ':' {
				return at, false
			}
			at++
		}
		if at, sure = jsonValue(text, at, depth-1); !sure || at >= len(text) {
			return at, false
		}
		switch text[at] {
		case ',':
			at++
		case closing:
			return at + 1, true
		default:
			return at, false
		}
	}
}

// jsonMember finds the last member of a name in an object; nil if it has none. sure is as in jsonValue.
func jsonMember(text []byte, name string) (found json.RawMessage, sure bool) {
	end, sure := jsonValue(text, 0, deepest)
	if !sure || end != len(text) || text[0] != '{' || len(text) == len(`{}`) {
		return nil, sure && string(text) == `{}`
	}
	for at := 1; at < len(text); at++ { // from one member to the next: all is known to be there
		begin := at + 1
		at, _ = jsonText(text, at)
		its := string(text[begin:at-1]) == name
		begin = at + 1
		at, _ = jsonValue(text, begin, deepest)
		if its {
			found = text[begin:at]
		}
	}
	return found, true
}

func jsonText(text []byte, at int) (end int, sure bool) {
	if at >= len(text) || text[at] != '"' {
		return at, false
	}
	for at++; at < len(text); at++ {
		switch b := text[at]; {
		case b == '"':
			return at + 1, true
		case b == '\\' || b < ' ':
			return at, false
		}
	}
	return at, false
}

func jsonWord(text []byte, at int, word string) (end int, sure bool) {
	end = at + len(word)
	return end, end <= len(text) && string(text[at:end]) == word
}

// jsonNumber is a number of digits only, after a sign perhaps. What follows it shows whether that was all of it.
func jsonNumber(text []byte, at int) (end int, sure bool) {
	if text[at] == '-' {
		at++
	}
	first := at
	for at < len(text) && text[at] >= '0' && text[at] <= '9' {
		at++
	}
	return at, at == first+1 || at > first && text[first] != '0'
}
