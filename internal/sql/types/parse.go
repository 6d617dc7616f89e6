package types

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/sql/dialect"
)

// MaxPrecision is the greatest number of digits of a DECIMAL.
const MaxPrecision = dialect.MaxDecimalPrecision

// MaxLength is the greatest length of CHAR, VARCHAR and their binary kin.
const MaxLength = 65535

// ParseType reads the type text of a schema's RecordColumns, such as "VARCHAR(16)", "INTEGER", "DECIMAL(8,2)" or
// "double precision". Case and white space do not matter. The result is nullable.
func ParseType(s string) (Type, error) {
	name, args, err := splitType(s)
	if err != nil {
		return Type{}, fmt.Errorf("read type %q: %w", s, err)
	}
	t, err := NewType(name, args)
	if err != nil {
		return Type{}, fmt.Errorf("read type %q: %w", s, err)
	}
	return t, nil
}

func splitType(s string) (name string, args []int, err error) {
	s = strings.TrimSpace(s)
	if open := strings.IndexByte(s, '('); open >= 0 {
		if !strings.HasSuffix(s, ")") {
			return "", nil, fmt.Errorf("closing parenthesis is missing")
		}
		for _, a := range strings.Split(s[open+1:len(s)-1], ",") {
			n, err := strconv.Atoi(strings.TrimSpace(a))
			if err != nil {
				return "", nil, fmt.Errorf("argument %q is no number", strings.TrimSpace(a))
			}
			args = append(args, n)
		}
		s = s[:open]
	}
	return strings.ToUpper(strings.Join(strings.Fields(s), " ")), args, nil
}

// NewType returns the type of an upper-case name with its arguments. The result is nullable.
func NewType(name string, args []int) (Type, error) {
	t := Type{Nullable: true}
	maxArgs := 0
	switch name {
	case "BOOLEAN":
		t.Kind = Boolean
	case "TINYINT":
		t.Kind = Tinyint
	case "SMALLINT":
		t.Kind = Smallint
	case "INTEGER", "INT":
		t.Kind = Integer
	case "BIGINT":
		t.Kind = Bigint
	case "DECIMAL", "NUMERIC", "DEC":
		t.Kind, t.Precision, maxArgs = Decimal, MaxPrecision, 2
	case "REAL":
		t.Kind = Real
	case "DOUBLE", "DOUBLE PRECISION":
		t.Kind = Double
	case "FLOAT":
		// Its argument is a precision in bits, which DOUBLE always has.
		if t.Kind = Double; len(args) == 1 && args[0] >= 1 && args[0] <= 53 {
			args = nil
		}
	case "CHAR", "CHARACTER":
		t.Kind, t.Length, maxArgs = Char, 1, 1
	case "VARCHAR", "CHARACTER VARYING", "CHAR VARYING":
		t.Kind, maxArgs = Varchar, 1
	case "BINARY":
		t.Kind, t.Length, maxArgs = Binary, 1, 1
	case "VARBINARY", "BINARY VARYING":
		t.Kind, maxArgs = Varbinary, 1
	case "DATE":
		t.Kind = Date
	case "TIME":
		t.Kind = Time
	case "TIMESTAMP":
		t.Kind = Timestamp
	case "":
		return Type{}, fmt.Errorf("the name of a type is missing")
	default:
		return Type{}, fmt.Errorf("unknown type %s%s", name, typeHint(name))
	}
	if len(args) > maxArgs {
		return Type{}, fmt.Errorf("%s takes at most %d arguments, found %d", name, maxArgs, len(args))
	}
	if len(args) == 0 {
		return t, nil
	}
	if t.Kind == Decimal {
		t.Precision = args[0]
		if len(args) == 2 {
			t.Scale = args[1]
		}
		if t.Precision < 1 || t.Precision > MaxPrecision {
			return Type{}, fmt.Errorf("precision %d of %s is not between 1 and %d", t.Precision, name, MaxPrecision)
		}
		if t.Scale < 0 || t.Scale > t.Precision {
			return Type{}, fmt.Errorf("scale %d of %s is not between 0 and its precision %d", t.Scale, name, t.Precision)
		}
		return t, nil
	}
	t.Length = args[0]
	if t.Length < 1 || t.Length > MaxLength {
		return Type{}, fmt.Errorf("length %d of %s is not between 1 and %d", t.Length, name, MaxLength)
	}
	return t, nil
}

// typeHint says what to write for a type that other systems have.
func typeHint(name string) string {
	switch name {
	case "STRING", "TEXT", "VARCHAR2", "NVARCHAR", "CLOB":
		return "; texts are VARCHAR(n)"
	case "DATETIME", "TIMESTAMP_LTZ", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE":
		return "; times are TIMESTAMP, without zone"
	case "LONG", "INT8", "UNSIGNED":
		return "; numbers of 64 bits are BIGINT"
	case "INT2", "SHORT":
		return "; numbers of 16 bits are SMALLINT"
	case "INT4", "INTEGR", "INTERGER", "INTEGERS":
		return ", did you mean INTEGER?"
	case "BOOL", "BIT":
		return ", did you mean BOOLEAN?"
	case "NUMBER", "MONEY":
		return ", did you mean NUMERIC?"
	case "FLOAT8", "FLOAT64":
		return ", did you mean DOUBLE?"
	case "INTERVAL":
		return ": intervals live in expressions and are no type of a column"
	}
	return ""
}
