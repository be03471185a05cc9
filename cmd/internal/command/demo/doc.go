// Package demo is `swaperoo demo`: the main job from end to end. It starts the
// card provider, the bank, the exchange, the terminal and the wallet as processes
// of this binary, each with a data directory of its own, drives them as their
// users would, by their commands and what those print, and tells the twelve steps
// of the C2EC process (cashless2ecash, overview of the process) as they happen.
//
// Nothing outlives it, however it ends. Every process that it starts, and every
// process that those start, inherits the writing end of a pipe that nobody writes
// to. The sweeper, a process in a session of its own, reads the other end: when
// that ends, all of them have ended, and it removes the demo's directory. That
// they end is done twice: servers watch a pipe that the demo holds, and the
// system kills all children when the demo dies, where the system can.
package demo
