package conversion

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/millrace/millrace/internal/config"
)

// Schema is a table's columns, in their order.
type Schema struct{ Columns []Column }

// Column of a table, or field of a struct.
type Column struct {
	Name string
	Type Type
}

// maxColumns, counting the fields of structs.
const maxColumns = 10_000

// ParseSchema reads a schema that stands in place of AWS Glue, in one of two
// forms, as YAML or JSON. Ours:
//
//	columns:
//	  - {name: host, type: string}
//	  - {name: bytes, type: bigint, comment: without the header}
//
// The other is what `aws glue get-table` prints. Its partition keys are no
// columns: their values stand in the objects' keys. Errors read
// `name:line:column: text`.
func ParseSchema(name string, text []byte) (Schema, error) {
	p := &schemaParser{name: name}
	var document yaml.Node
	if err := config.LoadYAML(name, text, &document); err != nil {
		return Schema{}, err
	}
	if len(document.Content) != 1 {
		return Schema{}, fmt.Errorf("%s:1:1: no columns", name)
	}
	root, err := p.mapping(document.Content[0], "a schema")
	if err != nil {
		return Schema{}, err
	}
	columns := root["columns"]
	if table := root["Table"]; table != nil {
		p.glue = true
		columns, err = p.glueColumns(table)
	} else if columns == nil {
		err = p.at(document.Content[0], "want columns:, or the Table that aws glue get-table prints")
	} else {
		err = p.only(document.Content[0], "columns")
	}
	if err != nil {
		return Schema{}, err
	}
	return p.columns(columns)
}

type schemaParser struct {
	name string
	glue bool
}

func (p *schemaParser) at(n *yaml.Node, format string, args ...any) error {
	return p.placed(n, 0, fmt.Sprintf(format, args...))
}

func (p *schemaParser) placed(n *yaml.Node, offset int, text string) error {
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		offset++
	}
	return fmt.Errorf("%s:%d:%d: %s", p.name, n.Line, n.Column+offset, text)
}

// mapping returns the values of a mapping by their keys.
func (p *schemaParser) mapping(n *yaml.Node, what string) (map[string]*yaml.Node, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return nil, p.at(n, "%s is a mapping", what)
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if values[n.Content[i].Value] != nil {
			return nil, p.at(n.Content[i], "%s: given twice", n.Content[i].Value)
		}
		values[n.Content[i].Value] = n.Content[i+1]
	}
	return values, nil
}

// only refuses keys that our form does not have.
func (p *schemaParser) only(n *yaml.Node, keys ...string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !strings.Contains(" "+strings.Join(keys, " ")+" ", " "+n.Content[i].Value+" ") {
			return p.at(n.Content[i], "unknown key %s; want %s", n.Content[i].Value, strings.Join(keys, ", "))
		}
	}
	return nil
}

func (p *schemaParser) glueColumns(table *yaml.Node) (*yaml.Node, error) {
	for _, key := range []string{"StorageDescriptor", "Columns"} {
		values, err := p.mapping(table, "what holds "+key)
		if err != nil {
			return nil, err
		}
		if values[key] == nil {
			return nil, p.at(table, "%s is missing", key)
		}
		table = values[key]
	}
	return table, nil
}

func (p *schemaParser) columns(list *yaml.Node) (Schema, error) {
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return Schema{}, p.at(list, "want a list of columns")
	}
	var s Schema
	leaves := 0
	for _, n := range list.Content {
		c, err := p.column(n, s.Columns)
		if err != nil {
			return Schema{}, err
		}
		if leaves += c.Type.leaves(); leaves > maxColumns {
			return Schema{}, p.at(n, "more than %d columns", maxColumns)
		}
		s.Columns = append(s.Columns, c)
	}
	return s, nil
}

func (p *schemaParser) column(n *yaml.Node, before []Column) (Column, error) {
	values, err := p.mapping(n, "a column")
	if err != nil {
		return Column{}, err
	}
	nameKey, typeKey := "name", "type"
	if p.glue {
		nameKey, typeKey = "Name", "Type"
	} else if err := p.only(n, "name", "type", "comment"); err != nil {
		return Column{}, err
	}
	for _, key := range []string{nameKey, typeKey} {
		if v := values[key]; v == nil || v.Kind != yaml.ScalarNode {
			return Column{}, p.at(n, "a column wants a %s", key)
		}
	}
	c := Column{Name: values[nameKey].Value}
	if err := checkName(c.Name, before); err != nil {
		return Column{}, p.at(values[nameKey], "%v", err)
	}
	if c.Type, err = ParseType(values[typeKey].Value); err != nil {
		offset := 0
		var e *typeError
		if errors.As(err, &e) {
			offset = e.offset
		}
		return Column{}, p.placed(values[typeKey], offset, fmt.Sprintf("column %s: %v", c.Name, err))
	}
	return c, nil
}

// checkName refuses names that cannot be told apart: Hive's names know no case.
func checkName(name string, before []Column) error {
	if name == "" || strings.ContainsAny(name, ",:<>\x00") {
		return fmt.Errorf("%q is no name of a column", name)
	}
	for _, c := range before {
		if strings.EqualFold(c.Name, name) {
			return fmt.Errorf("%s: there is a column %s already", name, c.Name)
		}
	}
	return nil
}

// leaves counts the columns that Parquet makes of a type.
func (t Type) leaves() int {
	switch t.Kind {
	case Array:
		return t.Element.leaves()
	case Map:
		return 1 + t.Element.leaves()
	case Struct:
		n := 0
		for _, f := range t.Fields {
			n += f.Type.leaves()
		}
		return n
	}
	return 1
}
