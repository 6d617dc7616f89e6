package firehose

// dataFormatConversion is from JSON to Parquet. What stands in a block that is
// off is kept and described as it came.
type dataFormatConversion struct {
	SchemaConfiguration       *schemaConfiguration       `json:",omitempty"`
	InputFormatConfiguration  *inputFormatConfiguration  `json:",omitempty"`
	OutputFormatConfiguration *outputFormatConfiguration `json:",omitempty"`
	Enabled                   *bool                      `json:",omitempty"`
}

// schemaConfiguration names a table of AWS Glue; the server's own tables stand
// in its place.
type schemaConfiguration struct {
	RoleARN      *string `json:",omitempty" valid:"min=1,max=1024,pattern=noSpace"`
	CatalogId    *string `json:",omitempty" valid:"min=1,max=1024,pattern=noSpace,kept"`
	DatabaseName *string `json:",omitempty" valid:"min=1,max=1024,pattern=noSpace"`
	TableName    *string `json:",omitempty" valid:"min=1,max=1024,pattern=noSpace"`
	Region       *string `json:",omitempty" valid:"min=1,max=1024,pattern=noSpace,kept"`
	VersionId    *string `json:",omitempty" valid:"min=1,max=1024,pattern=noSpace,kept"`
}

type inputFormatConfiguration struct {
	Deserializer *deserializer `json:",omitempty"`
}

type deserializer struct {
	OpenXJsonSerDe *openXJSONSerDe `json:",omitempty"`
	HiveJsonSerDe  *hiveJSONSerDe  `json:",omitempty"`
}

type openXJSONSerDe struct {
	ConvertDotsInJsonKeysToUnderscores *bool             `json:",omitempty"`
	CaseInsensitive                    *bool             `json:",omitempty"`
	ColumnToJsonKeyMappings            map[string]string `json:",omitempty" valid:"keys=noSpace,each=notBlank"`
}

type hiveJSONSerDe struct {
	TimestampFormats []string `json:",omitempty" valid:"each=notBlank"`
}

type outputFormatConfiguration struct {
	Serializer *serializer `json:",omitempty"`
}

type serializer struct {
	ParquetSerDe *parquetSerDe `json:",omitempty"`
	OrcSerDe     *orcSerDe     `json:",omitempty" valid:"off"`
}

type parquetSerDe struct {
	BlockSizeBytes              *int    `json:",omitempty" valid:"min=67108864"`
	PageSizeBytes               *int    `json:",omitempty" valid:"min=65536"`
	Compression                 *string `json:",omitempty" valid:"enum=parquetCompression"`
	EnableDictionaryCompression *bool   `json:",omitempty"`
	MaxPaddingBytes             *int    `json:",omitempty" valid:"min=0"`
	WriterVersion               *string `json:",omitempty" valid:"enum=parquetWriterVersion"`
}

// orcSerDe is kept where conversion is off, and refused by name where it is on.
type orcSerDe struct {
	StripeSizeBytes                     *int     `json:",omitempty" valid:"min=8388608"`
	BlockSizeBytes                      *int     `json:",omitempty" valid:"min=67108864"`
	RowIndexStride                      *int     `json:",omitempty" valid:"min=1000"`
	EnablePadding                       *bool    `json:",omitempty"`
	PaddingTolerance                    *float64 `json:",omitempty" valid:"min=0,max=1"`
	Compression                         *string  `json:",omitempty" valid:"enum=orcCompression"`
	BloomFilterColumns                  []string `json:",omitempty" valid:"each=noSpace"`
	BloomFilterFalsePositiveProbability *float64 `json:",omitempty" valid:"min=0,max=1"`
	DictionaryKeyThreshold              *float64 `json:",omitempty" valid:"min=0,max=1"`
	FormatVersion                       *string  `json:",omitempty" valid:"enum=orcFormatVersion"`
}
