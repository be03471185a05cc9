package taler

// ibanLength is the registered length of an IBAN by country (ISO 13616
// registry), of those countries that exchanges know: libtalerutil has the table of
// another library, without Cyprus, Andorra, San Marino and ten more, and whoever sends
// it an account there has the whole document refused.
var ibanLength = map[string]int{
	"AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
	"CH": 21, "CR": 22, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
	"FO": 18, "FR": 27, "GB": 22, "GE": 22, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
	"IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21,
	"LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MT": 31,
	"NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PT": 25, "QA": 29, "RO": 24, "RS": 22,
	"RU": 33, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SO": 23, "SV": 28, "TN": 24, "TR": 26, "UA": 29,
	"VA": 22, "YE": 30,
}

// ibanFault checks an IBAN in compact upper case and says what is wrong with it;
// empty means that it is valid.
func ibanFault(iban string) string {
	if len(iban) < 4 {
		return "the IBAN is too short"
	}
	want, known := ibanLength[iban[:2]]
	if !known {
		return "the IBAN begins with no country in capital letters that exchanges know"
	}
	if len(iban) != want {
		return "the IBAN has not the length of its country"
	}
	// ISO 7064 mod 97-10: country and check digits go last, letters count as 10…35.
	remainder := 0
	for i := range len(iban) {
		c := iban[(i+4)%len(iban)]
		switch {
		case c >= '0' && c <= '9':
			remainder = (remainder*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			remainder = (remainder*100 + int(c-'A') + 10) % 97
		default:
			return "the IBAN has a character that is neither digit nor capital letter"
		}
	}
	if remainder != 1 {
		return "the checksum of the IBAN is wrong"
	}
	return ""
}
