package sigv4

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxExpires is the longest life of a presigned URL, in seconds: a week.
const maxExpires = 604800

// authorization is what a request says about its own signature.
type authorization struct {
	accessKeyID   string
	scope         Scope
	date          string // "20261122T101112Z"
	time          time.Time
	signedHeaders []string // lower case, ascending
	signature     []byte
	sessionToken  string
	contentSHA256 string // as declared; of a presigned request by default UNSIGNED-PAYLOAD
	presigned     bool
	expires       time.Duration // presigned only
}

// fail makes an Error about the request.
func (a *authorization) fail(reason Reason, detail string) *Error {
	return &Error{Reason: reason, Detail: detail, Presigned: a.presigned}
}

// parseAuthorization reads the Authorization header or the presigned query,
// and refuses a request with both: what one check believes must be what the
// next one believes.
func parseAuthorization(r *http.Request) (*authorization, error) {
	headers := r.Header.Values("Authorization")
	inQuery := strings.Contains(r.URL.RawQuery, "X-Amz-")
	if !inQuery {
		return parseHeader(r, headers)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Error{Reason: Incomplete, Detail: "The query string is malformed: " + err.Error()}
	}
	if !query.Has("X-Amz-Algorithm") && !query.Has("X-Amz-Signature") && !query.Has("X-Amz-Credential") {
		return parseHeader(r, headers)
	}
	if len(headers) > 0 {
		return nil, &Error{Reason: TwoMechanisms}
	}
	return parsePresigned(r, query)
}

func parseHeader(r *http.Request, headers []string) (*authorization, error) {
	switch len(headers) {
	case 0:
		return nil, &Error{Reason: Missing}
	case 1:
	default:
		return nil, &Error{Reason: TwoMechanisms}
	}
	name, rest, _ := strings.Cut(headers[0], " ")
	if name != algorithm {
		return nil, &Error{Reason: UnknownAlgorithm, Detail: "Unsupported AWS 'algorithm': '" + clip(name) + "'."}
	}
	a := &authorization{}
	var credential, signedHeaders, signature string
	for part := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var field *string
		switch key {
		case "Credential":
			field = &credential
		case "SignedHeaders":
			field = &signedHeaders
		case "Signature":
			field = &signature
		default:
			return nil, a.fail(Incomplete, "Authorization header has an unknown parameter '"+clip(key)+"'.")
		}
		if *field != "" {
			return nil, a.fail(Incomplete, "Authorization header gives '"+key+"' twice.")
		}
		*field = value
	}
	if err := a.fill(credential, signedHeaders, signature); err != nil {
		return nil, err
	}
	var err error
	if a.date, err = single(r.Header, "X-Amz-Date", a); err != nil {
		return nil, err
	}
	if a.sessionToken, err = single(r.Header, "X-Amz-Security-Token", a); err != nil {
		return nil, err
	}
	if a.contentSHA256, err = single(r.Header, "X-Amz-Content-Sha256", a); err != nil {
		return nil, err
	}
	return a, a.parseDate("Authorization header requires existence of an 'X-Amz-Date' header.")
}

func parsePresigned(r *http.Request, query url.Values) (*authorization, error) {
	a := &authorization{presigned: true}
	get := func(name string) (string, error) {
		if len(query[name]) > 1 {
			return "", a.fail(Incomplete, name+" is given twice.")
		}
		return query.Get(name), nil
	}
	var values [8]string
	for i, name := range [...]string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature",
		"X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
		var err error
		if values[i], err = get(name); err != nil {
			return nil, err
		}
	}
	if values[0] != algorithm {
		return nil, a.fail(UnknownAlgorithm, "Unsupported AWS 'algorithm': '"+clip(values[0])+"'.")
	}
	if err := a.fill(values[1], values[2], values[3]); err != nil {
		return nil, err
	}
	if a.scope.Service != "s3" {
		return nil, a.fail(Incomplete, "Presigned requests are for S3 alone.")
	}
	seconds, err := strconv.Atoi(values[5])
	if err != nil || seconds < 1 || seconds > maxExpires {
		return nil, a.fail(Incomplete, "X-Amz-Expires must be a number of seconds from 1 to 604800.")
	}
	a.date, a.expires, a.sessionToken = values[4], time.Duration(seconds)*time.Second, values[6]
	if a.contentSHA256, err = single(r.Header, "X-Amz-Content-Sha256", a); err != nil {
		return nil, err
	}
	if a.contentSHA256 == "" {
		a.contentSHA256 = values[7]
	}
	if a.contentSHA256 == "" {
		a.contentSHA256 = unsignedPayload
	}
	return a, a.parseDate("X-Amz-Date is missing.")
}

