// Package imported reads what is left of applications that ran elsewhere, and says how to make them again:
//
//	what DescribeApplication answered ─┐
//	CloudFormation templates ──────────┼─▶ a tree with places ─▶ CreateApplication, and what of it is kept, changed, refused
//	terraform show -json ──────────────┘
//
// An application keeps the version of the API that it was made by. Delivery streams, functions and objects are looked for
// where the application will run: their ARNs get that account and region.
package imported
