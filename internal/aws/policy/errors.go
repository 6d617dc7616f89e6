package policy

// Error refuses a document: AWS's sentence for it, then the place in the
// document and what is wrong there.
type Error struct {
	Message string // "Syntax errors in policy."
	Detail  string // `Statement[1].Effect: "allow" is neither Allow nor Deny`
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Message
	}
	return e.Message + " (" + e.Detail + ")"
}

// AWS's sentences.
const (
	msgJSON        = "This policy contains invalid Json"
	msgSyntax      = "Syntax errors in policy."
	msgNoActions   = "Policy statement must contain actions."
	msgNoResources = "Policy statement must contain resources."
	msgPrincipal   = "Policy document should not specify a principal."
	msgVendor      = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	msgSidTwice    = "Statement IDs (SID) in a single policy must be unique."
	msgSidForm     = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [A-Za-z0-9]*"
	msgProhibited  = "Has prohibited field "
	msgMissing     = "Missing required field "
	msgAssumeRole  = "AssumeRole policy may only specify STS AssumeRole actions."
)
