// Package iam keeps roles with their policies, answers the IAM and STS
// operations that deployments call, and is what every other service asks
// whether a role may do what it is about to do.
package iam
