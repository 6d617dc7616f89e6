package processing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"github.com/millrace/millrace/internal/destination"
)

// metadataCode is Firehose's for whatever keeps a record from its partition.
const metadataCode = "DynamicPartitioning.MetadataExtractionFailed"

const (
	maxPartitionKeys = 50
	maxQueryBytes    = 5120
	// maxSteps of the jq machine a record, hundreds of times what a large query
	// takes. Steps and not time, so that a record's fate never depends on how
	// busy the machine is.
	maxSteps = 200_000
	// maxQueriedBytes of a record: its tree takes about ten times as much.
	maxQueriedBytes = 8 << 20
)

// query is the processor MetadataExtraction with the engine JQ-1.6: a jq program
// that makes an object of a record, whose members are its partition keys.
//
// A program has nothing but the record to work on. Functions that read anything
// else, or answer differently at another attempt, are refused by name; a program
// that goes on without end is stopped; and texts are not multiplied by numbers,
// as `.price * .count` would do for a record that has a text for a price.
type query struct {
	code *gojq.Code
	keys []string
	// reads are the record's members that the program looks at.
	reads members
	idle  sync.Pool // of *steps
}

// QueryKeys checks a MetadataExtractionQuery and returns the names of the keys
// that it gives, in its order.
func QueryKeys(program string) ([]string, error) {
	q, err := parseQuery(program)
	if err != nil {
		return nil, err
	}
	return q.keys, nil
}

func parseQuery(program string) (*query, error) {
	if len(program) > maxQueryBytes {
		return nil, fmt.Errorf("%d bytes, at most %d", len(program), maxQueryBytes)
	}
	tree, err := gojq.Parse(program)
	if err != nil {
		return nil, fmt.Errorf("not a jq program: %w", err)
	}
	q := &query{}
	q.reads.look(tree)
	if q.keys, err = keysOf(tree); err != nil {
		return nil, err
	}
	if err := confine(tree); err != nil {
		return nil, err
	}
	q.code, err = gojq.Compile(tree, gojq.WithFunction(noText, 0, 0, refuseText), gojq.WithFunction(noArray, 0, 0, refuseArray))
	if err != nil {
		return nil, fmt.Errorf("not a jq program: %w", err)
	}
	q.idle.New = func() any { return newSteps() }
	return q, nil
}

// keysOf reads the keys off the object that the program ends in.
func keysOf(tree *gojq.Query) ([]string, error) {
	for tree.Op == gojq.OpPipe && len(tree.Patterns) == 0 {
		tree = tree.Right
	}
	t := tree.Term
	if t == nil || t.Type != gojq.TermTypeObject || len(t.SuffixList) > 0 {
		return nil, errors.New("want an object of partition keys: {key: .path}")
	}
	var keys []string
	seen := map[string]bool{}
	for _, kv := range t.Object.KeyVals {
		key := kv.Key
		if kv.KeyString != nil && kv.KeyString.Queries == nil {
			key = kv.KeyString.Str
		}
		if key == "" || key[0] == '$' {
			return nil, errors.New("want the names of the partition keys written out: {key: .path}")
		}
		if seen[key] {
			return nil, fmt.Errorf("partition key %q stands there twice", key)
		}
		seen[key] = true
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(keys) > maxPartitionKeys {
		return nil, fmt.Errorf("%d partition keys: want 1 to %d", len(keys), maxPartitionKeys)
	}
	return keys, nil
}

func (q *query) run(ctx context.Context, _ *destination.Batch, items []item, out *destination.Processed) ([]item, error) {
	s := q.idle.Get().(*steps)
	defer q.idle.Put(s)
	return each(ctx, items, out, processingFailed, func(it *item) error {
		keys, err := q.extract(s, it.Data)
		if err != nil {
			return &failure{metadataCode, err.Error()}
		}
		it.partition.Query = keys
		return nil
	})
}

// extract runs the program on one record, which must give one object. A record
// on which the jq machine breaks is refused too: it would come again at each
// start.
func (q *query) extract(s *steps, data []byte) (keys map[string]string, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			keys, err = nil, fmt.Errorf("the query breaks on the record: %v", broken)
		}
	}()
	input, err := q.read(data)
	if err != nil {
		return nil, err
	}
	s.left = maxSteps
	results := q.code.RunWithContext(s, input)
	first, ok := results.Next()
	if !ok {
		return nil, errors.New("the query gives nothing for the record")
	}
	object, isObject := first.(map[string]any)
	if err, failed := first.(error); failed {
		return nil, fmt.Errorf("the query fails for the record: %w", err)
	} else if !isObject {
		return nil, errors.New("the query gives no object for the record")
	}
	if _, more := results.Next(); more {
		return nil, errors.New("the query gives more than one object for the record")
	}
	return q.texts(object)
}

// read makes the tree that the program works on.
func (q *query) read(data []byte) (any, error) {
	if len(data) > maxQueriedBytes {
		return nil, fmt.Errorf("record of %d bytes, at most %d can be queried", len(data), maxQueriedBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("record is not UTF-8")
	}
	return q.reads.tree(data)
}

// texts are the values as they stand in a prefix: texts and numbers as they are
// in the record, true and false as words.
func (q *query) texts(object map[string]any) (map[string]string, error) {
	keys := make(map[string]string, len(object))
	for k, v := range object {
		switch v := v.(type) {
		case string:
			keys[k] = v
		case json.Number:
			keys[k] = v.String()
		case map[string]any, []any:
			return nil, fmt.Errorf("partition key %q is not a single value", k)
		case nil:
		default:
			text, err := gojq.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("partition key %q: %w", k, err)
			}
			keys[k] = string(text)
		}
		if keys[k] == "" {
			return nil, errors.New("partitionKeys values must not be null or empty")
		}
	}
	return keys, nil
}
