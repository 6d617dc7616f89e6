// Package types holds the SQL types of the dialect, the columnar batch that rows travel in, and the texts of values:
// how a type, a timestamp or a whole row is read and written.
package types

import "fmt"

// Kind is a family of SQL types. It decides which slice of a Vector holds the values.
type Kind uint8

const (
	// Null is the kind of the bare literal NULL, before its context gives it another.
	Null Kind = iota
	Boolean
	Tinyint
	Smallint
	Integer
	Bigint
	Decimal
	Real
	Double
	Char
	Varchar
	Binary
	Varbinary
	Date
	Time
	Timestamp
	// Interval is a day-time interval in milliseconds. Intervals live in expressions and are no column type.
	Interval
	// IntervalMonth is a year-month interval in months.
	IntervalMonth
	// Row is the row of values that a log parser makes of a text, packed as AppendRowText has it. It lives in sub-queries; queries
	// around them take its fields.
	Row
)

// Type is a SQL type with its arguments.
type Type struct {
	Kind Kind
	// Length is that of CHAR, VARCHAR, BINARY and VARBINARY in characters or bytes; 0 means without limit.
	Length int
	// Precision and Scale are those of DECIMAL.
	Precision, Scale int
	// From and To are the qualifier of an interval, such as DAY TO HOUR. To equals From when there is one unit.
	From, To Unit
	Nullable bool
}

// Of returns the nullable type of a kind that takes no arguments.
func Of(k Kind) Type { return Type{Kind: k, Nullable: true} }

// DecimalOf returns the nullable type DECIMAL(precision, scale).
func DecimalOf(precision, scale int) Type {
	return Type{Kind: Decimal, Precision: precision, Scale: scale, Nullable: true}
}

// VarcharOf returns the nullable type VARCHAR(length).
func VarcharOf(length int) Type { return Type{Kind: Varchar, Length: length, Nullable: true} }

// IntervalOf returns the type of an interval from one unit to another.
func IntervalOf(from, to Unit) Type {
	k := Interval
	if from == Year || from == Month {
		k = IntervalMonth
	}
	return Type{Kind: k, From: from, To: to, Nullable: true}
}

// Physical says which slice of a Vector holds the values of a kind.
type Physical uint8

const (
	IntValues Physical = iota
	FloatValues
	StrValues
)

// Physical returns the slice that a vector of this kind uses.
func (k Kind) Physical() Physical {
	switch k {
	case Real, Double:
		return FloatValues
	case Char, Varchar, Binary, Varbinary, Row:
		return StrValues
	}
	return IntValues
}

// IsInteger is true for TINYINT, SMALLINT, INTEGER and BIGINT.
func (k Kind) IsInteger() bool { return k >= Tinyint && k <= Bigint }

// IsExact is true for the integers and DECIMAL.
func (k Kind) IsExact() bool { return k >= Tinyint && k <= Decimal }

// IsApprox is true for REAL and DOUBLE.
func (k Kind) IsApprox() bool { return k == Real || k == Double }

// IsNumeric is true for every number.
func (k Kind) IsNumeric() bool { return k >= Tinyint && k <= Double }

// IsText is true for CHAR and VARCHAR.
func (k Kind) IsText() bool { return k == Char || k == Varchar }

// IsBytes is true for BINARY and VARBINARY.
func (k Kind) IsBytes() bool { return k == Binary || k == Varbinary }

// IsDatetime is true for DATE, TIME and TIMESTAMP.
func (k Kind) IsDatetime() bool { return k == Date || k == Time || k == Timestamp }

// IsInterval is true for both families of intervals.
func (k Kind) IsInterval() bool { return k == Interval || k == IntervalMonth }

// IntRange returns the least and greatest value of an integer kind.
func (k Kind) IntRange() (lo, hi int64) {
	switch k {
	case Tinyint:
		return -1 << 7, 1<<7 - 1
	case Smallint:
		return -1 << 15, 1<<15 - 1
	case Integer:
		return -1 << 31, 1<<31 - 1
	}
	return -1 << 63, 1<<63 - 1
}

var kindNames = [...]string{
	Null: "NULL", Boolean: "BOOLEAN", Tinyint: "TINYINT", Smallint: "SMALLINT", Integer: "INTEGER", Bigint: "BIGINT",
	Decimal: "DECIMAL", Real: "REAL", Double: "DOUBLE", Char: "CHAR", Varchar: "VARCHAR", Binary: "BINARY",
	Varbinary: "VARBINARY", Date: "DATE", Time: "TIME", Timestamp: "TIMESTAMP", Interval: "INTERVAL", IntervalMonth: "INTERVAL", Row: "ROW",
}

func (k Kind) String() string { return kindNames[k] }

// String prints the type as SQL, without its nullability.
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case Char, Varchar, Binary, Varbinary:
		if t.Length == 0 {
			return t.Kind.String()
		}
		return fmt.Sprintf("%s(%d)", t.Kind, t.Length)
	case Interval, IntervalMonth:
		if t.From == t.To {
			return "INTERVAL " + t.From.String()
		}
		return "INTERVAL " + t.From.String() + " TO " + t.To.String()
	}
	return t.Kind.String()
}

// Same reports whether two types are equal apart from their nullability.
func (t Type) Same(u Type) bool {
	t.Nullable, u.Nullable = false, false
	return t == u
}
