locals {
  # Days by prefix, under the names of their rules.
  expires = {
    data-capture   = { prefix = "data-capture/", days = 90 }
    glue-spark-ui  = { prefix = "glue/spark-ui/", days = 90 }
    glue-temporary = { prefix = "glue/temporary/", days = 90 }
    runs           = { prefix = "runs/", days = 90 }
  }

  buckets = merge({ for unit in local.units : "b${unit}" => { expires = {}, expire_noncurrent_days = 30 } }, {
    data      = { expires = {}, expire_noncurrent_days = 30 }
    models    = { expires = {}, expire_noncurrent_days = 30 }
    artifacts = { expires = local.expires, expire_noncurrent_days = 7 }
  })
}

resource "aws_s3_bucket" "main" {
  for_each      = local.buckets
  bucket        = "${local.name}-${each.key}-${local.account}"
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "main" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.main[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "main" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.main[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "main" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.main[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "main" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.main[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "main" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.main[each.key].id

  rule {
    id     = "keep-tidy"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = each.value.expire_noncurrent_days
    }
  }

  dynamic "rule" {
    for_each = each.value.expires
    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      expiration {
        days = rule.value.days
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.main]
}

resource "aws_s3_bucket_policy" "main" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.main[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:*"]
      Resource  = [aws_s3_bucket.main[each.key].arn, "${aws_s3_bucket.main[each.key].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.main]
}
