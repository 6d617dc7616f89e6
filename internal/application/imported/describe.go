package imported

import "strings"

// fromDescription takes what DescribeApplication of either version answered. Its
// members are called like those of CreateApplication, with Description behind.
func fromDescription(root *value) []*draft {
	detail := root.get("ApplicationDetail")
	if detail == nil {
		detail = root // jq '.ApplicationDetail'
	}
	if detail.get("ApplicationName") == nil {
		return nil
	}
	d := &draft{create: described(detail)}
	d.v2 = d.create.get("ApplicationConfiguration") != nil || d.create.get("RuntimeEnvironment") != nil
	for _, m := range detail.members {
		if m.name == "ApplicationMaintenanceConfigurationDescription" || m.name == "ApplicationMode" {
			d.note(m.at, LeftOut, "%s belongs to the service that it ran in", m.name)
		}
	}
	return []*draft{d}
}

// states are members that say how an application is, not what it is.
var states = map[string]bool{
	"ApplicationARN": true, "ApplicationStatus": true, "ApplicationVersionId": true, "CreateTimestamp": true, "LastUpdateTimestamp": true,
	"InputId": true, "InAppStreamNames": true, "InputStartingPositionConfiguration": true, "OutputId": true, "ReferenceId": true,
	"CloudWatchLoggingOptionId": true, "CodeMD5": true, "CodeSize": true, "RunConfigurationDescription": true, "ConditionalToken": true,
	"ApplicationMaintenanceConfigurationDescription": true, "ApplicationVersionUpdatedFrom": true, "ApplicationVersionRolledBackFrom": true,
	"ApplicationVersionRolledBackTo": true, "ApplicationVersionCreateTimestamp": true, "ApplicationMode": true,
}

// described is a description in the shapes of a request.
func described(v *value) *value {
	switch v.kind {
	case list:
		out := &value{kind: list, at: v.at}
		for _, item := range v.items {
			out.items = append(out.items, described(item))
		}
		return out
	case object:
		out := &value{kind: object, at: v.at}
		for _, m := range v.members {
			if states[m.name] || m.value.kind == null {
				continue
			}
			out.members = append(out.members, member{requestName(m.name), described(m.value), m.at})
		}
		return out
	}
	return v
}

func requestName(name string) string {
	switch {
	case name == "ApplicationDescription":
		return name
	case strings.HasSuffix(name, "Descriptions"):
		return strings.TrimSuffix(name, "Descriptions") + "s"
	}
	return strings.TrimSuffix(name, "Description")
}
