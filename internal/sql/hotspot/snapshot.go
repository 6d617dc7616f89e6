package hotspot

import (
	"encoding/binary"
	"errors"
	"math"
)

// Snapshot appends the state: the number of records and their values, the oldest first, as little-endian IEEE numbers. Who is
// whose neighbour follows from them.
func (f *Finder) Snapshot(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(f.records))
	for n := range f.records {
		for _, v := range f.value((f.at - f.records + n + f.o.WindowSize) % f.o.WindowSize) {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
		}
	}
	return dst
}

// Restore takes the state of a snapshot of a finder with the same options. After an error the finder must not be used.
func (f *Finder) Restore(snapshot []byte) error {
	f.at, f.records = 0, 0
	records, n := binary.Uvarint(snapshot)
	if n <= 0 || records > uint64(f.o.WindowSize) || len(snapshot) != n+int(records)*f.o.Columns*8 {
		return errors.New("it is damaged or of hotspots with other parameters")
	}
	snapshot = snapshot[n:]
	record := make([]float64, f.o.Columns)
	for range records {
		for c := range record {
			record[c] = math.Float64frombits(binary.LittleEndian.Uint64(snapshot))
			if math.IsNaN(record[c]) || math.IsInf(record[c], 0) {
				return errors.New("it holds a value that is no number")
			}
			snapshot = snapshot[8:]
		}
		f.put(record)
	}
	return nil
}
