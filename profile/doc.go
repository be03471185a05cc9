// Package profile is the paper's Profile Management (SWAPEROO §3.3, §4): who
// may ask a wallet for what. Its Manager knows principals, proves who they are
// and authorises every operation before it begins.
//
// The paper's User, Customer and Account Profile Managers are one Manager here
// under three policies: a policy is a list of rules, each of which may refuse.
package profile
