// Package tail follows the files that match a pattern and hands out their complete lines with their positions.
//
// A file incarnation is the unit: the bytes from a file's creation (or truncation) to its end, under whatever names it has meanwhile. It has a random id that
// lives in the caller's checkpoint; (id, offset) names a byte for good. A file is recognised again by device, inode and its first bytes:
//
//	access.log  ──rename──▶ access.log.1          same incarnation, read to its end through the old descriptor
//	access.log  ──create──▶ access.log            new incarnation, from 0
//	access.log  ──truncate──▶ access.log          new incarnation, from 0; unread bytes of the old one are lost and counted
//
// Only lines that end in a newline are handed out. The exception is the last line of a file that has been rotated away and is quiet: nobody will finish it.
//
// Limits we accept: a copy that the pattern also matches (copytruncate to access.log.1 under access.log*) is read as a file of its own, so its lines come
// twice; a file that is truncated and grows beyond the read position with the same first KiB between two polls is not noticed.
package tail
