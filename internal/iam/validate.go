package iam

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// AWS's limits. Lengths are in characters, sizes in characters that are no
// white space, durations in seconds.
const (
	maxRoles          = 1000
	maxRoleName       = 64
	maxPolicyName     = 128
	maxPath           = 512
	maxDescription    = 1000
	maxTrustSize      = 2048
	maxInlineSize     = 10240 // of all inline policies of a role
	maxDocument       = 131072
	minSession        = 3600
	maxSession        = 43200
	maxTags           = 50
	maxTagKey         = 128
	maxTagValue       = 256
	defaultPageLength = 100
	maxPageLength     = 1000
)

func checkName(member, value string, most int) error {
	if err := checkLength(member, value, most); err != nil {
		return err
	}
	for i := range len(value) {
		if c := value[i]; !isLetterOrDigit(c) && !strings.ContainsRune("+=,.@_-", rune(c)) {
			return awserr.New("ValidationError", "The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", member)
		}
	}
	return nil
}

// checkLength asks for a text that is there and not too long.
func checkLength(member, value string, most int) error {
	if value == "" {
		return errNull(member)
	}
	if utf8.RuneCountInString(value) > most {
		return errLong(member, most)
	}
	return nil
}

// checkPath takes "/" and "/a/b/".
func checkPath(path string) error {
	if err := checkLength("path", path, maxPath); err != nil {
		return err
	}
	if path != "/" && (len(path) < 3 || path[0] != '/' || path[len(path)-1] != '/' || !isGraphic(path)) {
		return awserr.New("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

func checkPathPrefix(prefix string) error {
	if err := checkLength("pathPrefix", prefix, maxPath); err != nil {
		return err
	}
	if prefix[0] != '/' || !isGraphic(prefix) {
		return awserr.New("ValidationError", "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric characters and/or / characters.")
	}
	return nil
}

func checkSession(seconds int64) error {
	if seconds < minSession {
		return errRange("maxSessionDuration", seconds, "greater", minSession)
	}
	if seconds > maxSession {
		return errRange("maxSessionDuration", seconds, "less", maxSession)
	}
	return nil
}

// checkTags looks at the tags that a role would have.
func checkTags(tags []tag) error {
	if len(tags) > maxTags {
		return errQuota("The number of tags has reached the maximum limit.")
	}
	seen := map[string]bool{}
	for _, t := range tags {
		if err := checkLength("tags.member.key", t.Key, maxTagKey); err != nil {
			return err
		}
		if utf8.RuneCountInString(t.Value) > maxTagValue {
			return errLong("tags.member.value", maxTagValue)
		}
		if !isTagText(t.Key) || !isTagText(t.Value) {
			return awserr.New("ValidationError", "The tag %.200q holds characters other than letters, digits, spaces and _.:/=+-@", t.Key)
		}
		if folded := strings.ToLower(t.Key); seen[folded] {
			return awserr.New("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		} else {
			seen[folded] = true
		}
	}
	return nil
}

func isTagText(s string) bool {
	for _, r := range s {
		if !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// size counts a document as AWS's quotas do.
func size(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// page cuts a list that is sorted by key after the key in the marker. The marker
// it returns, empty on the last page, is for the next one.
func page[T any](items []T, key func(T) string, marker string, most *int64) (cut []T, next string, err error) {
	length := int64(defaultPageLength)
	if most != nil {
		length = *most
	}
	if length < 1 {
		return nil, "", errRange("maxItems", length, "greater", 1)
	}
	if length > maxPageLength {
		return nil, "", errRange("maxItems", length, "less", maxPageLength)
	}
	after, err := base64.RawURLEncoding.DecodeString(marker)
	if err != nil {
		return nil, "", errMarker()
	}
	cut = []T{}
	for _, item := range items {
		if marker != "" && key(item) <= string(after) {
			continue
		}
		if int64(len(cut)) == length {
			return cut, base64.RawURLEncoding.EncodeToString([]byte(key(cut[length-1]))), nil
		}
		cut = append(cut, item)
	}
	return cut, "", nil
}

func isLetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func isGraphic(s string) bool {
	for i := range len(s) {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return true
}
