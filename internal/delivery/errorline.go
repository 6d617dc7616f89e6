package delivery

import (
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Kinds of refusals that have a shape of their own; each is a folder of the
// error output.
const (
	ProcessingFailed       = "processing-failed"
	DecompressionFailed    = "decompression-failed"
	FormatConversionFailed = "format-conversion-failed"
	HTTPEndpointFailed     = "http-endpoint-failed"
)

// Lines of error objects, with the members, their order and their spelling as
// Firehose writes them. Times are ms, raw data is base64.
type (
	// processingLine is also that of decompression, which names no function.
	processingLine struct {
		RawData                []byte `json:"rawData"`
		ErrorCode              string `json:"errorCode"`
		ErrorMessage           string `json:"errorMessage"`
		AttemptsMade           int    `json:"attemptsMade"`
		ArrivalTimestamp       int64  `json:"arrivalTimestamp"`
		AttemptEndingTimestamp int64  `json:"attemptEndingTimestamp"`
		LambdaARN              string `json:"lambdaARN,omitempty"`
	}

	conversionLine struct {
		AttemptsMade           int                `json:"attemptsMade"`
		ArrivalTimestamp       int64              `json:"arrivalTimestamp"`
		LastErrorCode          string             `json:"lastErrorCode"`
		LastErrorMessage       string             `json:"lastErrorMessage"`
		AttemptEndingTimestamp int64              `json:"attemptEndingTimestamp"`
		RawData                []byte             `json:"rawData"`
		SequenceNumber         string             `json:"sequenceNumber"`
		SubSequenceNumber      int                `json:"subSequenceNumber"`
		DataCatalogTable       *destination.Table `json:"dataCatalogTable"`
	}

	httpLine struct {
		deliveryLine
		RawData           []byte `json:"rawData"`
		SubsequenceNumber int    `json:"subsequenceNumber"`
		DataID            string `json:"dataId"`
	}

	searchLine struct {
		deliveryLine
		DocumentID string `json:"esDocumentId"`
		IndexName  string `json:"esIndexName"`
		TypeName   string `json:"esTypeName"`
		RawData    []byte `json:"rawData"`
	}

	plainLine struct {
		deliveryLine
		RawData []byte `json:"rawData"`
	}

	deliveryLine struct {
		AttemptsMade           int    `json:"attemptsMade"`
		ArrivalTimestamp       int64  `json:"arrivalTimestamp"`
		ErrorCode              string `json:"errorCode"`
		ErrorMessage           string `json:"errorMessage"`
		AttemptEndingTimestamp int64  `json:"attemptEndingTimestamp"`
	}
)

// errorLine is the line of a refused record.
func errorLine(errorType string, stream record.StreamID, r destination.Refusal) any {
	data := r.Record.Data
	if data == nil {
		data = []byte{} // "", not null
	}
	l := deliveryLine{
		AttemptsMade: r.Attempts, ArrivalTimestamp: r.Record.Arrival,
		ErrorCode: r.Code, ErrorMessage: r.Message, AttemptEndingTimestamp: r.AttemptedAt,
	}
	switch {
	case errorType == ProcessingFailed, errorType == DecompressionFailed:
		return processingLine{data, r.Code, r.Message, r.Attempts, r.Record.Arrival, r.AttemptedAt, r.LambdaARN}
	case errorType == FormatConversionFailed:
		return conversionLine{r.Attempts, r.Record.Arrival, r.Code, r.Message, r.AttemptedAt, data,
			record.SequenceNumber(stream, r.Record.Sequence), r.Record.Sub, r.Table}
	case errorType == HTTPEndpointFailed:
		return httpLine{l, data, r.Record.Sub, r.DataID}
	case r.IndexName != "":
		return searchLine{l, r.DocumentID, r.IndexName, r.TypeName, data}
	}
	return plainLine{l, data}
}
