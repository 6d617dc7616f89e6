# Delivery streams to S3, to an HTTP endpoint and to a search domain, as people write them for AWS: only the endpoint differs, and
# it comes from the environment.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  default_tags { tags = { Project = "kinesis-workshop" } }
}

variable "prefix" { default = "logs/" }
variable "interval" { default = 60 }
variable "team" { default = "web" }
variable "collector" {}
variable "domain_arn" {}

resource "aws_s3_bucket" "logs" {
  bucket        = "terraform-logs"
  force_destroy = true
}

resource "aws_iam_role" "writer" {
  name               = "terraform-writer"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "firehose.amazonaws.com" } }] })
}

resource "aws_iam_role_policy" "writer" {
  role   = aws_iam_role.writer.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["s3:PutObject", "es:ESHttp*"], Resource = "*" }] })
}

resource "aws_kinesis_firehose_delivery_stream" "least" {
  name        = "terraform-least"
  destination = "extended_s3"
  extended_s3_configuration {
    role_arn   = aws_iam_role.writer.arn
    bucket_arn = aws_s3_bucket.logs.arn
  }
}

resource "aws_kinesis_firehose_delivery_stream" "s3" {
  name        = "terraform-s3"
  destination = "extended_s3"
  extended_s3_configuration {
    role_arn            = aws_iam_role.writer.arn
    bucket_arn          = aws_s3_bucket.logs.arn
    prefix              = "${var.prefix}!{timestamp:yyyy/MM}/"
    error_output_prefix = "bad/!{firehose:error-output-type}/"
    buffering_size      = 1
    buffering_interval  = var.interval
    compression_format  = "GZIP"
    custom_time_zone    = "Europe/Madrid"
    file_extension      = ".log.gz"
    s3_backup_mode      = "Enabled"
    s3_backup_configuration {
      role_arn           = aws_iam_role.writer.arn
      bucket_arn         = aws_s3_bucket.logs.arn
      prefix             = "raw/"
      buffering_interval = 60
    }
    processing_configuration {
      enabled = true
      processors {
        type = "AppendDelimiterToRecord"
      }
    }
    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = "/aws/kinesisfirehose/terraform-s3"
      log_stream_name = "DestinationDelivery"
    }
  }
  server_side_encryption { enabled = true }
  tags = { Team = var.team }
}

resource "aws_kinesis_firehose_delivery_stream" "http" {
  name        = "terraform-http"
  destination = "http_endpoint"
  http_endpoint_configuration {
    url                = var.collector
    name               = "collector"
    access_key         = "terraform-access-key"
    buffering_size     = 1
    buffering_interval = var.interval
    retry_duration     = 60
    role_arn           = aws_iam_role.writer.arn
    s3_backup_mode     = "FailedDataOnly"
    s3_configuration {
      role_arn   = aws_iam_role.writer.arn
      bucket_arn = aws_s3_bucket.logs.arn
    }
    request_configuration {
      content_encoding = "GZIP"
      common_attributes {
        name  = "stage"
        value = var.team
      }
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "search" {
  name        = "terraform-search"
  destination = "opensearch"
  opensearch_configuration {
    domain_arn         = var.domain_arn
    role_arn           = aws_iam_role.writer.arn
    index_name         = "logs"
    buffering_size     = 1
    buffering_interval = var.interval
    s3_configuration {
      role_arn   = aws_iam_role.writer.arn
      bucket_arn = aws_s3_bucket.logs.arn
    }
  }
}
