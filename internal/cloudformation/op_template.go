package cloudformation

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/stack"
)

type getTemplateInput struct {
	StackName     string
	TemplateStage string
}

type getTemplateOutput struct {
	TemplateBody    string
	StagesAvailable []string
}

// getTemplate answers the template as it was given, byte for byte. Nothing
// processes templates, so both stages are the same.
func (s *Service) getTemplate(ctx context.Context, c *call.Call, in *getTemplateInput) (*getTemplateOutput, error) {
	stages := []string{"Original", "Processed"}
	if in.TemplateStage != "" && !slices.Contains(stages, in.TemplateStage) {
		return nil, errMember(awserr.Shown(in.TemplateStage), "templateStage", "satisfy enum value set: ["+strings.Join(stages, ", ")+"]")
	}
	found, err := s.find(ctx, c, in.StackName)
	if err != nil {
		return nil, err
	}
	return &getTemplateOutput{found.Template, stages}, nil
}

type validateTemplateInput struct {
	TemplateBody string
	TemplateURL  string
}

type validateTemplateOutput struct {
	Parameters         []templateParameter
	Description        string
	Capabilities       []string
	CapabilitiesReason string
}

type templateParameter struct {
	ParameterKey string
	DefaultValue *string
	NoEcho       bool
	Description  string
}

// validateTemplate finds whatever CreateStack would refuse in the template.
func (s *Service) validateTemplate(ctx context.Context, c *call.Call, in *validateTemplateInput) (*validateTemplateOutput, error) {
	if err := s.authorize(ctx, c, "*"); err != nil {
		return nil, err
	}
	t, err := parse(in.TemplateBody, in.TemplateURL)
	if err != nil {
		return nil, err
	}
	out := &validateTemplateOutput{Parameters: []templateParameter{}, Description: t.Description, Capabilities: t.Capabilities()}
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, templateParameter{p.Name, p.Default, p.NoEcho, p.Description})
	}
	if len(out.Capabilities) > 0 {
		out.CapabilitiesReason = "The following resource(s) require capabilities: [" + strings.Join(iamTypes(t), ", ") + "]"
	}
	return out, nil
}

func iamTypes(t *stack.Template) []string {
	var types []string
	for _, r := range t.Resources {
		if strings.HasPrefix(r.Type, "AWS::IAM::") && !slices.Contains(types, r.Type) {
			types = append(types, r.Type)
		}
	}
	return types
}
