package taler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Rows: base32.
func TestAWOPIDIsReadInAnySpellingAndWrittenInOne(t *testing.T) {
	for name, text := range map[string]string{
		"canonical": someID, "lower case": strings.ToLower(someID),
		"letters for digits": strings.NewReplacer("0", "O", "1", "i").Replace(someID),
	} {
		t.Run(name, func(t *testing.T) {
			id, err := ParseWOPID(text)
			if err != nil || id.Text() != someID {
				t.Errorf("%q is %q, %v", text, id.Text(), err)
			}
		})
	}
}

func TestTheBeginningOfAWOPIDIsReadInAnySpelling(t *testing.T) {
	id := someWOPID(t)
	odd := strings.NewReplacer("0", "O", "1", "l", "V", "u").Replace(someID)
	for text, want := range map[string]bool{
		someID: true, someID[:8]: true, strings.ToLower(someID[:9]): true, odd: true, odd[:30]: true, strings.ToLower(odd[:30]): true,
		someID[:51] + string(someID[51]+1): true, // the last character holds but one bit
		someID + "0":                       false, "!" + someID[1:8]: false, someID[1:9]: false,
	} {
		if id.Begins(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestMalformedWOPIDsAreNotRepeated(t *testing.T) {
	for name, text := range map[string]string{
		"short": someID[:51], "long": someID + "0", "foreign": "!" + someID[1:], "empty": "", "hyphen": someID[:51] + "-",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseWOPID(text)
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonWOPIDMalformed {
				t.Fatalf("error %v", err)
			}
			if len(text) > 8 && strings.Contains(err.Error(), text[8:20]) {
				t.Errorf("the error tells the id: %v", err)
			}
		})
	}
}

func TestAWOPIDIsShortenedWhereverItIsPrinted(t *testing.T) {
	id := someWOPID(t)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "id", id)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "id", id)
	printed := []string{log.String(), id.String()}
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%x", "%X", "%d", "%q"} {
		printed = append(printed, fmt.Sprintf(format, id))
	}
	for _, text := range printed {
		if strings.Contains(text, someID[8:]) || strings.Contains(text, fmt.Sprintf("%x", id[:])) || strings.Contains(text, fmt.Sprint(id[0])+" ") {
			t.Errorf("whole id in %q", text)
		}
		if !strings.Contains(text, someID[:8]) {
			t.Errorf("nothing to find it by in %q", text)
		}
	}
	text, err := json.Marshal(map[string]WOPID{"withdrawal_id": id})
	if err != nil || string(text) != `{"withdrawal_id":"`+someID+`"}` {
		t.Errorf("on the wire it is %s, %v", text, err)
	}
}
