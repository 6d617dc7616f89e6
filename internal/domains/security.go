package domains

import (
	"strings"
	"unicode"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// securityOptions is AdvancedSecurityOptions as it is given. What it does not name (SAML, JWT, anonymous access) is refused
// as unknown.
type securityOptions struct {
	Enabled                     bool
	InternalUserDatabaseEnabled bool
	MasterUserOptions           *masterUserOptions `json:",omitempty"`
}

type masterUserOptions struct {
	MasterUserARN      string `json:",omitempty"`
	MasterUserName     string `json:",omitempty"`
	MasterUserPassword string `json:",omitempty"`
}

// securityStatus is how it is shown: the master user never is.
type securityStatus struct {
	Enabled                     bool
	InternalUserDatabaseEnabled bool
}

// Security is a domain's fine-grained access control: whoever signs needs a role mapping, but for the master user.
type Security struct {
	Enabled                    bool
	MasterARN                  string
	MasterUser, MasterPassword string
}

// Security returns how access to a domain is controlled; the zero value for a domain without AdvancedSecurityOptions and
// for one that is not there. Every request to a domain asks: it waits for no operation on another.
func (s *Service) Security(name string) Security {
	security, _ := s.security.Load(name)
	control, _ := security.(Security)
	return control
}

// control makes a domain's access control known, before anybody learns the domain's address.
func (s *Service) control(d *domain) {
	if d.Security == nil || !d.Security.Enabled {
		return
	}
	m := d.Security.MasterUserOptions
	s.security.Store(d.Name, Security{Enabled: true, MasterARN: m.MasterUserARN, MasterUser: m.MasterUserName, MasterPassword: m.MasterUserPassword})
}

func (d *domain) securityStatus() *securityStatus {
	if d.Security == nil {
		return nil
	}
	return &securityStatus{d.Security.Enabled, d.Security.InternalUserDatabaseEnabled}
}

const minMasterPassword = 8

// check refuses what AWS refuses: a master user has to be named, in the one way or the other.
func (o *securityOptions) check() error {
	if o == nil {
		return nil
	}
	m := o.MasterUserOptions
	switch {
	case !o.Enabled && (o.InternalUserDatabaseEnabled || m != nil):
		return errSecurity("Fine-grained access control must be enabled to set a master user or the internal user database.")
	case !o.Enabled:
		return nil
	case m == nil:
		return errSecurity("You must specify a master user when fine-grained access control is enabled.")
	case o.InternalUserDatabaseEnabled && (m.MasterUserARN != "" || m.MasterUserName == "" || m.MasterUserPassword == ""):
		return errSecurity("With the internal user database, the master user is a MasterUserName and a MasterUserPassword.")
	case !o.InternalUserDatabaseEnabled && (m.MasterUserARN == "" || m.MasterUserName != "" || m.MasterUserPassword != ""):
		return errSecurity("Without the internal user database, the master user is a MasterUserARN.")
	case m.MasterUserARN != "" && !strings.HasPrefix(m.MasterUserARN, "arn:"):
		return errMember(m.MasterUserARN, "advancedSecurityOptions.masterUserOptions.masterUserARN", "satisfy regular expression pattern: arn:(aws|aws\\-cn|aws\\-us\\-gov|aws\\-iso|aws\\-iso\\-b):[a-z]+:.*")
	case m.MasterUserPassword != "" && !strongPassword(m.MasterUserPassword):
		return errSecurity("The master user password must contain at least one uppercase letter, one lowercase letter, one number, and one special character, and have at least 8 characters.")
	}
	return nil
}

func strongPassword(s string) bool {
	var upper, lower, digit, special bool
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			upper = true
		case unicode.IsLower(r):
			lower = true
		case unicode.IsDigit(r):
			digit = true
		default:
			special = true
		}
	}
	return len(s) >= minMasterPassword && upper && lower && digit && special
}

func errSecurity(text string) error { return awserr.New("ValidationException", "%s", text) }
