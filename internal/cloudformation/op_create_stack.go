package cloudformation

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/stack"
)

type parameter struct {
	ParameterKey     string
	ParameterValue   *string
	UsePreviousValue *bool
}

type createStackInput struct {
	StackName          string
	TemplateBody       string
	TemplateURL        string
	Parameters         []parameter
	Capabilities       []string
	DisableRollback    *bool
	OnFailure          string
	ClientRequestToken string
}

type createStackOutput struct{ StackId string }

// createStack answers once the stack is in the journal; the resources are made
// afterwards.
func (s *Service) createStack(ctx context.Context, c *call.Call, in *createStackInput) (*createStackOutput, error) {
	if err := s.checkName(in.StackName); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, arnOf(c, in.StackName, "*")); err != nil {
		return nil, err
	}
	onFailure, err := in.onFailure()
	if err != nil {
		return nil, err
	}
	t, err := parse(in.TemplateBody, in.TemplateURL)
	if err != nil {
		return nil, err
	}
	values, err := in.values(t)
	if err != nil {
		return nil, err
	}
	if err := in.checkCapabilities(t); err != nil {
		return nil, err
	}
	id, err := s.stacks.Create(stack.CreateInput{
		Name: in.StackName, Region: c.Region, RoleARN: c.Identity.RoleARN, Template: t, Text: in.TemplateBody,
		Parameters: values, Capabilities: in.Capabilities, OnFailure: onFailure, Token: in.ClientRequestToken,
	})
	if errors.Is(err, stack.ErrExists) {
		return nil, errExists(in.StackName)
	}
	if err != nil {
		return nil, err
	}
	s.log.Info("stack is being created", "stack", in.StackName, "request_id", c.RequestID)
	return &createStackOutput{id}, nil
}

func (s *Service) checkName(name string) error {
	switch {
	case name == "":
		return errMember(awserr.Null, "stackName", "not be null")
	case len(name) > 128:
		return errMember(awserr.Shown(name), "stackName", "have length less than or equal to 128")
	case !s.stackName.MatchString(name):
		return errMember(awserr.Shown(name), "stackName", "satisfy regular expression pattern: "+stackNamePattern)
	}
	return nil
}

func (in *createStackInput) onFailure() (string, error) {
	choices := []string{stack.OnFailureDoNothing, stack.OnFailureRollback, stack.OnFailureDelete}
	switch {
	case in.DisableRollback != nil && in.OnFailure != "":
		return "", errValidation("Either DisableRollback or OnFailure can be specified, not both.")
	case in.DisableRollback != nil && *in.DisableRollback:
		return stack.OnFailureDoNothing, nil
	case in.OnFailure == "":
		return stack.OnFailureRollback, nil
	case !slices.Contains(choices, in.OnFailure):
		return "", errMember(awserr.Shown(in.OnFailure), "onFailure", "satisfy enum value set: ["+strings.Join(choices, ", ")+"]")
	}
	return in.OnFailure, nil
}

// values are the parameters of the stack, defaults included.
func (in *createStackInput) values(t *stack.Template) (map[string]string, error) {
	given := map[string]string{}
	for _, p := range in.Parameters {
		switch _, twice := given[p.ParameterKey]; {
		case p.UsePreviousValue != nil && *p.UsePreviousValue:
			return nil, errValidation("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", p.ParameterKey)
		case p.ParameterValue == nil:
			return nil, errValidation("Parameters: [%s] must have values", p.ParameterKey)
		case twice:
			return nil, errValidation("Parameter key %s is given twice", p.ParameterKey)
		}
		given[p.ParameterKey] = *p.ParameterValue
	}
	values, err := t.Values(given)
	if err != nil {
		return nil, errValidation("%v", err)
	}
	return values, nil
}

func (in *createStackInput) checkCapabilities(t *stack.Template) error {
	known := []string{stack.CapabilityIAM, stack.CapabilityNamedIAM, "CAPABILITY_AUTO_EXPAND"}
	for _, c := range in.Capabilities {
		if !slices.Contains(known, c) {
			return errMember(awserr.Shown("["+strings.Join(in.Capabilities, ", ")+"]"), "capabilities",
				"satisfy constraint: [Member must satisfy enum value set: ["+strings.Join(known, ", ")+"]]")
		}
	}
	if missing := needs(t, in.Capabilities); missing != nil {
		return awserr.New("InsufficientCapabilitiesException", "Requires capabilities : [%s]", strings.Join(missing, ", "))
	}
	return nil
}