// fill parses the three parts that both forms have.
func (a *authorization) fill(credential, signedHeaders, signature string) error {
	var missing []string
	for _, part := range [...]struct{ name, value string }{{"Credential", credential}, {"Signature", signature}, {"SignedHeaders", signedHeaders}} {
		if part.value == "" {
			missing = append(missing, "Authorization header requires '"+part.name+"' parameter.")
		}
	}
	if missing != nil {
		return a.fail(Incomplete, strings.Join(missing, " "))
	}
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || slices.Contains(parts, "") {
		return a.fail(Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+clip(credential)+"'.")
	}
	a.accessKeyID = parts[0]
	a.scope = Scope{Date: parts[1], Region: parts[2], Service: parts[3]}
	if parts[4] != terminator {
		return a.fail(WrongScope, "Credential should be scoped with a valid terminator: '"+terminator+"', not '"+clip(parts[4])+"'.")
	}
	a.signedHeaders = strings.Split(signedHeaders, ";")
	for i, name := range a.signedHeaders {
		if name == "" || name != strings.ToLower(name) || i > 0 && name <= a.signedHeaders[i-1] {
			return a.fail(Incomplete, "SignedHeaders must be header names in lower case, ascending, each once.")
		}
	}
	var err error
	if a.signature, err = hex.DecodeString(signature); err != nil || len(a.signature) != 32 || signature != strings.ToLower(signature) {
		return a.fail(WrongSignature, "")
	}
	return nil
}

func (a *authorization) parseDate(missing string) error {
	if a.date == "" {
		return a.fail(Incomplete, missing)
	}
	var err error
	if a.time, err = time.Parse(timeFormat, a.date); err != nil {
		return a.fail(Incomplete, "Date must be in ISO-8601 'basic format'. Got '"+clip(a.date)+"'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	if a.scope.Date != a.date[:8] {
		return a.fail(WrongScope, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
			clip(a.scope.Date)+"' != '"+a.date[:8]+"', from '"+a.date+"'.")
	}
	return nil
}

// checkSignedHeaders demands that everything a handler may act on is signed:
// the host, and every header of AWS's and ours that is present. Above all
// x-amz-target names the operation; unsigned, it could be exchanged.
func (a *authorization) checkSignedHeaders(h http.Header) error {
	if !slices.Contains(a.signedHeaders, "host") {
		return a.fail(Unsigned, "'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name, values := range h {
		if len(name) < 2 || name[0]|0x20 != 'x' || name[1] != '-' {
			continue // as most names are
		}
		lower := strings.ToLower(name)
		if !mustBeSigned(lower) {
			continue
		}
		if _, signed := slices.BinarySearch(a.signedHeaders, lower); !signed {
			return a.fail(Unsigned, "'"+name+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
		if len(values) > 1 {
			return a.fail(Incomplete, "Header '"+name+"' is given more than once.")
		}
	}
	return nil
}

func mustBeSigned(header string) bool {
	return strings.HasPrefix(header, "x-amz-") || strings.HasPrefix(header, "x-millrace-")
}

// checkTime refuses requests from another time: within 15 minutes of ours for
// a signed header, from signing until its expiry for a presigned one.
func (a *authorization) checkTime(now time.Time) error {
	now = now.UTC()
	if a.time.After(now.Add(maxSkew)) {
		return a.fail(NotYetCurrent, "Signature not yet current: "+a.date+" is still later than "+
			now.Add(maxSkew).Format(timeFormat)+" ("+now.Format(timeFormat)+" + 15 min.)")
	}
	if a.presigned {
		if end := a.time.Add(a.expires); !now.Before(end) {
			return a.fail(URLExpired, "")
		}
		return nil
	}
	if a.time.Before(now.Add(-maxSkew)) {
		return a.fail(Expired, "Signature expired: "+a.date+" is now earlier than "+
			now.Add(-maxSkew).Format(timeFormat)+" ("+now.Format(timeFormat)+" - 15 min.)")
	}
	return nil
}

func single(h http.Header, name string, a *authorization) (string, error) {
	values := h[name]
	if len(values) > 1 {
		return "", a.fail(Incomplete, "Header '"+name+"' is given more than once.")
	}
	if len(values) == 0 {
		return "", nil
	}
	return values[0], nil
}

// clip keeps a hostile value from filling the answer and the log.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
