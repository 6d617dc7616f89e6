// Package iam keeps roles with their inline policies, answers the IAM and STS
// operations that deployments call, and is what every other service asks
// whether a role may do what it is about to do.
//
// A role that exists may do exactly what its policies say. One that does not is
// accepted and may do everything, named once in a warning, so that pipelines
// run before somebody has written policies; a strict server refuses it. Trust
// policies are checked for their form, kept and shown: no operation here gives
// out a role's credentials, so there is nobody to hold against them.
package iam
