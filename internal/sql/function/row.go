package function

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// rowResolver fits a row-valued function to its arguments and says which fields its rows have.
type rowResolver func(args []Arg) (Resolved, []types.Column, error)

func lookupRow(name string) rowResolver {
	switch name {
	case "REGEX_LOG_PARSE":
		return regexLogParse
	case "FAST_REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSER":
		return fastRegexLogParse
	case "W3C_LOG_PARSE":
		return w3cLogParse
	case "VARIABLE_COLUMN_LOG_PARSE":
		return variableColumnLogParse
	case "FIXED_COLUMN_LOG_PARSE":
		return fixedColumnLogParse
	case "SYS_LOG_PARSE":
		return sysLogParse
	}
	return nil
}

// RowNames returns the row-valued functions, for suggestions.
func RowNames() []string {
	return []string{"FAST_REGEX_LOG_PARSE", "FIXED_COLUMN_LOG_PARSE", "REGEX_LOG_PARSE", "SYS_LOG_PARSE", "VARIABLE_COLUMN_LOG_PARSE", "W3C_LOG_PARSE"}
}

// IsRow reports whether a function makes rows.
func IsRow(name string) bool { return lookupRow(name) != nil }

// ResolveRow fits a row-valued function to its arguments. Its result is a ROW with the fields returned, and NULL where the text
// does not fit.
func ResolveRow(name string, args []Arg) (Resolved, []types.Column, error) {
	r, fields, err := lookupRow(name)(args)
	if err != nil {
		return Resolved{}, nil, fmt.Errorf("%s: %w", name, err)
	}
	r.Type = types.Of(types.Row)
	return r, fields, nil
}

// maxLogColumn is the length of the columns of log parsers, VARCHAR(1024). What is longer is cut.
const maxLogColumn = 1024

// maxLogColumns is how many columns a log parser may make.
const maxLogColumns = 1000

func logType() types.Type { return types.VarcharOf(maxLogColumn) }

// logColumns are COLUMN1 to COLUMNn.
func logColumns(n int) ([]types.Column, error) {
	if n < 1 || n > maxLogColumns {
		return nil, fmt.Errorf("expected 1 to %d columns, found %d", maxLogColumns, n)
	}
	fields := make([]types.Column, n)
	for i := range fields {
		fields[i] = types.Column{Name: "COLUMN" + strconv.Itoa(i+1), Type: logType()}
	}
	return fields, nil
}

// constantText returns the text of argument i, which decides over the columns and so cannot differ from row to row.
func constantText(args []Arg, i int, what string) (string, error) {
	if err := want(args, i, types.Kind.IsText, what); err != nil {
		return "", err
	}
	if c := args[i].Const; c != nil && !c.Null {
		return c.Str, nil
	}
	return "", fmt.Errorf("argument %d must be a constant: it decides over the columns", i+1)
}

// rowWriter packs the fields of a row. A value that does not fit its field is an error.
type rowWriter struct{ packed []byte }

// text packs a text as a value of a type.
func (w *rowWriter) text(s string, t types.Type) error {
	switch {
	case t.Kind.IsText():
		w.packed = types.AppendRowText(w.packed, types.Cut(s, t.Length))
		return nil
	case t.Kind.IsApprox():
		f, ok := parseFloat(s)
		if !ok {
			return fmt.Errorf("'%s' is no %s", types.Cut(s, 80), t)
		}
		w.packed = types.AppendRowText(w.packed, strconv.FormatFloat(toReal(t, f), 'g', -1, 64))
		return nil
	}
	v, ok := ParseInt(t, s)
	if !ok {
		return fmt.Errorf("'%s' is no %s", types.Cut(s, 80), t)
	}
	w.number(v)
	return nil
}

func (w *rowWriter) number(v int64) {
	w.packed = types.AppendRowText(w.packed, strconv.FormatInt(v, 10))
}

func (w *rowWriter) null() { w.packed = types.AppendRowNull(w.packed) }

// parseKernel makes rows of the texts in argument 0. parse packs one; it is not ok when the text does not fit.
func parseKernel(parse func(w *rowWriter, s string) (ok bool, err error)) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		w := &rowWriter{}
		for _, i := range sel {
			w.packed = w.packed[:0]
			switch ok, err := parse(w, valid(args[0].Str[i])); {
			case errors.Is(err, errTooSlow):
				tooSlow(e, i, err)
			case err != nil:
				e.Fail(i, dialect.ErrCast, "%s", err)
			case !ok:
				setNull(out, i)
			default:
				out.Str[i] = e.Keep(append(e.Room(len(w.packed)), w.packed...))
			}
		}
	}
}

// RowField is the kernel that takes field i, which has a type, from a row.
func RowField(i int, t types.Type) Kernel {
	return func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, row := range sel {
			s, ok := types.RowField(args[0].Str[row], i)
			if !ok {
				setNull(out, row)
				continue
			}
			var err error
			switch t.Kind.Physical() {
			case types.StrValues:
				out.Str[row] = s
			case types.FloatValues:
				out.Float[row], err = strconv.ParseFloat(s, 64)
			default:
				out.Int[row], err = strconv.ParseInt(s, 10, 64)
			}
			if err != nil {
				panic(fmt.Sprintf("BUG: field %d of a row is %q and no %s", i, s, t))
			}
		}
	}
}
