// Package config reads the one TOML file of a party, config.toml in its data
// directory, and writes the first one at init.
//
// It is strict: an unknown key is an error with file and line, amounts and
// durations are typed. Every key has a twin in the environment, SWAPEROO_ and
// the key's path in capitals, which wins over the file; a secret has none. A
// secret is never in the file but in one that a key ending in _file names, with
// mode 0600. A list of texts is written with commas in the environment.
//
//	type Config struct {
//		Listen string `toml:"listen" doc:"address to listen at"`
//	}
//	err := config.Read(path, &c, os.Getenv)
package config
