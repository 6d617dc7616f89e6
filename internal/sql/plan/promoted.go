package plan

// Promoted returns the created streams whose rows carry a ROWTIME that a query gave them, directly or through other pumps.
// The bounds of the inputs say nothing about these.
func (a *Application) Promoted() map[string]bool {
	promoted := map[string]bool{}
	for again := true; again; {
		again = false
		for _, p := range a.Pumps {
			if !promoted[p.Target] && promotes(p, promoted) {
				promoted[p.Target], again = true, true
			}
		}
	}
	return promoted
}

func promotes(n Node, streams map[string]bool) bool {
	switch n := n.(type) {
	case *Promote:
		return true
	case *Scan:
		return streams[n.Stream]
	}
	for _, in := range n.Inputs() {
		if promotes(in, streams) {
			return true
		}
	}
	return false
}
