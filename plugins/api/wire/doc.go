// Package wire is the generated code of plugin.proto: the messages and the
// service between the host and a plugin, version 1. Nobody writes it by hand;
// plugins/api translates it to and from the project's own types.
package wire

//go:generate go run github.com/swaperoo/swaperoo/cmd/internal/protogen .
