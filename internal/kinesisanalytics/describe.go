package kinesisanalytics

import "strconv"

// detailV1 is the application as the first version of the API shows it.
func (a *stored) detailV1() detailV1 {
	c := &a.Config
	return detailV1{
		ApplicationName: a.Name, ApplicationDescription: a.Description, ApplicationARN: a.ARN, ApplicationStatus: a.Status,
		CreateTimestamp: a.Created, LastUpdateTimestamp: a.Updated, InputDescriptions: c.Inputs, OutputDescriptions: c.Outputs,
		ReferenceDataSourceDescriptions: c.References, CloudWatchLoggingOptionDescriptions: c.Logging,
		ApplicationCode: c.Code, ApplicationVersionId: c.ID,
	}
}

// detailV2 is the application as the second version shows it, in its present
// configuration or in an earlier one.
func (a *stored) detailV2(c *configuration) detailV2 {
	d := detailV2{
		ApplicationARN: a.ARN, ApplicationDescription: a.Description, ApplicationName: a.Name, RuntimeEnvironment: sqlRuntime,
		ServiceExecutionRole: c.Role, ApplicationStatus: a.Status, ApplicationVersionId: c.ID, CreateTimestamp: a.Created,
		LastUpdateTimestamp: a.Updated, CloudWatchLoggingOptionDescriptions: c.Logging,
		ApplicationMaintenanceConfigurationDescription: maintenanceWindow(a.Maintenance),
		ApplicationVersionUpdatedFrom:                  c.From, ApplicationVersionCreateTimestamp: c.Created, ApplicationMode: a.Mode,
	}
	if c.ID == a.Config.ID {
		d.ConditionalToken = a.conditionalToken()
	} else {
		d.ApplicationStatus, d.LastUpdateTimestamp = c.Status, c.Created
	}
	d.ApplicationConfigurationDescription.SqlApplicationConfigurationDescription = sqlDescription{c.Inputs, c.Outputs, c.References}
	if c.Code != "" {
		d.ApplicationConfigurationDescription.ApplicationCodeConfigurationDescription = &codeDescription{"PLAINTEXT", codeContentDescription{c.Code}}
	}
	return d
}

func (a *stored) summaryV1() summaryV1 { return summaryV1{a.Name, a.ARN, a.Status} }

func (a *stored) summaryV2() summaryV2 {
	return summaryV2{a.Name, a.ARN, a.Status, a.Config.ID, sqlRuntime, a.Mode}
}

// maintenanceWindow begins at a time of the day, "22:30", and lasts eight hours,
// as AWS's does.
func maintenanceWindow(start string) *maintenanceDescription {
	if start == "" {
		return nil
	}
	hour, err := strconv.Atoi(start[:2])
	if err != nil {
		panic("BUG: maintenance window " + start)
	}
	hour = (hour + 8) % 24
	return &maintenanceDescription{start, string([]byte{byte('0' + hour/10), byte('0' + hour%10)}) + start[2:]}
}
