// Package tail follows the files that match a pattern and hands out their complete lines with their positions.
//
// A file incarnation is the unit: the bytes from a file's creation (or truncation) to its end, under whatever names it has meanwhile. It has a random id that
// lives in the caller's checkpoint; (id, offset) names a byte for good. A file is recognised again by device, inode and its first bytes:
//
//	access.log  ──rename──▶ access.log.1          same incarnation, read to its end through the old descriptor
//	access.log  ──create──▶ access.log            new incarnation, from 0
//	access.log  ──copy────▶ access.log.1          nothing yet; and when the original is truncated, the copy is the old incarnation
//	access.log  ──truncate▶ access.log            new incarnation, from 0
//	access.log.1 ──gzip───▶ access.log.1.gz       while we are stopped: the same incarnation, unpacked
//
// Names like access.log.1 or access.log-20261122 count as rotated names of access.log. A file with such a name that the pattern does not match is read
// where it holds what was not read: the known file, the copy of it, or one that was rotated away before it was seen at all.
//
// Only lines that end in a newline are handed out. The exception is the last line of a file that has been rotated away and is quiet: nobody will finish it.
//
// A rotated file is followed beyond its end as long as it has a name and is one of the last 32: a server that was told to begin a new log writes to the old one
// until its last request is over.
//
// Limits we accept: what is written to a rotated file later than that; a copy under a name that is not a rotated name, if the pattern matches it, is read as a file of its own; what is written between the copying and
// the truncating is lost unless it was read meanwhile, which is counted; a file that is truncated between two polls and grows beyond the read position with the
// same first KiB and the same last bytes before that position is not noticed.
package tail
