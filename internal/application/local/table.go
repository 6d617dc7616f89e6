package local

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/types"
)

// openTables reads reference data into memory. A row that does not fit its
// columns is an error: a table that lacks rows answers wrongly.
func openTables(tables []Table) (streams []sql.Stream, loaded [][]*types.Batch, err error) {
	for _, t := range tables {
		stream, batches, err := openTable(t)
		if err != nil {
			return nil, nil, fmt.Errorf("reference table %s: %w", t.Name, err)
		}
		streams, loaded = append(streams, stream), append(loaded, batches)
	}
	return streams, loaded, nil
}

func openTable(t Table) (stream sql.Stream, batches []*types.Batch, err error) {
	f, err := openFile(t.File, &atomic.Int64{})
	if err != nil {
		return stream, nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	r, err := recordsOf(f, t.Format, t.Schema)
	if err != nil {
		return stream, nil, err
	}
	s := r.schema
	switch {
	case r.peel:
		s.RowPath = "$[0:]"
	case len(r.array) > 0:
		s.RowPath = t.Schema.RowPath
	}
	layout, err := s.Layout()
	if err != nil {
		return stream, nil, err
	}
	columns := layout.Columns()
	stream = sql.Stream{Name: t.Name, Columns: columns[:len(columns)-layout.Hidden()]}
	var refused error
	err = input.Object(layout, f, func(b *types.Batch) { batches = append(batches, clone(stream.Columns, b)) }, func(e types.ErrorRow) {
		if refused == nil {
			refused = fmt.Errorf("%s: %s: %.200q", t.File, e.Message, e.DataRow)
		}
	})
	return stream, batches, errors.Join(err, refused)
}

// clone copies a batch that is valid during a call only.
func clone(columns []types.Column, b *types.Batch) *types.Batch {
	own := types.NewBatch(columns)
	own.N, own.Rowtime = b.N, append(own.Rowtime, b.Rowtime...)
	for i, v := range b.Cols {
		to := own.Cols[i]
		to.Int, to.Float, to.Null = append(to.Int, v.Int...), append(to.Float, v.Float...), append(to.Null, v.Null...)
		for _, s := range v.Str {
			to.Str = append(to.Str, strings.Clone(s))
		}
	}
	return own
}
