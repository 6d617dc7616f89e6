package firehose

import (
	"slices"
	"strings"
)

// maxTags is how many tags a stream has.
const maxTags = 50

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

// withoutTags returns tags without those keys; keys that are not there are fine.
func withoutTags(tags []tag, keys []string) []tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t tag) bool { return slices.Contains(keys, *t.Key) })
}

func compareKey(t tag, key string) int { return strings.Compare(*t.Key, key) }

// changeTags works in every state but that of a deletion.
func (s *Service) changeTags(name string, change func([]tag) []tag) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	st, err := s.lookup(name)
	if err != nil {
		return err
	}
	conf := st.current()
	if conf.Status == deleting {
		return errInUse(name, conf.Status)
	}
	tags := change(conf.Tags)
	if len(tags) > maxTags {
		return errLimit("Firehose %s can have at most %d tags", name, maxTags)
	}
	return st.change(conf.with(func(c *config) { c.Tags = tags }))
}
