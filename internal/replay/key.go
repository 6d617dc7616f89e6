package replay

import (
	"regexp"
	"strings"
)

const (
	// markerSuffix ends the key of the marker of an object that is done.
	markerSuffix = ".replayed"
	// againPrefix begins the key of what was refused again.
	againPrefix = "replay-failed/"
)

// errorTypes are the values of !{firehose:error-output-type}, one of which is in the key of every error object.
var errorTypes = []string{
	"AmazonOpenSearchService-failed", "AmazonOpenSearchService_failed", "elasticsearch-failed",
	"processing-failed", "decompression-failed", "format-conversion-failed", "http-endpoint-failed",
}

func isErrorObject(key string) bool {
	if strings.HasSuffix(key, markerSuffix) {
		return false
	}
	for _, t := range errorTypes {
		if strings.Contains(key, t) {
			return true
		}
	}
	return false
}

// generation counts how often what lies under a key was refused again. A run replays one generation: that of its prefix.
func generation(key string) (n int) {
	if key+"/" == againPrefix {
		return 1
	}
	for strings.HasPrefix(key, againPrefix) {
		n, key = n+1, key[len(againPrefix):]
	}
	return n
}

// objectName is the name that Firehose gives an object: stream, version, time, UUID, extension.
var objectName = regexp.MustCompile(`^([a-zA-Z0-9_.-]{1,64})-[0-9]+-[0-9]{4}(?:-[0-9]{2}){5}-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?:\.[0-9a-z!_.*'()-]+)?$`)

// streamOf is the delivery stream that wrote an object; empty if its key does not say.
func streamOf(key string) string {
	m := objectName.FindStringSubmatch(key[strings.LastIndexByte(key, '/')+1:])
	if m == nil {
		return ""
	}
	return m[1]
}
