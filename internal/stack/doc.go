// Package stack carries out CloudFormation templates.
//
//	text ─ read ─▶ Value tree with places ─ Parse ─▶ Template: parameters, resources, outputs, dependencies
//	                                                     │ Create
//	                                                     ▼
//	  a resource: properties resolved ─▶ physical ID chosen, journaled ─▶ AWS operation ─▶ ready ─▶ journaled
//
// Parse refuses whatever is not honoured, by name and place, before anything
// is made. The Engine journals each step before and after it is done; a
// creation that a kill interrupted goes on at the next start, and finds the
// resources it had made by the physical IDs it had chosen.
//
// Resources are made by the same AWS operations that any client calls, through
// the interface AWS; the package knows no HTTP.
package stack
