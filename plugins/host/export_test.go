package host

// Inherited is what a plugin gets of the environment.
var Inherited = inherited
