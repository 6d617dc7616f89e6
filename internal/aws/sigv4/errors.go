package sigv4

import (
	"net/http"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// Reason is why a request is refused.
type Reason int

// The reasons.
const (
	Missing          Reason = iota // no signature at all
	TwoMechanisms                  // several signatures
	UnknownAlgorithm               // not Signature Version 4
	Incomplete                     // malformed, or a part is missing
	WrongScope                     // date, terminator or service of the credential scope
	Unsigned                       // a header that must be signed is not, or a signed one is not there
	UnknownKey
	WrongSignature
	WrongToken // session token
	TokenExpired
	Expired
	NotYetCurrent
	URLExpired         // presigned
	MissingContentHash // S3
	UnknownContentHash // S3
	MissingLength      // S3
	TooLarge
	WrongBody  // not what its declared hash says
	BrokenBody // ended early, malformed chunks
)

// Error is a refused request. Its text for the client depends on the protocol.
type Error struct {
	Reason    Reason
	Detail    string // AWS's message where it depends on the request
	Presigned bool
	Cause     error
}

func (e *Error) Error() string { return "verify signature: " + e.AWS(JSON).Error() }

func (e *Error) Unwrap() error { return e.Cause }

// Protocol is how a service writes its errors.
type Protocol int

// The protocols. REST is the REST JSON of the search domains.
const (
	JSON Protocol = iota
	Query
	REST
	S3
)

const (
	textWrongSignature = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	textInvalidToken = "The security token included in the request is invalid."
)

// rendering is a reason in the words of the three families; REST is JSON's.
type rendering struct {
	json, query, s3 awserr.Error
}

func status(code string, status int, message string) awserr.Error {
	return awserr.Error{Code: code, Status: status, Message: message}
}

// render is the catalogue. Messages are replaced by Error.Detail if there is one.
func render(r Reason) rendering {
	switch r {
	case Missing:
		return rendering{
			status("MissingAuthenticationTokenException", 400, "Request is missing Authentication Token"),
			status("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
			status("AccessDenied", 403, "Access Denied")}
	case TwoMechanisms:
		const text = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"
		return rendering{status("IncompleteSignatureException", 400, text), status("IncompleteSignature", 400, text), status("InvalidArgument", 400, text)}
	case UnknownAlgorithm:
		return rendering{
			status("IncompleteSignatureException", 400, ""),
			status("IncompleteSignature", 400, ""),
			status("InvalidRequest", 400, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")}
	case Incomplete:
		return rendering{
			status("IncompleteSignatureException", 400, ""),
			status("IncompleteSignature", 400, ""),
			status("AuthorizationHeaderMalformed", 400, "")}
	case WrongScope:
		return rendering{
			status("InvalidSignatureException", 400, ""),
			status("SignatureDoesNotMatch", 403, ""),
			status("AuthorizationHeaderMalformed", 400, "")}
	case Unsigned:
		return rendering{
			status("InvalidSignatureException", 400, ""),
			status("SignatureDoesNotMatch", 403, ""),
			status("AccessDenied", 403, "There were headers present in the request which were not signed")}
	case UnknownKey:
		return rendering{
			status("UnrecognizedClientException", 400, textInvalidToken),
			status("InvalidClientTokenId", 403, textInvalidToken),
			status("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records.")}
	case WrongToken:
		return rendering{
			status("UnrecognizedClientException", 400, textInvalidToken),
			status("InvalidClientTokenId", 403, textInvalidToken),
			status("InvalidToken", 400, "The provided token is malformed or otherwise invalid.")}
	case TokenExpired:
		const text = "The security token included in the request is expired"
		return rendering{status("ExpiredTokenException", 400, text), status("ExpiredToken", 403, text), status("ExpiredToken", 400, "The provided token has expired.")}
	case Expired, NotYetCurrent:
		return rendering{
			status("InvalidSignatureException", 400, ""),
			status("SignatureDoesNotMatch", 403, ""),
			status("RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large.")}
	case URLExpired:
		return rendering{s3: status("AccessDenied", 403, "Request has expired")}
	case MissingContentHash:
		return rendering{s3: status("InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256")}
	case UnknownContentHash:
		return rendering{s3: status("InvalidArgument", 400,
			"x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")}
	case MissingLength:
		return rendering{s3: status("MissingContentLength", http.StatusLengthRequired, "You must provide the Content-Length HTTP header.")}
	case TooLarge:
		const text = "The request's body exceeds 8388608 bytes."
		return rendering{
			status("RequestEntityTooLargeException", 413, text),
			status("RequestEntityTooLarge", 413, text),
			status("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")}
	case WrongBody:
		return rendering{
			status("InvalidSignatureException", 400, textWrongSignature),
			status("SignatureDoesNotMatch", 403, textWrongSignature),
			status("XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed.")}
	case BrokenBody:
		const text = "The request's body ended early or could not be read."
		return rendering{status("IncompleteBodyException", 400, text), status("IncompleteBody", 400, text),
			status("IncompleteBody", 400, "The request body terminated unexpectedly")}
	default: // WrongSignature
		return rendering{
			status("InvalidSignatureException", 400, textWrongSignature),
			status("SignatureDoesNotMatch", 403, textWrongSignature),
			status("SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided. Check your key and signing method.")}
	}
}

// AWS says it as a service of the protocol says it.
func (e *Error) AWS(p Protocol) *awserr.Error {
	all := render(e.Reason)
	var a awserr.Error
	switch p {
	case Query:
		a = all.query
	case S3:
		a = all.s3
		if e.Presigned && a.Code == "AuthorizationHeaderMalformed" {
			a.Code = "AuthorizationQueryParametersError"
		}
	case REST:
		a = all.json
		if a.Status == http.StatusBadRequest {
			a.Status = http.StatusForbidden
		}
	default:
		a = all.json
	}
	if e.Detail != "" && (p != S3 || a.Message == "") {
		a.Message = e.Detail
	}
	a.Cause = e.Cause
	return &a
}
