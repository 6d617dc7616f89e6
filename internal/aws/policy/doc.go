// Package policy reads IAM policy documents and decides requests by them:
//
//	document ── Parse ──▶ Policy ── Decide(policies, request) ──▶ Deny, Allow or neither
//
// It knows the part of the language that identity policies use: Effect, Action
// and NotAction, Resource and NotResource, and the condition operators for
// strings, ARNs, booleans, addresses and absent keys. An element, operator,
// policy variable or version outside it, or a condition key that requests have no
// value for, is refused by name, so
// that no statement is ever read as less strict than it was written.
//
// Trust policies, which say who may assume a role, are evaluated for AWS's
// services alone:
//
//	document ── ParseTrust ──▶ Trust ── Decide(service) ──▶ Deny, Allow or neither
package policy
