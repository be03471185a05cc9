package instrument

// claims remembers who claims which unique keys. Keys are never given up and
// instances never go, so what was found or claimed once holds for ever, whichever
// process wrote it. That nobody has a key is never remembered.
type claims = memory[claim, ID]

type claim struct {
	class      ClassID
	key, value string
}
