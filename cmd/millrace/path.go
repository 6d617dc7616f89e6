package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/kinesisanalytics"
)

// pathStatus tells the console how the parts are doing: it is console.Path.
type pathStatus struct{ s *server }

// Status implements console.Path.
func (p pathStatus) Status(ctx context.Context) (*console.Status, error) {
	s := p.s
	usage := s.journal.Usage()
	st := &console.Status{
		At: time.Now().UnixMilli(),
		Server: console.Server{
			Version: version, Region: s.cfg.Region, StartedAt: s.started.UnixMilli(),
			Edge: s.run.Edge, SearchURL: s.run.Search, Dir: s.dir,
			JournalBytes: usage.Bytes, JournalQuota: usage.Quota,
		},
		Agents: s.pipelines.flows(),
	}
	for _, f := range s.firehose.Streams() {
		st.DeliveryStreams = append(st.DeliveryStreams, deliveryStream(f))
	}
	for _, a := range s.analytics.Applications() {
		st.Applications = append(st.Applications, applicationStatus(a))
	}
	st.Search = p.search(ctx)
	return st, nil
}

// Application implements console.Path.
func (p pathStatus) Application(_ context.Context, name string) (*console.ApplicationDetail, error) {
	for _, a := range p.s.analytics.Applications() {
		if a.Name == name {
			return &console.ApplicationDetail{Application: applicationStatus(a), Code: a.Code}, nil
		}
	}
	return nil, fmt.Errorf("application %q: %w", name, console.ErrNotFound)
}

func deliveryStream(f firehose.Status) console.DeliveryStream {
	d, buffer := f.Delivery, f.Delivery.Buffer
	out := console.DeliveryStream{
		Name: f.Name, ARN: f.ARN, Status: f.Status,
		Destination: console.Destination{
			Kind: f.Target.Kind, Bucket: f.Target.Bucket, Prefix: f.Target.Prefix, Domain: lastPart(f.Target.Domain), Index: f.Target.Index,
			Endpoint: f.Target.Endpoint, Function: f.Target.Function, BackupBucket: f.Target.BackupBucket,
		},
		// what went to the error output as a whole is no delivery; of a record in parts, some can be there
		RecordsIn: int64(f.RecordsIn), BytesIn: int64(f.BytesIn), RecordsOut: int64(f.RecordsOut) - int64(d.RefusedWhole), BytesOut: int64(d.Bytes),
		RecordsRefused: int64(d.Refused), PutsRefused: int64(f.Refused + f.Throttled), RecordsDropped: int64(d.Dropped),
		ObjectsUnderWay: int64(d.UnderWay), Breaker: d.Breaker.State,
		Buffer: console.Buffer{
			Records: int64(buffer.Records), Bytes: int64(buffer.Bytes),
			SizeBytes: f.Target.BufferBytes, IntervalMs: f.Target.Interval.Milliseconds(),
			Delivering: d.State == delivery.Delivering || d.State == delivery.Retrying,
		},
	}
	if !buffer.NextFlush.IsZero() {
		out.Buffer.NextFlushAt = buffer.NextFlush.UnixMilli()
		out.Buffer.AgeMs = max(0, f.Target.Interval.Milliseconds()-time.Until(buffer.NextFlush).Milliseconds())
	}
	if f.FreshnessMillis != nil {
		out.FreshnessMs = *f.FreshnessMillis
	}
	for _, o := range d.Last {
		key := o.Key
		if key == "" {
			key = f.Target.Index + f.Target.Endpoint // one of them is empty
		}
		out.LastObjects = append(out.LastObjects, console.ObjectRecord{
			Key: key, At: o.Time.UnixMilli(), Records: int64(o.Records), Bytes: int64(o.Bytes), Refused: int64(o.Refused),
		})
	}
	if d.Processing != nil {
		out.RecordsDropped += int64(d.Processing.DroppedRecords)
	}
	out.LastError = deliveryFailure(&d)
	if f.Backup != nil {
		out.BackupError = deliveryFailure(f.Backup)
	}
	return out
}

// deliveryFailure is a pipeline's last trouble, nil if there was none.
func deliveryFailure(d *delivery.Status) *console.Failure {
	if d.LastError == "" {
		return nil
	}
	return &console.Failure{Message: d.LastError, At: unixMilli(d.LastErrorAt), Current: d.State == delivery.Retrying || d.State == delivery.Failed}
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// lastPart is the name at the end of an ARN, of a function with its qualifier,
// or an address as it is.
func lastPart(s string) string {
	if !strings.HasPrefix(s, "arn:") {
		return s
	}
	if _, function, ok := strings.Cut(s, ":function:"); ok {
		return function
	}
	return s[strings.LastIndexByte(s, '/')+1:]
}

func applicationStatus(a kinesisanalytics.Status) console.Application {
	out := console.Application{
		Name: a.Name, ARN: a.ARN, Status: a.Status, Version: int64(a.Version), MillisBehindLatest: a.Run.MillisBehindLatest,
	}
	if a.InputARN != "" {
		out.Inputs = []console.ApplicationInput{{DeliveryStream: lastPart(a.InputARN), Streams: a.InputStreams}}
	}
	for _, o := range a.Outputs {
		out.Outputs = append(out.Outputs, console.ApplicationOutput{Stream: o.Stream, DeliveryStream: lastPart(o.ARN)})
	}
	for _, st := range a.Run.Streams {
		out.Streams = append(out.Streams, console.AppStream{
			Name: st.Name, Columns: columns(st), Rows: st.Rows, LastRowAt: st.LastRowtime,
		})
	}
	if a.LastError != "" {
		out.LastError = &console.Failure{Message: a.LastError, At: time.Now().UnixMilli(), Current: a.Status != "RUNNING"}
	}
	return out
}

func columns(st application.StreamStatus) []console.Column {
	out := make([]console.Column, len(st.Columns))
	for i, c := range st.Columns {
		out[i] = console.Column{Name: c.Name, Type: c.Type.String()}
	}
	return out
}

// searchPatience is what the status waits for search: everything else is shown
// while a cluster hangs.
const searchPatience = 2 * time.Second

// search lists the domains and their indices, asked for over REST as a real
// cluster would be.
func (p pathStatus) search(ctx context.Context) []console.SearchDomain {
	ctx, cancel := context.WithTimeout(ctx, searchPatience)
	defer cancel()
	var out []console.SearchDomain
	for _, name := range p.s.domains.Names() {
		d := console.SearchDomain{Name: name}
		d.Endpoint, _ = p.s.searchDomains.URL(name)
		status, body, err := p.s.search.Do(ctx, name, http.MethodGet, "/_cat/indices?format=json&bytes=b&h=index,docs.count,store.size", nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("list indices: status %d", status)
		}
		if err != nil {
			d.LastError = &console.Failure{Message: err.Error(), At: time.Now().UnixMilli(), Current: true}
		} else {
			d.Indices = indices(body)
		}
		out = append(out, d)
	}
	return out
}

func indices(body []byte) []console.Index {
	var rows []struct {
		Index string `json:"index"`
		Docs  string `json:"docs.count"`
		Size  string `json:"store.size"`
	}
	if json.Unmarshal(body, &rows) != nil {
		return nil
	}
	out := make([]console.Index, len(rows))
	for i, r := range rows {
		docs, _ := strconv.ParseInt(r.Docs, 10, 64)
		size, _ := strconv.ParseInt(r.Size, 10, 64)
		out[i] = console.Index{Name: r.Index, Docs: docs, Bytes: size}
	}
	return out
}
