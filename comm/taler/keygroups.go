package taler

// groupsShown and groupSize say how much of a key people compare.
const (
	groupsShown = 4
	groupSize   = 4
)

// KeyGroups are the first four groups of a reserve key, "ABCD-EFGH-JKMN-PQRS":
// what terminal and wallet show, so that the customer sees whether it was their
// wallet that took the QR code.
func KeyGroups(key EddsaPublicKey) string {
	text := key.String()
	out := text[:groupSize]
	for g := 1; g < groupsShown; g++ {
		out += "-" + text[g*groupSize:(g+1)*groupSize]
	}
	return out
}
