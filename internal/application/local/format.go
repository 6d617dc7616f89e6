package local

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/logformat"
)

// Format is how the records of a file are written. Lines of logs become JSON
// objects first, as the agent's LOGTOJSON makes them.
type Format struct {
	Name string
	log  logformat.Format // nil: the records are JSON or CSV
	csv  bool
	// columns are those that the format has by itself; nil: they are found out.
	columns []input.Column
	// rowtime is the field that says when a line was written, "" if none does.
	rowtime string
}

// FormatNames are the formats, as ParseFormat takes them.
func FormatNames() []string {
	return []string{"combined", "common", "apache-error", "syslog", "rfc3339-syslog", "json", "csv"}
}

// logFormats are the agent's names of the formats.
var logFormats = map[string]string{
	"combined": logformat.CombinedApacheLog, "common": logformat.CommonApacheLog, "apache-error": logformat.ApacheErrorLog,
	"syslog": logformat.SyslogLog, "rfc3339-syslog": logformat.RFC3339Syslog,
}

// ParseFormat returns a format by its name, or by the name that agent.json has
// for it. A pattern is a Java regular expression whose groups are the fields, as
// matchPattern of agent.json; the name then says only whether "-" is NULL, and
// may be left out.
func ParseFormat(name, pattern string, fields []string) (Format, error) {
	for short, long := range logFormats {
		if strings.EqualFold(name, long) {
			name = short
		}
	}
	switch {
	case pattern != "":
		return patternFormat(name, pattern, fields)
	case len(fields) > 0:
		return Format{}, fmt.Errorf("field names are those of a pattern's groups, and there is no pattern")
	case name == "json", name == "csv":
		return Format{Name: name, csv: name == "csv"}, nil
	case !slices.Contains(FormatNames(), name):
		return Format{}, fmt.Errorf("format %q does not exist: there are %s", name, strings.Join(FormatNames(), ", "))
	}
	access := name == "combined" || name == "common"
	log, err := logformat.New(logformat.Spec{LogFormat: logFormats[name], Lenient: access})
	if err != nil {
		return Format{}, err
	}
	f := Format{Name: name, log: log}
	switch {
	case access:
		f.rowtime = "datetime"
	case name != "syslog": // whose times have no year
		f.rowtime = "timestamp"
	}
	for _, field := range log.Fields() {
		f.columns = append(f.columns, input.Column{Name: field, SQLType: sqlType(field), Mapping: "$." + field})
	}
	return f, nil
}

// sqlType of a field of the formats that have fields of their own.
func sqlType(field string) string {
	switch field {
	case "response":
		return "INTEGER"
	case "bytes":
		return "BIGINT"
	case "datetime", "timestamp":
		return "VARCHAR(64)"
	case "request", "referer", "agent", "message":
		return "VARCHAR(8192)"
	}
	return "VARCHAR(256)"
}

func patternFormat(name, pattern string, fields []string) (Format, error) {
	if name == "" {
		name = "common"
	}
	long, ok := logFormats[name]
	if !ok {
		return Format{}, fmt.Errorf("a pattern is for lines, not for the format %q", name)
	}
	log, err := logformat.New(logformat.Spec{LogFormat: long, MatchPattern: pattern, CustomFieldNames: fields})
	if err != nil {
		return Format{}, err
	}
	return Format{Name: "pattern", log: log}, nil
}

// has tells whether lines have a field.
func (f Format) has(field string) bool {
	return f.log != nil && slices.Contains(f.log.Fields(), field)
}

// Schema is that of a format whose lines have columns of their own.
func (f Format) Schema() (input.Schema, bool) {
	return input.Schema{RowPath: "$", Columns: f.columns}, f.columns != nil
}
