// Package logformat turns one line of a log into named fields, written as a JSON object.
//
// It accepts what the Amazon Kinesis Agent's LOGTOJSON option accepts and writes the same bytes: values are strings or
// null, a lone "-" of an Apache format is null, only quotes, backslashes and control characters are escaped, bad UTF-8
// becomes U+FFFD as Java decodes it.
//
//	127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326
//	  ▼ Common
//	{"host":"127.0.0.1","ident":null,"authuser":null,"datetime":"10/Oct/2000:13:55:36 -0700","request":"GET / HTTP/1.0",…}
package logformat

import "fmt"

// Format reads one kind of line. A Format is safe for use by several goroutines.
type Format interface {
	// Append writes line's fields to dst as one JSON object without a newline and returns the longer slice. The line
	// comes without its newline and is not kept. A line that does not match leaves dst as it was and says where it
	// stopped matching.
	Append(dst, line []byte) (out []byte, mismatch *Mismatch)

	// Fields are the names in the order in which they are written.
	Fields() []string
}

// Mismatch says where a line stopped being what its format wants. It is an error.
type Mismatch struct {
	Pos      int    // in bytes from the start of the line
	Expected string // what the format wants there
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("byte %d: expected %s", m.Pos, m.Expected)
}

// Names of the formats as agent.json spells them.
const (
	CommonApacheLog   = "COMMONAPACHELOG"
	CombinedApacheLog = "COMBINEDAPACHELOG"
	ApacheErrorLog    = "APACHEERRORLOG"
	SyslogLog         = "SYSLOG"
	RFC3339Syslog     = "RFC3339SYSLOG"
)

// Spec is what a LOGTOJSON option says.
type Spec struct {
	LogFormat        string   // mandatory, also with a MatchPattern: it decides whether "-" is null
	MatchPattern     string   // Java regular expression, "" for the format's own shape
	CustomFieldNames []string // nil for the format's own names; mandatory with MatchPattern
	JSONFormat       string   // "" = COMPACT

	// Lenient lets the two access log formats take what a server really writes and the Kinesis Agent drops or cuts: IPv6 hosts, \" inside quoted
	// texts, empty quoted texts, a carriage return at the end of the line. It is millrace's own key.
	Lenient bool
}

// New returns the format that spec describes. Errors name the key that is wrong.
func New(spec Spec) (Format, error) {
	own, err := ownFields(spec.LogFormat)
	if err != nil {
		return nil, err
	}
	pretty, err := readJSONFormat(spec.JSONFormat)
	if err != nil {
		return nil, err
	}
	apacheKind := spec.LogFormat != SyslogLog && spec.LogFormat != RFC3339Syslog
	access := spec.LogFormat == CommonApacheLog || spec.LogFormat == CombinedApacheLog
	if spec.Lenient && (spec.MatchPattern != "" || !access) {
		return nil, fmt.Errorf("lenient is for %s and %s without matchPattern", CommonApacheLog, CombinedApacheLog)
	}
	if spec.MatchPattern != "" {
		if spec.CustomFieldNames == nil {
			return nil, fmt.Errorf("matchPattern needs customFieldNames, a name for each group")
		}
		return newPattern(spec.MatchPattern, newLayout(spec.CustomFieldNames, pretty, apacheKind))
	}
	names := own
	if spec.CustomFieldNames != nil {
		names = spec.CustomFieldNames
		if len(names) != len(own) {
			return nil, fmt.Errorf("customFieldNames has %d names, %s has %d fields", len(names), spec.LogFormat, len(own))
		}
	}
	layout := newLayout(names, pretty, apacheKind)
	switch {
	case access:
		return &apache{layout: layout, combined: spec.LogFormat == CombinedApacheLog, lenient: spec.Lenient}, nil
	case apacheKind:
		return &apacheError{layout}, nil
	}
	return &syslog{layout: layout, rfc3339: spec.LogFormat == RFC3339Syslog}, nil
}

// ownFields are the names that a format's fields have by themselves.
func ownFields(logFormat string) ([]string, error) {
	switch logFormat {
	case CommonApacheLog:
		return apacheFields[:commonFields], nil
	case CombinedApacheLog:
		return apacheFields[:], nil
	case ApacheErrorLog:
		return apacheErrorFields, nil
	case SyslogLog, RFC3339Syslog:
		return syslogFields, nil
	case "":
		return nil, fmt.Errorf("logFormat is missing")
	}
	return nil, fmt.Errorf("logFormat %q is unknown: want %s, %s, %s, %s or %s", logFormat, CommonApacheLog, CombinedApacheLog, ApacheErrorLog, SyslogLog, RFC3339Syslog)
}
