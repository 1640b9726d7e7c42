resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "${local.name}-vpc" }
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "${local.name}-internet-gateway" }
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 4, count.index)
  availability_zone = "${var.region}${["a", "b"][count.index]}"
  tags              = { Name = "${local.name}-private-${count.index + 1}", Tier = "private" }
}

resource "aws_subnet" "public" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 4, 8 + count.index)
  availability_zone = "${var.region}${["a", "b"][count.index]}"
  tags              = { Name = "${local.name}-public-${count.index + 1}", Tier = "public" }
}

resource "aws_eip" "nat" {
  domain     = "vpc"
  tags       = { Name = "${local.name}-nat-address-1" }
  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public[0].id
  tags          = { Name = "${local.name}-nat-1" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "${local.name}-public-routes" }

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "${local.name}-private-routes-1" }

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.main.id
  }
}

resource "aws_route_table_association" "public" {
  count          = 2
  route_table_id = aws_route_table.public.id
  subnet_id      = aws_subnet.public[count.index].id
}

resource "aws_route_table_association" "private" {
  count          = 2
  route_table_id = aws_route_table.private.id
  subnet_id      = aws_subnet.private[count.index].id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  tags              = { Name = "${local.name}-endpoint-s3" }
  route_table_ids   = [aws_route_table.private.id]
}

resource "aws_security_group" "sagemaker" {
  name        = "${local.name}-sagemaker"
  description = "SageMaker Studio and jobs"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${local.name}-sagemaker" }

  dynamic "ingress" {
    for_each = { "NFS to the home directories" = [2049, 2049], "between apps" = [8192, 65535] }
    content {
      description = ingress.key
      protocol    = "tcp"
      from_port   = ingress.value[0]
      to_port     = ingress.value[1]
      self        = true
    }
  }

  dynamic "egress" {
    for_each = { "NFS to the home directories" = [2049, 2049], "between apps" = [8192, 65535] }
    content {
      description = egress.key
      protocol    = "tcp"
      from_port   = egress.value[0]
      to_port     = egress.value[1]
      self        = true
    }
  }

  egress {
    description = "HTTPS to AWS and package registries"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "lambda" {
  name        = "${local.name}-lambda"
  description = "Lambda functions: nothing comes in"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${local.name}-lambda" }

  egress {
    description = "HTTPS to AWS and package registries"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}
