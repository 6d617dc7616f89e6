package opensearch

import (
	"context"
	"fmt"
)

// Document is one that search has refused before, with the id, index and type that it had.
type Document struct {
	ID, Index, Type string
	Source          []byte
}

// Rejection says why a document is refused again.
type Rejection struct {
	Code, Message string
	Attempts      int
	At            int64 // end of the last attempt, ms since the epoch
}

// Again indexes documents that were refused before. It returns for each document why it is refused, nil for one that is
// in its index now. An error means that some are neither: the server did not answer, or lets nobody in, for the whole
// retry duration. Then all of them can be sent once more; their ids make it harmless.
func (d *Destination) Again(ctx context.Context, documents []Document) ([]*Rejection, error) {
	all := make([]*document, len(documents))
	var docs []*document
	for i, x := range documents {
		all[i] = &document{id: x.ID, index: x.Index, kind: x.Type}
		source, err := oneObject(x.Source)
		if err != nil {
			all[i].fail("400", errorJSON("mapper_parsing_exception", "failed to parse record: "+err.Error()))
			continue
		}
		all[i].source = source
		docs = append(docs, all[i])
	}
	refused, left, err := d.bring(ctx, docs)
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("index %d documents again: %w", len(left), d.failure(left[0]))
	}
	final := map[*document]bool{}
	for _, doc := range refused {
		final[doc] = true
	}
	out := make([]*Rejection, len(all))
	for i, doc := range all {
		if final[doc] || doc.source == nil {
			out[i] = &Rejection{doc.code, doc.message, doc.attempts, doc.attemptedAt}
		}
	}
	return out, nil
}
