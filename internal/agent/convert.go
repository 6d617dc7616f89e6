package agent

import (
	"bytes"
	"net/url"

	"github.com/millrace/millrace/internal/logformat"
)

// converter is a flow's dataProcessingOptions in their order. Records go through it without their newline. It belongs to one goroutine at a time.
type converter struct {
	steps   []step
	scratch [2][]byte
}

// step turns a record into another one, appended to dst, or says why it has to be dropped.
type step func(dst, record []byte) ([]byte, *logformat.Mismatch)

// append writes what becomes of line, with a newline, to dst. Without options the line's bytes are passed on as they are.
func (c *converter) append(dst, line []byte) ([]byte, *logformat.Mismatch) {
	record := line
	for i, convert := range c.steps {
		var mismatch *logformat.Mismatch
		if i == len(c.steps)-1 {
			if dst, mismatch = convert(dst, record); mismatch != nil {
				return dst, mismatch
			}
			return append(dst, '\n'), nil
		}
		at := i % 2
		if c.scratch[at], mismatch = convert(c.scratch[at][:0], record); mismatch != nil {
			return dst, mismatch
		}
		record = c.scratch[at]
	}
	return append(append(dst, line...), '\n'), nil
}

// singleLine drops the blanks and control characters around a record, unless that is switched off.
func singleLine(trim bool) step {
	return func(dst, record []byte) ([]byte, *logformat.Mismatch) {
		if trim {
			record = bytes.TrimFunc(record, func(r rune) bool { return r <= ' ' })
		}
		return logformat.AppendValid(dst, record), nil
	}
}

// processing reads dataProcessingOptions.
func (r *configReader) processing(m member) converter {
	var c converter
	if m.value.kind != arrayNode {
		r.fail(m.value.line, m.value.col, "dataProcessingOptions is %s, want a list", m.value.kind)
		return c
	}
	for _, item := range m.value.items {
		if item.kind != objectNode {
			r.fail(item.line, item.col, "a data processing option is %s, want an object", item.kind)
			continue
		}
		name, _ := item.member("optionName")
		switch name.text {
		case "LOGTOJSON":
			c.steps = append(c.steps, r.logToJSON(item))
		case "SINGLELINE":
			c.steps = append(c.steps, r.singleLine(item))
		case "":
			r.fail(item.line, item.col, "optionName is missing")
		case "CSVTOJSON", "ADDMETADATA", "ADDEC2METADATA", "ADDBRACKETS", "USINGPLUGGIN":
			r.fail(name.line, name.col, "optionName %s is not supported: supported are LOGTOJSON and SINGLELINE", name.text)
		default:
			r.fail(name.line, name.col, "optionName %q is unknown: want LOGTOJSON or SINGLELINE", name.text)
		}
	}
	return c
}

func (r *configReader) logToJSON(n node) step {
	var spec logformat.Spec
	r.members(n, func(m member) {
		switch m.key {
		case "optionName":
		case "logFormat":
			r.setText(&spec.LogFormat, m)
		case "matchPattern":
			r.setText(&spec.MatchPattern, m)
		case "customFieldNames":
			spec.CustomFieldNames = r.texts(m)
		case "jsonFormat":
			if m.value.text != "COMPACT" {
				r.fail(m.value.line, m.value.col, "jsonFormat %q is not supported: supported is COMPACT", m.value.text)
			}
		default:
			r.warn(m, "%s is ignored: LOGTOJSON has no such key", m.key)
		}
	})
	format, err := logformat.New(spec)
	if err != nil {
		r.fail(n.line, n.col, "LOGTOJSON: %v", err)
		return nil
	}
	return format.Append
}

func (r *configReader) singleLine(n node) step {
	trim := true
	r.members(n, func(m member) {
		switch m.key {
		case "optionName":
		case "parseOptions":
			for _, option := range r.texts(m) {
				switch option {
				case "NO_TRIM":
					trim = false
				case "ESCAPE_NEW_LINE": // a record is one line, there is no newline in it
				default:
					r.fail(m.value.line, m.value.col, "parseOptions %q is unknown: want NO_TRIM or ESCAPE_NEW_LINE", option)
				}
			}
		default:
			r.warn(m, "%s is ignored: SINGLELINE has no such key", m.key)
		}
	})
	return singleLine(trim)
}

// texts is a list of strings.
func (r *configReader) texts(m member) []string {
	if m.value.kind != arrayNode {
		r.fail(m.value.line, m.value.col, "%s is %s, want a list of strings", m.key, m.value.kind)
		return nil
	}
	all := make([]string, 0, len(m.value.items))
	for _, item := range m.value.items {
		if text, ok := r.text(member{key: "an element of " + m.key, value: item}); ok {
			all = append(all, text)
		}
	}
	return all
}

// checkEndpoint wants what a request can be sent to.
func (r *configReader) checkEndpoint(m member, endpoint string) {
	if endpoint == "" {
		return
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.fail(m.value.line, m.value.col, "%s is %q, want a host or an http or https URL", m.key, m.value.text)
	}
}
