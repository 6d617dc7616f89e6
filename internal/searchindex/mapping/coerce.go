package mapping

import (
	"math"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// coerce turns a scalar or object into the field's type. Numbers in quotes are numbers, fractions in integer fields are
// cut off, "" is no number: what OpenSearch does. keep is false for a value that counts as absent.
func coerce(f *Field, v jsontree.Value, source string) (cell Cell, keep bool, cause *wire.Error) {
	cell.Field = f
	switch f.Type {
	case Text, Keyword:
		if v.Kind == jsontree.Object {
			line, col := wire.Position(source, v.Offset)
			return cell, false, wire.Errorf("illegal_state_exception", "Can't get text on a START_OBJECT at %d:%d", line, col)
		}
		cell.Text = v.Text
		return cell, true, nil
	case Boolean:
		cell.Int, cause = coerceBool(v, source)
	case Date:
		cell.Int, cause = coerceDate(f, v, source)
	default:
		if cause = numeric(v, source); cause != nil {
			return cell, false, cause
		}
		if v.Kind == jsontree.String && v.Text == "" {
			return cell, false, nil
		}
		if f.Type.Class() == Floats {
			cell.Float, cause = coerceFloat(f.Type, v)
		} else {
			cell.Int, cause = coerceInt(f.Type, v, source)
		}
	}
	return cell, cause == nil, cause
}

func numeric(v jsontree.Value, source string) *wire.Error {
	token := ""
	switch v.Kind {
	case jsontree.Object:
		token = "START_OBJECT"
	case jsontree.Bool:
		token = "VALUE_" + strings.ToUpper(v.Text)
	default:
		return nil
	}
	end := v.Offset + len(v.Raw)
	if v.Kind == jsontree.Object {
		end = v.Offset + 1
	}
	return wire.Errorf("json_parse_exception", "Current token (%s) not numeric, can not use numeric value accessors%s", token, wire.JSONLocation(source, end))
}

var intRanges = map[Type]struct {
	min, max int64
	name     string
}{
	Long:    {math.MinInt64, math.MaxInt64, "a long"},
	Integer: {math.MinInt32, math.MaxInt32, "an integer"},
	Short:   {math.MinInt16, math.MaxInt16, "a short"},
	Byte:    {math.MinInt8, math.MaxInt8, "a byte"},
}

func coerceInt(t Type, v jsontree.Value, source string) (int64, *wire.Error) {
	r := intRanges[t]
	n, err := strconv.ParseInt(v.Text, 10, 64)
	if err != nil {
		f, ok := decimal(v.Text)
		switch {
		case !ok:
			return 0, forInput(v.Text)
		case f >= 1<<63 || f < -1<<63:
			if v.Kind == jsontree.Number && t == Long {
				return 0, wire.Errorf("input_coercion_exception", "Numeric value (%s) out of range of long (%d - %d)%s",
					v.Text, r.min, r.max, wire.JSONLocation(source, v.Offset+len(v.Raw)))
			}
			return 0, wire.IllegalArgument("Value [%s] is out of range for %s", v.Text, r.name)
		}
		n = int64(f)
	}
	if n < r.min || n > r.max {
		return 0, wire.IllegalArgument("Value [%s] is out of range for %s", v.Text, r.name)
	}
	return n, nil
}

func coerceFloat(t Type, v jsontree.Value) (float64, *wire.Error) {
	f, ok := decimal(v.Text)
	if !ok {
		return 0, wire.Errorf("number_format_exception", "For input string: \"%s\"", v.Text)
	}
	if t == Float {
		f = float64(float32(f))
	}
	if math.IsInf(f, 0) {
		return 0, wire.IllegalArgument("[%s] supports only finite values, but got [%s]", t, wire.DoubleText(f))
	}
	return f, nil
}

func forInput(text string) *wire.Error { return wire.IllegalArgument("For input string: \"%s\"", text) }

// decimal reads a decimal number; what else Go takes for one (hex, underscores, Inf) is none here.
func decimal(text string) (float64, bool) {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func coerceBool(v jsontree.Value, source string) (int64, *wire.Error) {
	switch {
	case v.Text == "true" && v.Kind != jsontree.Object:
		return 1, nil
	case v.Text == "false" && v.Kind != jsontree.Object, v.Kind == jsontree.String && v.Text == "":
		return 0, nil
	case v.Kind == jsontree.String:
		return 0, wire.IllegalArgument("Failed to parse value [%s] as only [true] or [false] are allowed.", v.Text)
	}
	token := Token(v)
	end := v.Offset + 1
	if v.Kind == jsontree.Number {
		token = "VALUE_NUMBER_FLOAT"
		if v.IsInteger() {
			token = "VALUE_NUMBER_INT"
		}
		end = v.Offset + len(v.Raw)
	}
	return 0, wire.Errorf("json_parse_exception", "Current token (%s) not of boolean type%s", token, wire.JSONLocation(source, end))
}

func coerceDate(f *Field, v jsontree.Value, source string) (int64, *wire.Error) {
	if v.Kind == jsontree.Object {
		line, col := wire.Position(source, v.Offset)
		return 0, wire.Errorf("illegal_state_exception", "Can't get text on a START_OBJECT at %d:%d", line, col)
	}
	if ms, ok := f.Format.Parse(v.Text); ok {
		return ms, nil
	}
	return 0, BadDate(v.Text, f)
}

// BadDate is the refusal of a text that is no date in the field's format.
func BadDate(text string, f *Field) *wire.Error {
	e := wire.IllegalArgument("failed to parse date field [%s] with format [%s]", text, f.Format.Text)
	e.CausedBy = wire.Errorf("date_time_parse_exception", "Failed to parse with all enclosed parsers")
	return e
}
