package firehose

import (
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/conversion"
)

// converted tells whether records become columns.
func (c *extendedS3Configuration) converted() bool {
	return c.DataFormatConversionConfiguration != nil && isOn(c.DataFormatConversionConfiguration.Enabled)
}

// checkConversion refuses what AWS refuses, and ORC. Whether the table is there
// is seen when the pipeline is made. A conversion that is off is not looked at.
func checkConversion(c *extendedS3Configuration) error {
	if !c.converted() {
		return nil
	}
	f := c.DataFormatConversionConfiguration
	in, out, schema := f.InputFormatConfiguration, f.OutputFormatConfiguration, f.SchemaConfiguration
	switch {
	case in == nil:
		return errArgument("InputFormatConfiguration must not be null")
	case out == nil:
		return errArgument("OutputFormatConfiguration must not be null")
	case schema == nil:
		return errArgument("SchemaConfiguration must not be null")
	case in.Deserializer == nil || in.Deserializer.OpenXJsonSerDe == nil && in.Deserializer.HiveJsonSerDe == nil:
		return errArgument("Deserializer must not be null")
	case in.Deserializer.OpenXJsonSerDe != nil && in.Deserializer.HiveJsonSerDe != nil:
		return errArgument("More than one deserializer specified. Only one may be chosen.")
	case out.Serializer == nil || out.Serializer.ParquetSerDe == nil && out.Serializer.OrcSerDe == nil:
		return errArgument("Serializer must not be null")
	case out.Serializer.ParquetSerDe != nil && out.Serializer.OrcSerDe != nil:
		return errArgument("More than one serializer specified. Only one may be chosen.")
	case out.Serializer.OrcSerDe != nil:
		return errUnsupported([]string{"DataFormatConversionConfiguration.OutputFormatConfiguration.Serializer.OrcSerDe"})
	case schema.RoleARN == nil:
		return errArgument("SchemaConfiguration.RoleARN must not be null")
	case schema.DatabaseName == nil:
		return errArgument("SchemaConfiguration.DatabaseName must not be null")
	case schema.TableName == nil:
		return errArgument("SchemaConfiguration.TableName must not be null")
	case *c.CompressionFormat != "UNCOMPRESSED":
		return errArgument("The S3 destination's compression format must be set to UNCOMPRESSED when data format conversion is enabled")
	case c.BufferingHints.SizeInMBs != nil && *c.BufferingHints.SizeInMBs < minGroupedSizeInMBs:
		return errArgument("BufferingHints.SizeInMBs must be at least %d when data format conversion is enabled.", minGroupedSizeInMBs)
	}
	return nil
}

// conversion is what the block asks for, after checkConversion.
func (f *dataFormatConversion) conversion(table *destination.Table) conversion.Config {
	config := conversion.Config{Table: table}
	if in := f.InputFormatConfiguration.Deserializer.OpenXJsonSerDe; in != nil {
		config.OpenX = &conversion.OpenX{
			CaseInsensitive: in.CaseInsensitive == nil || *in.CaseInsensitive, ColumnToJSONKey: in.ColumnToJsonKeyMappings,
			ConvertDots: isOn(in.ConvertDotsInJsonKeysToUnderscores),
		}
	}
	if in := f.InputFormatConfiguration.Deserializer.HiveJsonSerDe; in != nil {
		config.Hive = &conversion.Hive{TimestampFormats: in.TimestampFormats}
	}
	out := f.OutputFormatConfiguration.Serializer.ParquetSerDe
	number := func(member *int) int {
		if member == nil {
			return 0 // the default
		}
		return *member
	}
	text := func(member *string) string {
		if member == nil {
			return ""
		}
		return *member
	}
	config.Parquet = conversion.Parquet{
		BlockSizeBytes: number(out.BlockSizeBytes), PageSizeBytes: number(out.PageSizeBytes), Compression: text(out.Compression),
		Dictionary: isOn(out.EnableDictionaryCompression), MaxPaddingBytes: number(out.MaxPaddingBytes), WriterVersion: text(out.WriterVersion),
	}
	return config
}
