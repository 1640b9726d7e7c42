//! The account, region and partition of a stack, and the ARNs, domains and service names that depend on them.

/// The account, region and partition of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: String,
    /// Twelve digits.
    pub account: String,
    /// For example `ap-south-1`.
    pub region: String,
}

/// A partition: AWS's regions that share accounts and nothing with others.
struct Partition {
    /// The prefix of its regions' names.
    regions: &'static str,
    name: &'static str,
    dns_suffix: &'static str,
    /// Interface endpoints, as environment files name them, whose services are named after the partition's domain:
    /// `cn.com.amazonaws.<region>.<endpoint>`. All others begin with `com.amazonaws` there too.
    /// As AWS CDK has them: <https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-ec2/lib/vpc-endpoint.ts>
    own_endpoints: &'static [&'static str],
}

/// The partition of all regions that are in no other one.
const COMMERCIAL: Partition = Partition { regions: "", name: "aws", dns_suffix: "amazonaws.com", own_endpoints: &[] };

/// Names and domains as in the SDKs' `partitions.json`.
const PARTITIONS: &[Partition] = &[
    Partition {
        regions: "cn-",
        name: "aws-cn",
        dns_suffix: "amazonaws.com.cn",
        own_endpoints: &[
            "athena",
            "autoscaling",
            "ec2",
            "ecr.api",
            "ecr.dkr",
            "elasticfilesystem",
            "lambda",
            "monitoring",
            "sagemaker.api",
            "sagemaker.featurestore-runtime",
            "sagemaker.runtime",
            "sqs",
            "states",
            "sts",
        ],
    },
    Partition { regions: "us-gov-", name: "aws-us-gov", dns_suffix: "amazonaws.com", own_endpoints: &[] },
    Partition {
        regions: "eusc-",
        name: "aws-eusc",
        dns_suffix: "amazonaws.eu",
        own_endpoints: &["ecr.api", "ecr.dkr"],
    },
    Partition { regions: "us-iso-", name: "aws-iso", dns_suffix: "c2s.ic.gov", own_endpoints: ISOLATED },
    Partition { regions: "us-isob-", name: "aws-iso-b", dns_suffix: "sc2s.sgov.gov", own_endpoints: ISOLATED },
    Partition {
        regions: "us-isof-",
        name: "aws-iso-f",
        dns_suffix: "csp.hci.ic.gov",
        own_endpoints: &["ecr.api", "ecr.dkr"],
    },
    Partition {
        regions: "eu-isoe-",
        name: "aws-iso-e",
        dns_suffix: "cloud.adc-e.uk",
        own_endpoints: &["ecr.api", "ecr.dkr"],
    },
];

const ISOLATED: &[&str] = &[
    "athena",
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "elasticfilesystem",
    "sagemaker.api",
    "sagemaker.runtime",
    "sns",
    "sqs",
];

impl Partition {
    fn of_region(region: &str) -> &'static Self {
        PARTITIONS.iter().find(|partition| region.starts_with(partition.regions)).unwrap_or(&COMMERCIAL)
    }

    /// The prefix of the endpoint services that are named after the partition's domain.
    fn reversed_domain(&self) -> String {
        self.dns_suffix.rsplit('.').collect::<Vec<_>>().join(".")
    }
}

