package main

import (
	"encoding/json"
	"fmt"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/console"
)

// rows gives the console the rows of in-application streams: it is console.Rows.
type rows struct{ s *server }

// Subscribe implements console.Rows.
func (r rows) Subscribe(app, stream string, deliver func(console.RowBatch)) (func(), error) {
	w, err := r.s.analytics.Watch(app, stream)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", console.ErrNotFound, err)
	}
	columns := r.columns(app, stream)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case batch := <-w.C:
				deliver(rowBatch(columns, batch))
			case <-done:
				return
			}
		}
	}()
	return func() {
		w.Close()
		close(done)
		<-ended
	}, nil
}

func (r rows) columns(app, stream string) []console.Column {
	for _, a := range r.s.analytics.Applications() {
		if a.Name != app {
			continue
		}
		for _, st := range a.Run.Streams {
			if st.Name == stream {
				return columns(st)
			}
		}
	}
	return nil
}

func rowBatch(columns []console.Column, batch application.Rows) console.RowBatch {
	out := console.RowBatch{Columns: columns, Skipped: batch.Skipped, Rows: make([]console.Row, len(batch.Rows))}
	for i, row := range batch.Rows {
		out.Rows[i] = console.Row{RowTime: row.Rowtime, Record: json.RawMessage(row.Data)}
	}
	return out
}
