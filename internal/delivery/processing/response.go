package processing

import (
	"cmp"
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
func parseAnswer(text []byte) (answer, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, &failure{jsonProcessing, fmt.Sprintf("the function's result cannot be read: %v", jsonProblem(err))}
	}
	var rows []map[string]json.RawMessage
	if err := member(top, "records", &rows); err != nil {
		return nil, err
	}
	if rows == nil {
		return nil, &failure{functionError, "the function's result has no records"}
	}
	a := make(answer, len(rows))
	for i, row := range rows {
		id, r, err := parseResult(row)
		if err != nil {
			f := failureOf(err)
			return nil, &failure{f.code, fmt.Sprintf("records[%d]: %s", i, f.message)}
		}
		if _, twice := a[id]; twice {
			return nil, &failure{duplicatedRecordID, fmt.Sprintf("records[%d]: recordId %q was returned before", i, id)}
		}
		a[id] = r
	}
	return a, nil
}

func parseResult(row map[string]json.RawMessage) (id string, r result, err error) {
	var data *string
	err = cmp.Or(member(row, "recordId", &id), member(row, "result", &r.status), member(row, "data", &data))
	switch {
	case err != nil:
		return "", r, err
	case id == "":
		return "", r, &failure{functionError, "no recordId"}
	case r.status != "Ok" && r.status != "Dropped" && r.status != "ProcessingFailed":
		return "", r, &failure{functionError, fmt.Sprintf("result is %q: want Ok, Dropped or ProcessingFailed", r.status)}
	}
	if data != nil {
		r.data, err = base64.StdEncoding.DecodeString(*data)
		if err != nil {
			return "", r, &failure{functionError, fmt.Sprintf("data is not base64: %v", err)}
		}
	}
	r.keys, err = partitionKeys(row)
	return id, r, err
}

// partitionKeys are texts; scalars stand for theirs, null for an empty one.
func partitionKeys(row map[string]json.RawMessage) (map[string]string, error) {
	var metadata, keys map[string]json.RawMessage
	if err := member(row, "metadata", &metadata); err != nil {
		return nil, err
	}
	if err := member(metadata, "partitionKeys", &keys); err != nil || keys == nil {
		return nil, err
	}
	texts := make(map[string]string, len(keys))
	for k, v := range keys {
		switch v[0] {
		case '{', '[':
			return nil, &failure{jsonProcessing, fmt.Sprintf("partition key %q is not a text", k)}
		case '"':
			var s string
			if err := member(keys, k, &s); err != nil {
				return nil, err
			}
			texts[k] = s
		case 'n':
			texts[k] = ""
		default:
			texts[k] = string(v)
		}
	}
	return texts, nil
}

// member reads one that may be absent or null.
func member(object map[string]json.RawMessage, name string, into any) error {
	text, ok := object[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return &failure{jsonProcessing, fmt.Sprintf("%s cannot be read: %v", name, jsonProblem(err))}
	}
	return nil
}

// jsonProblem says what is wrong with a text in words that know nothing of how it
// is read here.
func jsonProblem(err error) error {
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) {
		return fmt.Errorf("it is, or has within it, a JSON %s where another kind of value is wanted", other.Value)
	}
	return err
}
