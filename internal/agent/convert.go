package agent

import (
	"time"

	"github.com/millrace/millrace/internal/logformat"
)

// converter is a flow's dataProcessingOptions in their order. It belongs to one goroutine at a time.
type converter struct {
	steps   []logformat.Converter
	ec2     []*instanceMetadata // sources that have to be kept fresh
	scratch [2][]byte
}

// clone is for another goroutine.
func (c converter) clone() converter { return converter{steps: c.steps, ec2: c.ec2} }

// append writes what becomes of line, which comes without its newline, to dst. A mismatch says why the line is dropped. An option that cannot handle its input gives
// up the chain: the line's bytes are passed on as they are, as without options, and the error says why.
func (c *converter) append(dst, line []byte) (out []byte, mismatch *logformat.Mismatch, err error) {
	if len(c.steps) == 0 {
		return append(append(dst, line...), '\n'), nil, nil
	}
	record := c.withNewline(line)
	for i, step := range c.steps {
		if i == len(c.steps)-1 {
			out, mismatch, err = step.Convert(dst, record)
			break
		}
		at := i % 2
		if c.scratch[at], mismatch, err = step.Convert(c.scratch[at][:0], record); mismatch != nil || err != nil {
			break
		}
		record = c.scratch[at]
	}
	if err != nil {
		return append(append(dst, line...), '\n'), nil, err
	}
	if mismatch != nil {
		return dst, mismatch, nil
	}
	return out, nil, nil
}

// withNewline takes the newline that stands behind the line in the reader's buffer, or copies the line where there is none.
func (c *converter) withNewline(line []byte) []byte {
	if n := len(line); cap(line) > n && line[:n+1][n] == '\n' {
		return line[:n+1]
	}
	c.scratch[1] = append(append(c.scratch[1][:0], line...), '\n') // the first option writes to the other one
	return c.scratch[1]
}

// processing reads dataProcessingOptions. A value that is no list is ignored, as the Kinesis Agent does it, but not silently.
func (r *configReader) processing(m member) converter {
	var c converter
	if m.value.kind != arrayNode {
		r.warn(m, "dataProcessingOptions is %s and ignored: want a list", m.value.kind)
		return c
	}
	for _, item := range m.value.items {
		if item.kind != objectNode {
			r.fail(item.line, item.col, "a data processing option is %s, want an object", item.kind)
			continue
		}
		name, _ := item.member("optionName")
		build := r.option(name.text, &c)
		switch {
		case build != nil:
			step, err := build(item)
			if err != nil {
				r.fail(item.line, item.col, "%s: %v", name.text, err)
				continue
			}
			if w, ok := step.(logformat.Warner); ok && w.Warning() != "" {
				r.warnings = append(r.warnings, Diagnostic{r.file, item.line, item.col, name.text + ": " + w.Warning()})
			}
			c.steps = append(c.steps, step)
		case name.text == "":
			r.fail(item.line, item.col, "optionName is missing")
		case name.text == "USINGPLUGGIN":
			r.fail(name.line, name.col, "optionName USINGPLUGGIN is not supported: it loads a Java class")
		default:
			r.fail(name.line, name.col, "optionName %q is unknown: want LOGTOJSON, CSVTOJSON, SINGLELINE, ADDMETADATA, ADDEC2METADATA or ADDBRACKETS", name.text)
		}
	}
	return c
}

// option returns how an option is made of its members, nil if there is no such option.
func (r *configReader) option(name string, c *converter) func(n node) (logformat.Converter, error) {
	switch name {
	case logformat.OptionLogToJSON:
		return r.logToJSON
	case logformat.OptionCSVToJSON:
		return r.csvToJSON
	case logformat.OptionSingleLine:
		return r.singleLine
	case logformat.OptionAddMetadata:
		return r.addMetadata
	case logformat.OptionAddEC2Metadata:
		return func(n node) (logformat.Converter, error) { return r.addEC2Metadata(n, c) }
	case logformat.OptionAddBrackets:
		return func(n node) (logformat.Converter, error) {
			r.optionMembers(n, func(m member) bool { return false })
			return logformat.NewAddBrackets(), nil
		}
	}
	return nil
}

// optionMembers calls rule for each key but the name; false from it is an unknown key.
func (r *configReader) optionMembers(n node, rule func(m member) bool) {
	name, _ := n.member("optionName")
	r.members(n, func(m member) {
		if m.key != "optionName" && !rule(m) {
			r.warn(m, "%s is ignored: %s has no such key", m.key, name.text)
		}
	})
}

func (r *configReader) logToJSON(n node) (logformat.Converter, error) {
	var spec logformat.Spec
	r.optionMembers(n, func(m member) bool {
		switch m.key {
		case "logFormat":
			r.setText(&spec.LogFormat, m)
		case "matchPattern":
			r.setText(&spec.MatchPattern, m)
		case "customFieldNames":
			spec.CustomFieldNames = r.texts(m)
		case "jsonFormat":
			r.setText(&spec.JSONFormat, m)
		case "lenient":
			r.setBool(&spec.Lenient, m)
		default:
			return false
		}
		return true
	})
	return logformat.NewLogToJSON(spec)
}

func (r *configReader) csvToJSON(n node) (logformat.Converter, error) {
	var spec logformat.CSVSpec
	r.optionMembers(n, func(m member) bool {
		switch m.key {
		case "customFieldNames":
			spec.CustomFieldNames = r.texts(m)
		case "delimiter":
			r.setText(&spec.Delimiter, m)
		case "jsonFormat":
			r.setText(&spec.JSONFormat, m)
		default:
			return false
		}
		return true
	})
	return logformat.NewCSVToJSON(spec)
}

func (r *configReader) singleLine(n node) (logformat.Converter, error) {
	var spec logformat.SingleLineSpec
	r.optionMembers(n, func(m member) bool {
		if m.key != "parseOptions" {
			return false
		}
		for _, option := range r.texts(m) {
			switch option {
			case "NO_TRIM":
				spec.NoTrim = true
			case "ESCAPE_NEW_LINE":
				spec.EscapeNewLine = true
			default:
				r.fail(m.value.line, m.value.col, "parseOptions %q is unknown: want NO_TRIM or ESCAPE_NEW_LINE", option)
			}
		}
		return true
	})
	return logformat.NewSingleLine(spec), nil
}

func (r *configReader) addMetadata(n node) (logformat.Converter, error) {
	var spec logformat.AddMetadataSpec
	r.optionMembers(n, func(m member) bool {
		switch m.key {
		case "metadata":
			spec.Metadata = m.value.appendJSON(nil)
		case "timestamp": // the Kinesis Agent wants a string
			r.setBool(&spec.Timestamp, m)
		case "jsonFormat":
			r.setText(&spec.JSONFormat, m)
		default:
			return false
		}
		return true
	})
	return logformat.NewAddMetadata(spec)
}

func (r *configReader) addEC2Metadata(n node, c *converter) (logformat.Converter, error) {
	source := &instanceMetadata{ttl: time.Hour}
	spec := logformat.AddEC2MetadataSpec{Metadata: source.now}
	r.optionMembers(n, func(m member) bool {
		switch m.key {
		case "logFormat": // the Kinesis Agent demands it and does not use it
		case "metadataTTL":
			r.setDuration(&source.ttl, m, time.Second, 1, maxInt)
		case "jsonFormat":
			r.setText(&spec.JSONFormat, m)
		default:
			return false
		}
		return true
	})
	c.ec2 = append(c.ec2, source)
	return logformat.NewAddEC2Metadata(spec)
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
