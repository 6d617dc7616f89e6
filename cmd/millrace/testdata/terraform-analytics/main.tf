# One application of each version of the API, with everything that there is: CSV and JSON, functions, reference data, logging, tags.
# As people write it for AWS: only the endpoint differs, and it comes from the environment.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  default_tags { tags = { Project = "kinesis-workshop" } }
}

variable "window" { default = 10 }
variable "team" { default = "web" }
variable "parallelism" { default = 1 }
variable "codes" { default = "codes.csv" }
variable "function" {}

locals {
  code = <<-SQL
    CREATE OR REPLACE STREAM "OUT" ("status" INTEGER, "name" VARCHAR(16), "n" BIGINT);
    CREATE OR REPLACE PUMP "P" AS INSERT INTO "OUT"
    SELECT STREAM S."status", R."name", 1 FROM "SOURCE_SQL_STREAM_001" AS S LEFT JOIN "CODES" AS R ON S."status" = R."status";
    -- ${var.window}
  SQL
}

resource "aws_s3_bucket" "data" {
  bucket        = "analytics-data"
  force_destroy = true
}

resource "aws_s3_object" "codes" {
  for_each = toset(["codes.csv", "more.csv"])
  bucket   = aws_s3_bucket.data.id
  key      = each.key
  content  = "200,ok\n404,not found\n"
}

resource "aws_iam_role" "firehose" {
  name               = "analytics-firehose"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "firehose.amazonaws.com" } }] })
}

resource "aws_iam_role" "analytics" {
  name               = "analytics"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "kinesisanalytics.amazonaws.com" } }] })
}

resource "aws_iam_role_policy" "firehose" {
  role   = aws_iam_role.firehose.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "*" }] })
}

resource "aws_iam_role_policy" "analytics" {
  role = aws_iam_role.analytics.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Resource = "*",
  Action = ["firehose:GetRecords", "firehose:DescribeDeliveryStream", "firehose:PutRecordBatch", "lambda:InvokeFunction", "s3:GetObject"] }] })
}

resource "aws_kinesis_firehose_delivery_stream" "logs" {
  for_each    = toset(["in", "out"])
  name        = "analytics-${each.key}"
  destination = "extended_s3"
  extended_s3_configuration {
    role_arn   = aws_iam_role.firehose.arn
    bucket_arn = aws_s3_bucket.data.arn
    prefix     = "${each.key}/"
  }
}

resource "aws_kinesis_analytics_application" "first" {
  depends_on        = [aws_iam_role_policy.analytics, aws_s3_object.codes]
  name              = "terraform-first"
  description       = "status codes"
  code              = local.code
  start_application = true
  inputs {
    name_prefix = "SOURCE_SQL_STREAM"
    kinesis_firehose {
      resource_arn = aws_kinesis_firehose_delivery_stream.logs["in"].arn
      role_arn     = aws_iam_role.analytics.arn
    }
    parallelism { count = var.parallelism }
    processing_configuration {
      lambda {
        resource_arn = var.function
        role_arn     = aws_iam_role.analytics.arn
      }
    }
    schema {
      record_columns {
        name     = "status"
        sql_type = "INTEGER"
        mapping  = "$.status"
      }
      record_encoding = "UTF-8"
      record_format {
        mapping_parameters {
          json { record_row_path = "$" }
        }
      }
    }
    starting_position_configuration { starting_position = "NOW" }
  }
  outputs {
    name = "OUT"
    kinesis_firehose {
      resource_arn = aws_kinesis_firehose_delivery_stream.logs["out"].arn
      role_arn     = aws_iam_role.analytics.arn
    }
    schema { record_format_type = var.team == "web" ? "JSON" : "CSV" }
  }
  outputs {
    name = "error_stream"
    lambda {
      resource_arn = var.function
      role_arn     = aws_iam_role.analytics.arn
    }
    schema { record_format_type = "JSON" }
  }
  reference_data_sources {
    table_name = "CODES"
    s3 {
      bucket_arn = aws_s3_bucket.data.arn
      file_key   = var.codes
      role_arn   = aws_iam_role.analytics.arn
    }
    schema {
      record_columns {
        name     = "status"
        sql_type = "INTEGER"
      }
      record_columns {
        name     = "name"
        sql_type = "VARCHAR(16)"
      }
      record_format {
        mapping_parameters {
          csv {
            record_row_delimiter    = "\n"
            record_column_delimiter = ","
          }
        }
      }
    }
  }
  cloudwatch_logging_options {
    log_stream_arn = "arn:aws:logs:us-east-1:000000000000:log-group:analytics:log-stream:first"
    role_arn       = aws_iam_role.analytics.arn
  }
  tags = { Team = var.team }
}

resource "aws_kinesisanalyticsv2_application" "second" {
  depends_on             = [aws_iam_role_policy.analytics, aws_s3_object.codes]
  name                   = "terraform-second"
  description            = "status codes"
  runtime_environment    = "SQL-1_0"
  service_execution_role = aws_iam_role.analytics.arn
  start_application      = true
  application_configuration {
    application_code_configuration {
      code_content { text_content = local.code }
      code_content_type = "PLAINTEXT"
    }
    sql_application_configuration {
      input {
        name_prefix = "SOURCE_SQL_STREAM"
        input_parallelism { count = var.parallelism }
        input_schema {
          record_column {
            name     = "status"
            sql_type = "INTEGER"
          }
          record_encoding = "UTF-8"
          record_format {
            record_format_type = "CSV"
            mapping_parameters {
              csv_mapping_parameters {
                record_column_delimiter = ","
                record_row_delimiter    = "\n"
              }
            }
          }
        }
        input_starting_position_configuration { input_starting_position = "NOW" }
        kinesis_firehose_input { resource_arn = aws_kinesis_firehose_delivery_stream.logs["in"].arn }
      }
      output {
        name = "OUT"
        destination_schema { record_format_type = var.team == "web" ? "JSON" : "CSV" }
        lambda_output { resource_arn = var.function }
      }
      output {
        name = "error_stream"
        destination_schema { record_format_type = "CSV" }
        kinesis_firehose_output { resource_arn = aws_kinesis_firehose_delivery_stream.logs["out"].arn }
      }
      reference_data_source {
        table_name = "CODES"
        reference_schema {
          record_column {
            name     = "status"
            sql_type = "INTEGER"
          }
          record_column {
            name     = "name"
            sql_type = "VARCHAR(16)"
          }
          record_format {
            record_format_type = "CSV"
            mapping_parameters {
              csv_mapping_parameters {
                record_column_delimiter = ","
                record_row_delimiter    = "\n"
              }
            }
          }
        }
        s3_reference_data_source {
          bucket_arn = aws_s3_bucket.data.arn
          file_key   = var.codes
        }
      }
    }
  }
  cloudwatch_logging_options {
    log_stream_arn = "arn:aws:logs:us-east-1:000000000000:log-group:analytics:log-stream:second"
  }
  tags = { Team = var.team }
}

output "second" { value = aws_kinesisanalyticsv2_application.second.status }
