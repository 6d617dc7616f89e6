package domains

// Names lists the domains that are there, sorted.
func (s *Service) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.domains))
	for _, d := range s.sorted() {
		if !d.Deleting {
			names = append(names, d.Name)
		}
	}
	return names
}