impl Place {
    /// A place whose partition follows from the region.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        let region = region.into();
        Self { partition: Partition::of_region(&region).name.to_owned(), account: account.into(), region }
    }

    /// `arn:<partition>:<service>:<region>:<account>:<resource>`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// `arn:<partition>:iam::<account>:<resource>`: IAM has no regions.
    pub fn iam_arn(&self, resource: &str) -> String {
        format!("arn:{}:iam::{}:{resource}", self.partition, self.account)
    }

    /// The address of AWS's console.
    pub fn console(&self) -> String {
        match self.partition.as_str() {
            "aws-cn" => "https://console.amazonaws.cn".to_owned(),
            "aws-us-gov" => "https://console.amazonaws-us-gov.com".to_owned(),
            "aws-eusc" => format!("https://{}.console.amazonaws-eusc.eu", self.region),
            _ => format!("https://{}.console.aws.amazon.com", self.region),
        }
    }

    /// The domain AWS's endpoints end in.
    pub fn dns_suffix(&self) -> &'static str {
        Partition::of_region(&self.region).dns_suffix
    }

    /// The principal of a service, as policies name it. It is the same in all partitions, but for the services that
    /// have one in each region.
    /// <https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/region-info/lib/default.ts>
    pub fn principal(&self, service: &str) -> String {
        match service {
            "logs" => self.endpoint_of(service, &self.region),
            _ => format!("{service}.amazonaws.com"),
        }
    }

    /// The value of `kms:ViaService` for a service in a region of the same partition.
    /// <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service>
    pub fn endpoint_of(&self, service: &str, region: &str) -> String {
        format!("{service}.{region}.{}", self.dns_suffix())
    }

    /// The name of the endpoint service that a gateway endpoint leads to, in all partitions alike.
    pub fn gateway_service(&self, service: &str) -> String {
        format!("com.amazonaws.{}.{service}", self.region)
    }

    /// The name that the service of an interface endpoint most likely has.
    pub fn endpoint_service(&self, endpoint: &str) -> String {
        let partition = Partition::of_region(&self.region);
        match partition.own_endpoints.contains(&endpoint) {
            true => format!("{}.{}.{endpoint}", partition.reversed_domain(), self.region),
            false => self.gateway_service(endpoint),
        }
    }

    /// The names that the service of an interface endpoint may have, the likeliest first. AWS renames none, but gives
    /// new ones of either form.
    pub fn endpoint_services(&self, endpoint: &str) -> Vec<String> {
        let likeliest = self.endpoint_service(endpoint);
        let own = format!("{}.{}.{endpoint}", Partition::of_region(&self.region).reversed_domain(), self.region);
        let others = [self.gateway_service(endpoint), own].into_iter().filter(|name| *name != likeliest);
        let mut names: Vec<String> = std::iter::once(likeliest.clone()).chain(others).collect();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str) -> Place {
        Place::new("123456789012", region)
    }

    #[test]
    fn partitions_follow_from_regions() {
        let partitions = [
            ("ap-south-1", "aws", "amazonaws.com"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
        ];
        for (region, partition, suffix) in partitions {
            assert_eq!((place(region).partition.as_str(), place(region).dns_suffix()), (partition, suffix), "{region}");
        }
    }

    #[test]
    fn endpoint_services_are_named_by_partition() {
        let first = |region: &str, endpoint: &str| place(region).endpoint_service(endpoint);
        assert_eq!(first("ap-south-1", "ecr.api"), "com.amazonaws.ap-south-1.ecr.api");
        assert_eq!(first("cn-north-1", "ecr.api"), "cn.com.amazonaws.cn-north-1.ecr.api");
        assert_eq!(first("cn-northwest-1", "kms"), "com.amazonaws.cn-northwest-1.kms");
        assert_eq!(first("eusc-de-east-1", "ecr.dkr"), "eu.amazonaws.eusc-de-east-1.ecr.dkr");
        assert_eq!(place("ap-south-1").endpoint_services("sts"), ["com.amazonaws.ap-south-1.sts"]);
        let names = place("cn-north-1").endpoint_services("glue");
        assert_eq!(names, ["com.amazonaws.cn-north-1.glue", "cn.com.amazonaws.cn-north-1.glue"]);
        assert_eq!(place("cn-north-1").gateway_service("s3"), "com.amazonaws.cn-north-1.s3");
    }

    #[test]
    fn principals_end_in_the_same_domain_everywhere_but_those_of_regions() {
        assert_eq!(place("cn-north-1").principal("lambda"), "lambda.amazonaws.com");
        assert_eq!(place("cn-north-1").principal("logs"), "logs.cn-north-1.amazonaws.com.cn");
        assert_eq!(place("eu-west-1").principal("logs"), "logs.eu-west-1.amazonaws.com");
        assert_eq!(place("cn-north-1").endpoint_of("s3", "cn-northwest-1"), "s3.cn-northwest-1.amazonaws.com.cn");
    }
}
