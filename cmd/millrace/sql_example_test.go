package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application/local"
	"github.com/millrace/millrace/internal/sql/sqltest"
)

const sqlExample = "../../examples/sql"

// The example's tests pass, its SQL compiles against the schema beside it, and
// its log gives the rows that it is there for.
func TestSQLExample(t *testing.T) {
	t.Parallel()
	files, err := sqltest.Files(sqlExample)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, err := sqltest.RunFile(file); err != nil {
			t.Error(err)
		}
	}
	var schema sqlSchemaFlags
	if _, err := schema.compile(sqlExample + "/app.sql"); err != nil {
		t.Error(err)
	}
	code, err := readCode(sqlExample + "/app.sql")
	if err != nil {
		t.Fatal(err)
	}
	format, err := local.ParseFormat("combined", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_, err = local.Run(t.Context(), local.Options{File: "app.sql", Code: code, Out: &out, Inputs: []local.Input{
		{Stream: local.DefaultStream, File: sqlExample + "/access.log", Format: format},
	}, Window: time.Minute})
	const want = `{"minute":"2026-11-20 10:00:00.000","page":"/cart","failures":3,"worst":503}`
	if err != nil || strings.TrimSpace(out.String()) != want {
		t.Errorf("%s, %v", &out, err)
	}
}
