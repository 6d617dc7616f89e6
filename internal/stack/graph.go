package stack

import "strings"

// order refuses a template whose resources wait for each other.
func (t *Template) order(f *findings) {
	visits := map[string]visit{}
	for _, r := range t.Resources {
		if cycle := t.cycle(r, visits, nil); cycle != nil {
			at := t.Resource(cycle[0]).At
			f.add(at, "the resources depend on each other: %s", strings.Join(cycle, " -> "))
			return
		}
	}
}

type visit uint8

const (
	unseen visit = iota
	underWay
	finished
)

// cycle follows dependencies from a resource and returns the first circle,
// closed by its own beginning.
func (t *Template) cycle(r *Resource, visits map[string]visit, path []string) []string {
	path = append(path, r.LogicalID)
	switch visits[r.LogicalID] {
	case finished:
		return nil
	case underWay:
		for i, id := range path {
			if id == r.LogicalID {
				return path[i:]
			}
		}
	}
	visits[r.LogicalID] = underWay
	for _, d := range r.Dependencies {
		if found := t.cycle(t.Resource(d), visits, path); found != nil {
			return found
		}
	}
	visits[r.LogicalID] = finished
	return nil
}
