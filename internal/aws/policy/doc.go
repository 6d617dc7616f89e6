// Package policy reads IAM policy documents and decides requests by them. It
// knows the part of the language that identity policies and trust policies
// use; an element, operator or version outside it is refused by name, so that
// no statement is ever read as less strict than it was written.
package policy
