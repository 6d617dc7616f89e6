package kinesisanalytics

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/journal"
)

// What the journal keeps, as JSON:
//
//	kinesisanalytics/application/<name>        stored
//	kinesisanalytics/version/<name>/<number>   configuration that was replaced, newest maxVersions of them
const (
	storedVersion = 2
	keyPrefix     = "kinesisanalytics/application/"
	versionPrefix = "kinesisanalytics/version/"

	sqlRuntime = "SQL-1_0"

	// maxVersions and maxOperations bound the histories of an application.
	maxVersions   = 100
	maxOperations = 50
)

// stored is an application. What it holds is replaced and never changed, so
// that copies of it may share slices and pointers.
type stored struct {
	Version     int           `json:"version"` // of this format
	Name        string        `json:"name"`
	ARN         string        `json:"arn"`
	Status      string        `json:"status"`
	Description string        `json:"description,omitempty"`
	Created     epoch         `json:"created"`
	Updated     epoch         `json:"updated"`
	Mode        string        `json:"mode,omitempty"`        // ApplicationMode, as it was sent
	Maintenance string        `json:"maintenance,omitempty"` // when the maintenance window begins, "06:00"
	Config      configuration `json:"config"`
	Tags        []tag         `json:"tags,omitempty"`       // by key
	Operations  []operation   `json:"operations,omitempty"` // oldest first
	Operated    int64         `json:"operated,omitempty"`   // how many operations there ever were
	Started     int64         `json:"started,omitempty"`    // how many of them were starts
}

// configuration is a version of an application.
type configuration struct {
	ID         int64                  `json:"id"`             // ApplicationVersionId
	From       int64                  `json:"from,omitempty"` // the version that it replaced
	Created    epoch                  `json:"created"`
	Status     string                 `json:"status,omitempty"` // of the application when it was replaced
	Role       string                 `json:"role,omitempty"`   // ServiceExecutionRole, of the second API
	Code       string                 `json:"code,omitempty"`
	Inputs     []inputDescription     `json:"inputs,omitempty"`
	Outputs    []outputDescription    `json:"outputs,omitempty"`
	References []referenceDescription `json:"references,omitempty"`
	Logging    []loggingDescription   `json:"logging,omitempty"`
}

// epoch is a time in milliseconds. The API writes seconds.
type epoch int64

// MarshalJSON writes seconds, to the millisecond.
func (e epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e)/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads seconds with any fraction.
func (e *epoch) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil {
		return err
	}
	if math.Abs(seconds) > math.MaxInt64/2000 {
		return fmt.Errorf("time %s is out of range", text)
	}
	*e = epoch(math.Round(seconds * 1000))
	return nil
}

func versionKey(app string, id int64) string {
	return fmt.Sprintf("%s%s/%010d", versionPrefix, app, id)
}

// conditionalToken changes with every version, and tells a new application from
// an old one of the same name.
func (a *stored) conditionalToken() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", a.ARN, a.Created, a.Config.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// region of the application's ARN.
func (a *stored) region() string { return strings.Split(a.ARN, ":")[3] }

// put adds the application to a batch.
func (a *stored) put(b *journal.Batch) error {
	value, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write application %q: %w", a.Name, err)
	}
	b.Set(keyPrefix+a.Name, value)
	return nil
}

// read takes what an earlier program wrote, too.
func (a *stored) read(value []byte) error {
	var head struct{ Version int }
	if err := json.Unmarshal(value, &head); err != nil {
		return err
	}
	switch head.Version {
	case storedVersion:
		return json.Unmarshal(value, a)
	case 1:
		return a.readFirst(value)
	}
	return fmt.Errorf("version %d, this program reads 1 to %d", head.Version, storedVersion)
}

// readFirst reads the first format, which had the form of the first API's
// ApplicationDetail.
func (a *stored) readFirst(value []byte) error {
	var first struct {
		Detail detailV1
		Tags   []tag
	}
	if err := json.Unmarshal(value, &first); err != nil {
		return err
	}
	d := &first.Detail
	*a = stored{
		Version: storedVersion, Name: d.ApplicationName, ARN: d.ApplicationARN, Status: d.ApplicationStatus, Description: d.ApplicationDescription,
		Created: d.CreateTimestamp, Updated: d.LastUpdateTimestamp, Tags: withTags(nil, first.Tags),
		Config: configuration{ID: d.ApplicationVersionId, Created: d.LastUpdateTimestamp, Code: d.ApplicationCode,
			Inputs: d.InputDescriptions, Outputs: d.OutputDescriptions},
	}
	return nil
}
