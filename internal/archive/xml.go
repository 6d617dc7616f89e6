package archive

import (
	"bytes"
	"encoding/xml"
	"errors"
)

// maxXMLDepth is deeper than anything that S3's protocol nests.
const maxXMLDepth = 32

// readXML reads what a client or a remote S3 has sent. Elements within elements
// without end, of which the decoder would keep account a hundred bytes each,
// are refused.
func readXML(text []byte, into any) error {
	return xml.NewTokenDecoder(&shallow{tokens: xml.NewDecoder(bytes.NewReader(text))}).Decode(into)
}

type shallow struct {
	tokens *xml.Decoder
	depth  int
}

// Token implements xml.TokenReader.
func (s *shallow) Token() (xml.Token, error) {
	t, err := s.tokens.RawToken()
	switch t.(type) {
	case xml.StartElement:
		if s.depth++; s.depth > maxXMLDepth {
			return nil, errors.New("XML is nested too deep")
		}
	case xml.EndElement:
		s.depth--
	}
	return t, err
}
