package kinesisanalytics

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// maxTags is how many tags of users an application has.
const maxTags = 50

// tagged is withTags for what a caller sends.
func tagged(tags, more []tag) ([]tag, error) {
	for _, t := range more {
		if strings.HasPrefix(strings.ToLower(*t.Key), "aws:") {
			return nil, errArgument("Tag keys that begin with aws: are reserved, found %s", *t.Key)
		}
	}
	if tags = withTags(tags, more); len(tags) > maxTags {
		return nil, awserr.New("TooManyTagsException", "An application can have %d tags, these are %d", maxTags, len(tags))
	}
	return tags, nil
}

// withTags returns tags with more of them set, in the order of their keys. The
// last of equal keys wins.
func withTags(tags, more []tag) []tag {
	kept := slices.Clone(tags)
	for _, t := range more {
		i, there := slices.BinarySearchFunc(kept, *t.Key, compareKey)
		if there {
			kept[i] = t
		} else {
			kept = slices.Insert(kept, i, t)
		}
	}
	return kept
}

func compareKey(t tag, key string) int { return strings.Compare(*t.Key, key) }

// changeTags works in every status but that of a deletion, and makes no version.
func (s *Service) changeTags(ctx context.Context, r request, resource string, change func(tags []tag) ([]tag, error)) error {
	a, err := s.findARN(ctx, r, resource)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	if a.Status == statusDeleting {
		return errStatus(a, r.Operation)
	}
	next := a.stored
	if next.Tags, err = change(a.Tags); err != nil {
		return err
	}
	return s.save(a, next)
}
