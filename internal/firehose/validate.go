package firehose

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// A valid tag is a list of
//
//	required        the member must be there
//	needed          the same, but not in an update
//	min=, max=      of a number, or of the length of text, data or list
//	pattern=NAME    text satisfies patterns[NAME]
//	enum=NAME       text is one of enums[NAME]
//	only=A B        of these, those that millrace honours
//	each=, keys=    what texts says of the elements of a list, the keys of a map
//	unsupported     a member that AWS knows and millrace refuses by name
//	update          what is below changes a destination that is there
//
// destination marks the members of which a stream has exactly one. Two words
// say what becomes of a member that is in order, and TestModel reads them:
//
//	kept            it is described again and nobody acts upon it
//	off             kept while its block is off, refused by name when it is on

// findings is what a walk over a request found.
type findings struct {
	awserr.Violations
	unsupported []string // paths as the client wrote them
	update      bool     // of what is below
}

// validate checks a request against the constraints of its shape. A violated
// constraint is AWS's ValidationException; a member that millrace does not
// honour is in unsupported.
func validate(in any) (unsupported []string, err error) {
	var f findings
	f.walkStruct(reflect.ValueOf(in).Elem(), "", "")
	return f.unsupported, f.Err("ValidationException")
}

// check is validate for requests in which nothing unsupported can be.
func check(in any) error {
	_, err := validate(in)
	return err
}

// walkStruct visits the members. awsPath is camel case as in AWS's texts, path
// as the client wrote it.
func (f *findings) walkStruct(v reflect.Value, awsPath, path string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			f.walkStruct(v.Field(i), awsPath, path)
			continue
		}
		m := member{
			value: v.Field(i), rules: strings.Split(field.Tag.Get("valid"), ","),
			awsPath: awsPath + strings.ToLower(field.Name[:1]) + field.Name[1:], path: path + field.Name,
		}
		f.walk(m)
	}
}

// member is one member with its constraints.
type member struct {
	value         reflect.Value
	rules         []string
	awsPath, path string
}

// rule returns the value of name=value, and whether the rule is there.
func (m member) rule(name string) (string, bool) {
	for _, r := range m.rules {
		key, value, _ := strings.Cut(r, "=")
		if key == name {
			return value, true
		}
	}
	return "", false
}

func (m member) has(name string) bool {
	_, ok := m.rule(name)
	return ok
}

func (m member) required(update bool) bool { return m.has("required") || !update && m.has("needed") }

var rawMessage = reflect.TypeFor[json.RawMessage]()

func (f *findings) walk(m member) {
	v := m.value
	if v.Type() == rawMessage {
		if m.has("unsupported") && v.Len() > 0 && string(v.Bytes()) != "null" {
			f.unsupported = append(f.unsupported, m.path)
		}
		return
	}
	if v.IsNil() {
		if m.required(f.update) {
			f.Add(awserr.Null, m.awsPath, "not be null")
		}
		return
	}
	if m.has("update") {
		f.update = true
		defer func() { f.update = false }()
	}
	switch v.Kind() {
	case reflect.Slice:
		if f.checkLength(m, "", v.Len()); m.tooLong(v.Len()) {
			return // its length is what is wrong with it
		}
		for i := range v.Len() {
			f.element(m, v.Index(i), fmt.Sprintf("%s.%d.member", m.awsPath, i+1), fmt.Sprintf("%s[%d]", m.path, i))
		}
	case reflect.Map:
		f.entries(m)
	default:
		f.checkValue(m, v.Elem())
	}
}

// element checks what stands in a list.
func (f *findings) element(m member, v reflect.Value, awsPath, path string) {
	if v.Kind() == reflect.Struct {
		f.walkStruct(v, awsPath+".", path+".")
		return
	}
	each, _ := m.rule("each")
	f.checkText(member{value: v, rules: texts[each], awsPath: awsPath, path: path}, v.String())
}

// entries checks a map of text, in the order of its keys.
func (f *findings) entries(m member) {
	names, _ := m.rule("keys")
	keys := m.value.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		f.checkText(member{value: key, rules: texts[names], awsPath: m.awsPath, path: m.path}, key.String())
		f.element(m, m.value.MapIndex(key), m.awsPath+"."+key.String()+".member", m.path+"."+key.String())
	}
}

func (f *findings) checkValue(m member, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		f.walkStruct(v, m.awsPath+".", m.path+".")
	case reflect.Slice: // data
		f.checkLength(m, "", v.Len())
	case reflect.Int:
		f.checkRange(m, float64(v.Int()))
	case reflect.Float64:
		f.checkRange(m, v.Float())
	case reflect.String:
		f.checkText(m, v.String())
	}
}

func (f *findings) checkText(m member, s string) {
	shown := awserr.Shown(s)
	f.checkLength(m, shown, len([]rune(s)))
	if name, ok := m.rule("pattern"); ok && !patterns[name].match(s) {
		f.Add(shown, m.awsPath, "satisfy regular expression pattern: "+patterns[name].text)
	}
	if name, ok := m.rule("enum"); ok && !slices.Contains(enums[name], s) {
		f.Add(shown, m.awsPath, "satisfy enum value set: ["+strings.Join(enums[name], ", ")+"]")
	} else if only, ok := m.rule("only"); ok && !slices.Contains(strings.Fields(only), s) {
		f.unsupported = append(f.unsupported, m.path+" "+s)
	}
}

func (f *findings) checkLength(m member, shown string, n int) {
	if least, ok := m.number("min"); ok && n < least {
		f.Add(shown, m.awsPath, "have length greater than or equal to "+strconv.Itoa(least))
	}
	if most, _ := m.number("max"); m.tooLong(n) {
		f.Add(shown, m.awsPath, "have length less than or equal to "+strconv.Itoa(most))
	}
}

func (m member) tooLong(n int) bool {
	most, ok := m.number("max")
	return ok && n > most
}

func (f *findings) checkRange(m member, n float64) {
	shown := awserr.Shown(n)
	if least, ok := m.number("min"); ok && n < float64(least) {
		f.Add(shown, m.awsPath, "have value greater than or equal to "+strconv.Itoa(least))
	}
	if most, ok := m.number("max"); ok && n > float64(most) {
		f.Add(shown, m.awsPath, "have value less than or equal to "+strconv.Itoa(most))
	}
}

func (m member) number(name string) (int, bool) {
	s, ok := m.rule(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("BUG: tag of " + m.path + ": " + err.Error())
	}
	return n, true
}
