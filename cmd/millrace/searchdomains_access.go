package main

import (
	"sync/atomic"

	"github.com/millrace/millrace/internal/domains"
	"github.com/millrace/millrace/internal/searchindex"
)

// domainAccess tells the embedded index how a domain controls who does what. The
// search port answers before the domains are known: until then nobody has a
// role in any.
type domainAccess struct {
	known atomic.Pointer[domains.Service]
}

// of is searchindex.Options.Access.
func (a *domainAccess) of(domain string) searchindex.Access {
	service := a.known.Load()
	if service == nil {
		return searchindex.Access{FineGrained: true}
	}
	security := service.Security(domain)
	return searchindex.Access{
		FineGrained: security.Enabled, MasterARN: security.MasterARN, MasterUser: security.MasterUser, MasterPassword: security.MasterPassword,
	}
}
