package processing

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// Codes of answers that are not what Firehose asked for, and of records that
// the function itself gives up.
const (
	functionError       = "Lambda.FunctionError"
	invokeAccessDenied  = "Lambda.InvokeAccessDenied"
	jsonProcessing      = "Lambda.JsonProcessingException"
	duplicatedRecordID  = "Lambda.DuplicatedRecordId"
	missingRecordID     = "Lambda.MissingRecordId"
	processingFailedSet = "Lambda.ProcessingFailedStatus"
)

// result is what the function said of one record.
type result struct {
	status string            // Ok, Dropped or ProcessingFailed
	data   []byte            // nil if it gave none
	keys   map[string]string // metadata.partitionKeys
}

// answer is a function's answer by record id.
type answer map[string]result

// parseAnswer reads
//
//	{"records":[{"recordId":"…","result":"Ok","data":"aGVsbG8=","metadata":{"partitionKeys":{"page":"cart"}}}]}
//
// with the members' names exactly as written. An error, a *failure, refuses the
// whole batch: the answer is no JSON, a record has no id or one that came
// before, its result is another word, its data is not base64. Other members are
// passed over, so are records that were not asked for.
func parseAnswer(text []byte, expected int) (answer, error) {
	var records []byte
	end := scanObject(text, skipSpace(text, 0), 0, func(name, value []byte) {
		if string(unquoted(name)) == "records" {
			records = value
		}
	})
	if end < 0 || skipSpace(text, end) != len(text) {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, &failure{jsonProcessing, fmt.Sprintf("the function's result cannot be read: %v", jsonProblem(err))}
		}
		records = nil // the result is null
	}
	switch {
	case isNull(records):
		return nil, &failure{functionError, "the function's result has no records"}
	case records[0] != '[':
		return nil, &failure{jsonProcessing, "records is not an array"}
	}
	a := make(answer, expected)
	n := 0
	var failed error
	scanArray(records, 0, 0, func(row []byte) {
		if failed == nil {
			failed = a.add(n, row)
		}
		n++
	})
	if failed != nil {
		return nil, failed
	}
	return a, nil
}

// add takes the n-th record.
func (a answer) add(n int, row []byte) error {
	id, r, err := parseResult(row)
	if err != nil {
		f := failureOf(err)
		return &failure{f.code, fmt.Sprintf("records[%d]: %s", n, f.message)}
	}
	if _, twice := a[id]; twice {
		return &failure{duplicatedRecordID, fmt.Sprintf("records[%d]: recordId %q was returned before", n, id)}
	}
	a[id] = r
	return nil
}

func parseResult(row []byte) (id string, r result, err error) {
	var recordID, status, data, metadata []byte
	if scanObject(row, 0, 0, func(name, value []byte) {
		switch string(unquoted(name)) {
		case "recordId":
			recordID = value
		case "result":
			status = value
		case "data":
			data = value
		case "metadata":
			metadata = value
		}
	}) < 0 {
		return "", r, &failure{jsonProcessing, "it is not an object"}
	}
	if id, err = decodeText("recordId", recordID); err != nil {
		return "", r, err
	}
	if r.status, err = decodeText("result", status); err != nil {
		return "", r, err
	}
	switch {
	case id == "":
		return "", r, &failure{functionError, "it has no recordId"}
	case r.status != "Ok" && r.status != "Dropped" && r.status != "ProcessingFailed":
		return "", r, &failure{functionError, fmt.Sprintf("result is %q: want Ok, Dropped or ProcessingFailed", r.status)}
	}
	if r.data, err = decodeData(data); err != nil {
		return "", r, err
	}
	r.keys, err = partitionKeys(metadata)
	return id, r, err
}

// decodeText returns nothing for what is not there.
func decodeText(name string, value []byte) (string, error) {
	switch {
	case isNull(value):
		return "", nil
	case value[0] != '"':
		return "", &failure{jsonProcessing, name + " is not a text"}
	}
	return string(unquoted(value)), nil
}

// decodeData returns nil for data that is not there.
func decodeData(value []byte) ([]byte, error) {
	switch {
	case isNull(value):
		return nil, nil
	case value[0] != '"':
		return nil, &failure{jsonProcessing, "data is not a text"}
	}
	encoded := unquoted(value)
	data := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(data, encoded)
	if err != nil {
		return nil, &failure{functionError, fmt.Sprintf("data is not base64: %v", err)}
	}
	return data[:n], nil
}

// partitionKeys are texts; scalars stand for theirs, null for an empty one.
func partitionKeys(metadata []byte) (keys map[string]string, err error) {
	var object []byte
	if isNull(metadata) {
		return nil, nil
	}
	if scanObject(metadata, 0, 0, func(name, value []byte) {
		if string(unquoted(name)) == "partitionKeys" {
			object = value
		}
	}) < 0 {
		return nil, &failure{jsonProcessing, "metadata is not an object"}
	}
	if isNull(object) {
		return nil, nil
	}
	keys = map[string]string{}
	if scanObject(object, 0, 0, func(name, value []byte) {
		k := string(unquoted(name))
		switch value[0] {
		case '{', '[':
			err = &failure{jsonProcessing, fmt.Sprintf("partition key %q is not a text", k)}
		case '"':
			keys[k] = string(unquoted(value))
		case 'n':
			keys[k] = ""
		default:
			keys[k] = string(value)
		}
	}) < 0 {
		return nil, &failure{jsonProcessing, "partitionKeys is not an object"}
	}
	return keys, err
}

// isNull tells that a member is null or not there.
func isNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

// jsonProblem says what is wrong with a text in words that know nothing of how it
// is read here.
func jsonProblem(err error) error {
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) {
		return fmt.Errorf("it is, or has within it, a JSON %s where another kind of value is wanted", other.Value)
	}
	return err
}
