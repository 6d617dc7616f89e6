package types

import "encoding/binary"

// A row is packed as its fields one behind the other: the length of the text plus 1, and the text; a length of 0 is NULL.

// AppendRowText appends a field.
func AppendRowText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))+1), s...)
}

// AppendRowNull appends a field that is NULL.
func AppendRowNull(dst []byte) []byte { return append(dst, 0) }

// RowField returns field i of a packed row, counted from 0. It is not ok when the field is NULL.
func RowField(row string, i int) (s string, ok bool) {
	for {
		n, size := uvarint(row)
		if size <= 0 {
			return "", false
		}
		row = row[size:]
		if i == 0 && n > 0 {
			return row[:n-1], true
		}
		if i == 0 {
			return "", false
		}
		if n > 0 {
			row = row[n-1:]
		}
		i--
	}
}

// uvarint is binary.Uvarint of a text. A length that the text has no room for is none.
func uvarint(s string) (v uint64, n int) {
	for shift := 0; n < len(s) && shift < 63; shift += 7 {
		c := s[n]
		n++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if v > uint64(len(s)-n)+1 {
				return 0, 0
			}
			return v, n
		}
	}
	return 0, 0
}

// appendRowArray appends a packed row as a JSON array, for the error rows that show it.
func appendRowArray(dst []byte, row string) []byte {
	dst = append(dst, '[')
	for i := 0; row != ""; i++ {
		n, size := uvarint(row)
		if size <= 0 {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		if n == 0 {
			dst = append(dst, "null"...)
		} else {
			dst = AppendJSONString(dst, row[size:size+int(n)-1])
		}
		row = row[size+int(max(n, 1))-1:]
	}
	return append(dst, ']')
}
