package invoke

import (
	"fmt"
	"strings"
)

// name is a function's ARN taken apart:
//
//	arn:aws:lambda:us-east-1:000000000000:function:clean:prod
//	└────────────────── arn ───────────────────────────┘ qualifier
type name struct {
	arn       string // without the qualifier
	region    string
	function  string
	qualifier string // version, alias, $LATEST or nothing
}

func parseName(arn string) (name, error) {
	parts := strings.Split(arn, ":")
	if len(parts) < 7 || len(parts) > 8 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function" ||
		!isFunctionName(parts[6]) {
		return name{}, fmt.Errorf("%q: want the ARN of a Lambda function", arn)
	}
	n := name{arn: strings.Join(parts[:7], ":"), region: parts[3], function: parts[6]}
	if len(parts) == 8 {
		n.qualifier = parts[7]
	}
	return n, nil
}

// isFunctionName admits the letters that a function's name may have, which makes
// it safe in a path.
func isFunctionName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}
