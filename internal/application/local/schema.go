package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/parser"
	"github.com/millrace/millrace/internal/sql/types"
)

// Schema makes columns of the records of a file.
type Schema struct {
	input.Schema
	// List: it was a list of columns, and the records are written as the file's
	// format says.
	List bool
}

// ParseSchema reads a schema: an InputSchema as the API has it, as JSON, or a
// list of columns as inside the parentheses of CREATE STREAM, whose columns are
// the members of their names. Errors begin with the name of the text.
func ParseSchema(name, text string) (*Schema, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		s, err := readInputSchema([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return &Schema{Schema: s}, checkSchema(name, s)
	}
	columns, err := ParseColumns(name, text)
	if err != nil {
		return nil, err
	}
	s := &Schema{Schema: input.Schema{RowPath: "$"}, List: true}
	for _, c := range columns {
		s.Columns = append(s.Columns, input.Column{Name: c.Name, SQLType: c.Type.String(), Mapping: "$." + c.Name})
	}
	return s, checkSchema(name, s.Schema)
}

func checkSchema(name string, s input.Schema) error {
	if _, err := s.Layout(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// ParseColumns reads a list of columns. Its errors are diagnostics with their
// places in the text.
func ParseColumns(name, text string) ([]types.Column, error) {
	tree, d := parser.Parse(name, "CREATE STREAM S (\n"+text+"\n)")
	for i := range d.List {
		d.List[i].Pos.Line--
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	def, ok := tree[0].(*ast.CreateStream)
	if !ok || len(tree) != 1 {
		return nil, fmt.Errorf("%s: want a list of columns", name)
	}
	var columns []types.Column
	for _, c := range def.Columns {
		columns = append(columns, types.Column{Name: c.Name.Name, Type: c.Type})
	}
	return columns, nil
}

// inputSchema is the shape of the API.
type inputSchema struct {
	RecordFormat   recordFormat
	RecordEncoding string `json:",omitempty"`
	RecordColumns  []recordColumn
}

type recordFormat struct {
	RecordFormatType  string
	MappingParameters mappingParameters
}

type mappingParameters struct {
	JSONMappingParameters *jsonMapping `json:",omitempty"`
	CSVMappingParameters  *csvMapping  `json:",omitempty"`
}

type jsonMapping struct{ RecordRowPath string }

type csvMapping struct{ RecordRowDelimiter, RecordColumnDelimiter string }

type recordColumn struct {
	Name    string
	Mapping string `json:",omitempty"`
	SqlType string
}

// AppendInputSchema appends a schema as the API writes an InputSchema, indented.
func AppendInputSchema(dst []byte, s input.Schema) []byte {
	out := inputSchema{RecordEncoding: "UTF-8", RecordFormat: recordFormat{RecordFormatType: s.Format.String()}}
	if s.Format == input.CSV {
		out.RecordFormat.MappingParameters.CSVMappingParameters = &csvMapping{s.RowDelimiter, s.ColumnDelimiter}
	} else {
		out.RecordFormat.MappingParameters.JSONMappingParameters = &jsonMapping{s.RowPath}
	}
	for _, c := range s.Columns {
		out.RecordColumns = append(out.RecordColumns, recordColumn{c.Name, c.Mapping, c.SQLType})
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic("BUG: " + err.Error()) // texts
	}
	return append(dst, text...)
}

// readInputSchema reads an InputSchema, or an object that has one, such as what
// DiscoverInputSchema answers.
func readInputSchema(text []byte) (input.Schema, error) {
	var around struct{ InputSchema json.RawMessage }
	if err := json.Unmarshal(text, &around); err != nil {
		return input.Schema{}, fmt.Errorf("read InputSchema: %w", err)
	}
	if around.InputSchema != nil {
		text = around.InputSchema
	}
	var in inputSchema
	if err := json.Unmarshal(text, &in); err != nil {
		return input.Schema{}, fmt.Errorf("read InputSchema: %w", err)
	}
	s := input.Schema{RowPath: "$"}
	p := in.RecordFormat.MappingParameters
	switch in.RecordFormat.RecordFormatType {
	case "JSON":
		if p.JSONMappingParameters != nil {
			s.RowPath = p.JSONMappingParameters.RecordRowPath
		}
	case "CSV":
		s.Format = input.CSV
		if p.CSVMappingParameters != nil {
			s.RowDelimiter, s.ColumnDelimiter = p.CSVMappingParameters.RecordRowDelimiter, p.CSVMappingParameters.RecordColumnDelimiter
		}
	default:
		return s, fmt.Errorf("RecordFormatType is %q, want JSON or CSV", in.RecordFormat.RecordFormatType)
	}
	if in.RecordEncoding != "" && in.RecordEncoding != "UTF-8" {
		return s, fmt.Errorf("RecordEncoding %q is not supported, only UTF-8 is", in.RecordEncoding)
	}
	if len(in.RecordColumns) == 0 {
		return s, errors.New("InputSchema has no RecordColumns")
	}
	for _, c := range in.RecordColumns {
		s.Columns = append(s.Columns, input.Column{Name: c.Name, SQLType: c.SqlType, Mapping: c.Mapping})
	}
	return s, nil
}
