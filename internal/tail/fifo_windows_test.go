package tail

func makeFIFO(string) error { return nil }
