// Package archive is the S3 that objects go to: an embedded one, versitygw's
// gateway over plain files, or any other by its address.
//
//	edge ─ verified ─▶ operation known? policy? ─ signed anew ─▶ a remote S3, which is durable before it answers
//
//	edge ─ verified ─▶ operation known? policy? ─ signed anew ─▶ gateway, a child process ─▶ files
//	                                            ◀─ answer ◀─ fsync of file and folders ◀──────┘
//
// The gateway changes its working directory, allows one of itself a process,
// checks accounts of its own and never syncs. So it runs in a child, which is
// our own binary started again, listens on a unix socket that only we can open,
// knows one account made for this run, and what it has written is synced here
// before the client hears of it.
//
// Directory:
//
//	buckets/<bucket>/<key>  the objects; their metadata are extended attributes
//	metadata/               or lie here, on file systems without them
//	gateway.json            the child under way: process id and start time
//	lock                    held while an Archive is open
package archive
