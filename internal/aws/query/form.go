package query

import (
	"net/url"
	"sort"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// maxDepth is more than any AWS shape nests and keeps a hostile name from
// building a deep tree.
const maxDepth = 32

// Action returns the operation and the version that a form asks for; both are
// empty if the body is no such form.
func Action(form []byte) (action, version string) {
	rest := string(form)
	for rest != "" && (action == "" || version == "") {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "Action":
			action, _ = url.QueryUnescape(value)
		case "Version":
			version, _ = url.QueryUnescape(value)
		}
	}
	return action, version
}

// node is a parameter or the group of parameters below a name:
// Tags.member.1.Key=a is Tags → member → 1 → Key, which holds "a".
type node struct {
	path     string
	value    string
	set      bool // a parameter of this very name was sent
	children map[string]*node
}

// parseForm makes the tree of all parameters but Action and Version.
func parseForm(body []byte) (*node, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, awserr.New("MalformedQueryString", "The query string contains a syntax error: %v", err)
	}
	root := &node{}
	for name, all := range values {
		if len(all) > 1 {
			return nil, awserr.New("MalformedQueryString", "Parameter %s is given %d times", name, len(all))
		}
		if name == "Action" || name == "Version" {
			continue
		}
		if err := root.add(name, all[0]); err != nil {
			return nil, err
		}
	}
	return root, nil
}

func (n *node) add(name, value string) error {
	parts := strings.Split(name, ".")
	if len(parts) > maxDepth {
		return awserr.New("MalformedQueryString", "Parameter %.100s… is nested deeper than %d", name, maxDepth)
	}
	for i, part := range parts {
		child := n.children[part]
		if child == nil {
			child = &node{path: strings.Join(parts[:i+1], ".")}
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[part] = child
		}
		n = child
	}
	n.value, n.set = value, true
	return nil
}

// elements returns the members of a list in order: Name.member.1, .2, … Gaps in the numbers
// are allowed, as AWS allows them; an empty list is sent as "Name=".
func (n *node) elements(wrapper string) ([]*node, error) {
	if n.set && n.value != "" {
		return nil, awserr.New("ValidationError", "Parameter %s is a list: expected %s.%s.1", n.path, n.path, wrapper)
	}
	group := n.children[wrapper]
	for name, child := range n.children {
		if name != wrapper {
			return nil, unknown(child)
		}
	}
	if group == nil {
		return nil, nil
	}
	if group.set {
		return nil, awserr.New("ValidationError", "Parameter %s is not numbered: expected %s.1", group.path, group.path)
	}
	type numbered struct {
		number int
		*node
	}
	var list []numbered
	for name, child := range group.children {
		number, err := strconv.Atoi(name)
		if err != nil || number < 1 || strconv.Itoa(number) != name {
			return nil, awserr.New("ValidationError", "Parameter %s is not numbered: expected %s.1", child.path, group.path)
		}
		list = append(list, numbered{number, child})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].number < list[j].number })
	elements := make([]*node, len(list))
	for i, e := range list {
		elements[i] = e.node
	}
	return elements, nil
}

// unknown names the first parameter at or below a node that no member takes.
func unknown(n *node) error {
	for !n.set {
		names := make([]string, 0, len(n.children))
		for name := range n.children {
			names = append(names, name)
		}
		sort.Strings(names)
		n = n.children[names[0]]
	}
	return awserr.New("ValidationError", "Unknown parameter: %s", n.path)
}
