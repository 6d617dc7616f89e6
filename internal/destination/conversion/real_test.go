package conversion

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/millrace/millrace/internal/realtest"
	"github.com/millrace/millrace/internal/record"
)

// everything has a column of each type.
const everything = `columns:
- {name: flag, type: boolean}
- {name: tiny, type: tinyint}
- {name: small, type: smallint}
- {name: n, type: int}
- {name: big, type: bigint}
- {name: f, type: float}
- {name: d, type: double}
- {name: s, type: string}
- {name: c, type: char(3)}
- {name: v, type: varchar(3)}
- {name: b, type: binary}
- {name: t, type: timestamp}
- {name: day, type: date}
- {name: price, type: "decimal(6,2)"}
- {name: large, type: "decimal(38,10)"}
- {name: tags, type: array<string>}
- {name: codes, type: "map<int,boolean>"}
- {name: u, type: "struct<name:string,visits:array<struct<a:int,b:array<int>>>>"}
`

var everyRecord = []string{
	`{"flag":true,"tiny":-1,"small":300,"n":70000,"big":5000000000,"f":1.5,"d":-2.25,"s":"é","c":"ab","v":"abcd","b":"bytes","t":"2026-07-13T14:05:09.123456789Z","day":"1969-12-31","price":-12.345,"large":"-1234567890123456789012345678.0123456789","tags":["a",null],"codes":{"200":true,"404":false},"u":{"name":"x","visits":[{"a":1,"b":[1,2]},{"b":[]},null]}}`,
	`{}`,
	`{"tags":[],"codes":{},"u":{}}`,
}

const withPyarrow = `
import sys, datetime, decimal, pyarrow.parquet as pq
f = pq.ParquetFile(sys.argv[1])
rows = f.read([n for n in f.schema_arrow.names if n != 't']).to_pylist() # Python's times have no nanoseconds
D = decimal.Decimal
assert f.schema_arrow.names == 'flag tiny small n big f d s c v b t day price large tags codes u'.split(), f.schema_arrow
assert [str(f.schema_arrow.field(n).type) for n in ('tiny', 'small', 'n', 't', 'price')] == ['int8', 'int16', 'int32', 'timestamp[ns]', 'decimal128(6, 2)'], f.schema_arrow
r = rows[0]
assert f.read(['t']).column('t')[0].value == 1783951509123456789, f.read(['t'])
assert r == {'flag': True, 'tiny': -1, 'small': 300, 'n': 70000, 'big': 5000000000, 'f': 1.5, 'd': -2.25, 's': 'é', 'c': 'ab', 'v': 'abc', 'b': b'bytes',
  'day': datetime.date(1969, 12, 31), 'price': D('-12.35'), 'large': D('-1234567890123456789012345678.0123456789'), 'tags': ['a', None],
  'codes': [(200, True), (404, False)], 'u': {'name': 'x', 'visits': [{'a': 1, 'b': [1, 2]}, {'a': None, 'b': []}, None]}}, r
assert set(rows[1].values()) == {None}, rows[1]
assert rows[2]['tags'] == [] and rows[2]['codes'] == [] and rows[2]['u'] == {'name': None, 'visits': None}, rows[2]
`

const withDuckDB = `
import sys, datetime, decimal, duckdb
rows = duckdb.sql("SELECT * FROM '" + sys.argv[1] + "'").fetchall()
D = decimal.Decimal
assert rows[0] == (True, -1, 300, 70000, 5000000000, 1.5, -2.25, 'é', 'ab', 'abc', b'bytes', datetime.datetime(2026, 7, 13, 14, 5, 9, 123456), datetime.date(1969, 12, 31),
  D('-12.35'), D('-1234567890123456789012345678.0123456789'), ['a', None], {200: True, 404: False}, {'name': 'x', 'visits': [{'a': 1, 'b': [1, 2]}, {'a': None, 'b': []}, None]}), rows[0]
assert set(rows[1]) == {None}, rows[1]
assert rows[2][15:] == ([], {}, {'name': None, 'visits': None}), rows[2]
`

// Others read what we write: every type, in each form of the file.
func TestOthersReadIt(t *testing.T) {
	schema, err := ParseSchema("everything.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	var records []record.Record
	for _, r := range everyRecord {
		records = append(records, record.Record{Data: []byte(r)})
	}
	for module, script := range map[string]string{"pyarrow": withPyarrow, "duckdb": withDuckDB} {
		t.Run(module, func(t *testing.T) {
			python := realtest.Python(t, module)
			for _, parquet := range []Parquet{
				{}, {Dictionary: true}, {WriterVersion: "V2"}, {WriterVersion: "V2", Dictionary: true, Compression: "GZIP"}, {Compression: "UNCOMPRESSED"},
			} {
				f, err := New(Config{Parquet: parquet}, schema)
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "file.parquet")
				if err := os.WriteFile(file, encode(t, f, records), 0o600); err != nil {
					t.Fatal(err)
				}
				if out, err := exec.Command(python, "-c", script, file).CombinedOutput(); err != nil {
					t.Errorf("%+v: %v\n%s", parquet, err, out)
				}
			}
		})
	}
}
