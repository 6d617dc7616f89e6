package function

import (
	"fmt"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// regexLogParse is REGEX_LOG_PARSE(s, regex [, columns]): a column for each group of a Java regular expression.
func regexLogParse(args []Arg) (Resolved, []types.Column, error) {
	if err := count(args, 2, 3); err != nil {
		return Resolved{}, nil, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, nil, err
	}
	expr, err := constantText(args, 1, "a regular expression")
	if err != nil {
		return Resolved{}, nil, err
	}
	groups, match, err := compileLogRegex(expr)
	if err != nil {
		return Resolved{}, nil, fmt.Errorf("regular expression '%s': %w", types.Cut(expr, 80), err)
	}
	columns, err := regexColumns(args, groups)
	if err != nil {
		return Resolved{}, nil, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		var spans []int
		parseKernel(func(w *rowWriter, s string) (bool, error) {
			found, err := match(spans[:0], s)
			if err != nil {
				return false, errTooSlow
			}
			if found == nil {
				return false, nil
			}
			spans = found
			for i := range columns {
				if lo := spans[2*i]; lo >= 0 {
					err = columns[i].pack(w, s[lo:spans[2*i+1]])
				} else {
					err = columns[i].packNull(w)
				}
				if err != nil {
					return false, err
				}
			}
			return true, nil
		})(e, sel, args, out)
	}
	return Resolved{Args: textTypes(args), Kernel: kernel}, fieldsOf(columns), nil
}

// compileLogRegex returns the number of groups and what finds them in a text.
func compileLogRegex(expr string) (groups int, match func(spans []int, s string) ([]int, error), err error) {
	if dialect.RegexLogParseMatchesWhole {
		re, err := logformat.CompileJava(expr)
		if err != nil {
			return 0, nil, err
		}
		return re.Groups(), re.MatchGroups, nil
	}
	f, err := logformat.CompileJavaFinder(expr)
	if err != nil {
		return 0, nil, err
	}
	return f.Groups(), func(spans []int, s string) ([]int, error) {
		found, err := f.Find(spans, s, 0)
		if found == nil {
			return nil, err
		}
		return found[2:], nil
	}, nil
}

// regexColumns are COLUMN1 to COLUMNn, or those of argument 2.
func regexColumns(args []Arg, groups int) ([]logColumn, error) {
	if groups == 0 {
		return nil, fmt.Errorf("the regular expression has no group in parentheses, and so no column")
	}
	if len(args) == 2 {
		fields, err := logColumns(groups)
		columns := make([]logColumn, len(fields))
		for i, f := range fields {
			columns[i].Column = f
		}
		return columns, err
	}
	text, err := constantText(args, 2, "a list of columns")
	if err != nil {
		return nil, err
	}
	columns, err := parseLogColumns(text)
	if err == nil && len(columns) != groups {
		err = fmt.Errorf("the regular expression has %d groups, found %d columns", groups, len(columns))
	}
	return columns, err
}
