//! The network and the buckets.

use super::{HEAD, all, problems};

#[test]
fn the_network() {
    let network = |rest: &str| format!("project = \"shop\"\nregion = \"eu-central-1\"\n[network]\n{rest}\n");
    let cases: &[(&str, &str, &[&str])] = &[
        ("larger than a VPC can be", "cidr = \"10.0.0.0/8\"", &["4:8: a VPC is between /16 and /28, not /8"]),
        ("smaller than a VPC can be", "cidr = \"10.0.0.0/29\"", &["4:8: a VPC is between /16 and /28, not /29"]),
        (
            "not its first address",
            "cidr = \"10.0.1.0/16\"",
            &["4:8: `10.0.1.0/16` does not begin at its first address: write `10.0.0.0/16`"],
        ),
        (
            "no address at all",
            "cidr = \"10.0.0.256/16\"",
            &["4:8: `10.0.0.256/16` is not an IPv4 range such as `10.0.0.0/16`"],
        ),
        ("no range at all", "cidr = \"ten\"", &["4:8: `ten` must be an IPv4 range, such as `10.0.0.0/16`"]),
        (
            "Docker's range",
            "cidr = \"172.17.0.0/16\"",
            &["4:8: `172.17.0.0/16` cannot be used: 172.17.0.0/16 is Docker's own network within SageMaker"],
        ),
        (
            "no room for the subnets",
            "cidr = \"10.0.0.0/26\"\nzones = 3",
            &["4:8: 10.0.0.0/26 has room for the subnets of 2 zones, not of 3"],
        ),
        (
            "no zone, not the address",
            "cidr = \"10.0.0.0/28\"\nzones = 1",
            &["4:8: 10.0.0.0/28 has room for the subnets of 0 zones, not of 1"],
        ),
        ("too many zones", "cidr = \"10.0.0.0/16\"\nzones = 7", &["5:9: `zones` must be between 1 and 6, not 7"]),
        (
            "zones of another region, of an account's own kind and too few",
            "cidr = \"10.0.0.0/16\"\nzones = 3\nzone_names = [\"us-east-1a\", \"us-west-2-lax-1a\"]",
            &[
                "6:15: `us-east-1a` is no availability zone of eu-central-1",
                "6:29: `us-west-2-lax-1a` must be the name or id of an availability zone, such as `ap-south-1a` or \
                 `aps1-az1`",
            ],
        ),
        (
            "fewer zones named than used",
            "cidr = \"10.0.0.0/16\"\nzones = 3\nzone_names = [\"eu-central-1c\", \"euc1-az1\"]",
            &["6:14: `zone_names` names 2 of the 3 zones that `zones` asks for"],
        ),
        ("a number in quotes", "cidr = \"10.0.0.0/16\"\nzones = \"2\"", &["5:9: `zones` must be an integer, not text"]),
        ("a word not known", "cidr = \"10.0.0.0/16\"\nnat = \"both\"", &["5:7: `nat` cannot be `both`"]),
        (
            "an endpoint twice, one misspelt",
            "cidr = \"10.0.0.0/16\"\nendpoints = [\"sts\", \"sts\", \"sagemaker-api\"]",
            &["5:21: `sts` is listed twice in `endpoints`", "5:28: one of `endpoints` cannot be `sagemaker-api`"],
        ),
        (
            "Studio without a way out",
            "cidr = \"10.0.0.0/16\"\nnat = \"none\"\nendpoints = [\"sts\", \"logs\"]\ns3_endpoint = false",
            &[
                "5:7: without NAT, Studio in VpcOnly mode needs the endpoints sagemaker.api, sagemaker.runtime",
                "7:15: without NAT, nothing reaches S3 but through its endpoint",
            ],
        ),
        (
            "neither made nor existing",
            "flow_logs = true",
            &["3:1: the network needs `cidr`, or `vpc_id` of a VPC that exists"],
        ),
        (
            "parts of a VPC that exists without the VPC",
            "cidr = \"10.0.0.0/16\"\nprivate_subnets = [\"subnet-0a1b2c3d\"]\nsecurity_groups.lambda = [\"sg-0a1b2c3d\"]",
            &[
                "5:19: `private_subnets` is about a VPC that exists, and none is named",
                "6:1: `security_groups` is about a VPC that exists, and none is named",
            ],
        ),
        (
            "settings of a VPC that is made, and the id of one that exists",
            "vpc_id = \"vpc-0a1b2c3d\"\ncidr = \"10.0.0.0/16\"\nzones = 2\nnat = \"none\"\ns3_endpoint = true\n\
             flow_logs = true",
            &[
                "4:10: `vpc_id` needs `private_subnets`: the subnets of that VPC to place the platform in",
                "5:8: `cidr` is about a VPC that mlopsctl makes, and `vpc_id` names one that exists",
                "6:9: `zones` is about a VPC that mlopsctl makes, and `vpc_id` names one that exists",
                "7:7: `nat` is about a VPC that mlopsctl makes, and `vpc_id` names one that exists",
                "8:15: a gateway endpoint adds routes to route tables, which mlopsctl never changes in a VPC that exists",
                "9:13: the owner of the VPC that `vpc_id` names decides about its flow logs",
            ],
        ),
        (
            "ids of other things, and groups for what is not there",
            "vpc_id = \"my-vpc\"\nprivate_subnets = [\"vpc-0a1b2c3d\"]\nsecurity_groups = { endpoints = [\"sg-0a1b2c3d\"] }",
            &[
                "4:10: `my-vpc` must be the id of a VPC, such as `vpc-0a1b2c3d4e5f67890`",
                "5:20: `vpc-0a1b2c3d` must be the id of a subnet, such as `subnet-0a1b2c3d4e5f67890`",
                "6:33: there are no `endpoints` that would be in these security groups",
            ],
        ),
        (
            "many things at once",
            "cidr = \"10.0.0.0/30\"\nzones = 0\nnat = true\nflow_log = \"yes\"\nflow_logs = \"yes\"",
            &[
                "4:8: a VPC is between /16 and /28, not /30",
                "5:9: `zones` must be between 1 and 6, not 0",
                "6:7: `nat` must be text, not true or false",
                "7:1: unknown key `flow_log`",
                "8:13: `flow_logs` must be true or false, not text",
            ],
        ),
    ];
    for (reason, text, expected) in cases {
        assert_eq!(problems(&network(text)), *expected, "{reason}:\n{text}");
    }
}

/// The three buckets the platform works with, in eight lines: 5 to 12 of the file.
const BUCKETS: &str = "[[storage.buckets]]\nname = \"data\"\n\n[[storage.buckets]]\nname = \"models\"\n\n[[storage.buckets]]\nname = \"artifacts\"\n";

#[test]
fn storage() {
    let with_buckets = |text: &str| format!("{BUCKETS}{text}");
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "a bucket in capitals",
            "[[storage.buckets]]\nname = \"Raw_Data\"\n",
            &["14:8: `Raw_Data` must be lower-case letters, digits and single hyphens, beginning with a letter"],
        ),
        (
            "a bucket whose whole name is too long",
            "[[storage.buckets]]\nname = \"a-name-of-forty-two-letters-in-all-for-s3-x\"\n",
            &[
                "14:8: `shop-test-a-name-of-forty-two-letters-in-all-for-s3-x-<account>` has 66 characters; a bucket name has at most 63",
            ],
        ),
        (
            "a bucket whose copy has too long a name",
            "[[storage.buckets]]\nname = \"a-name-of-thirty-four-letters-for-s\"\nreplicate = true\n[storage.replication]\nregion = \"eu-west-1\"\n",
            &[
                "14:8: `shop-test-a-name-of-thirty-four-letters-for-s-replica-<account>` has 66 characters; a bucket name has at most 63",
            ],
        ),
        (
            "a bucket that has the name of another one's copy",
            "[[storage.buckets]]\nname = \"raw\"\nreplicate = true\n[[storage.buckets]]\nname = \"raw-replica\"\n[storage.replication]\nregion = \"eu-west-1\"\n",
            &["17:8: `raw-replica` is the name of the copy of another bucket, which has `replicate`"],
        ),
        ("a bucket twice", "[[storage.buckets]]\nname = \"data\"\n", &["14:8: there are two buckets named `data`"]),
        (
            "a bucket without a name",
            "[[storage.buckets]]\nversioning = false\n",
            &["13:1: one of `buckets` lacks `name`"],
        ),
        (
            "the bucket of the state",
            "[[storage.buckets]]\nname = \"mlopsctl-state\"\n",
            &["14:8: mlopsctl has a bucket named `mlopsctl-state` itself"],
        ),
        (
            "both ways to save money",
            "intelligent_tiering = true\narchive_after_days = 30\n",
            &["14:22: a bucket is either archived or tiered by use"],
        ),
        (
            "archived when gone",
            "archive_after_days = 90\nexpire_days = 30\n",
            &["13:22: objects would be archived after 90 days but are gone after 30"],
        ),
        (
            "a negative number of days",
            "expire_days = -1\n",
            &["13:15: `expire_days` must be between 1 and 36500, not -1"],
        ),
        ("replication to nowhere", "replicate = true\n", &["13:13: nothing says where `artifacts` is replicated to"]),
        (
            "replication without versions",
            "replicate = true\nversioning = false\n[storage.replication]\nregion = \"eu-west-1\"\n",
            &["13:13: replication needs versioning"],
        ),
        (
            "replication home",
            "replicate = true\n[storage.replication]\nregion = \"eu-central-1\"\n",
            &["15:10: `eu-central-1` is the environment's own region"],
        ),
        (
            "replication to another partition",
            "replicate = true\n[storage.replication]\nregion = \"cn-north-1\"\n",
            &["15:10: S3 copies nothing from eu-central-1 to cn-north-1: they are in different partitions"],
        ),
        (
            "replication of nothing",
            "[storage.replication]\nregion = \"eu-west-1\"\n",
            &["13:1: no bucket is replicated"],
        ),
        (
            "replication without a region",
            "replicate = true\n[storage.replication]\n",
            &["14:1: `replication` lacks `region`"],
        ),
    ];
    for (reason, text, expected) in cases {
        assert_eq!(problems(&format!("{HEAD}{}", with_buckets(text))), *expected, "{reason}:\n{text}");
    }
    all(&[(
        "the platform's own buckets are gone",
        "[[storage.buckets]]\nname = \"data\"\n",
        &["5:1: there is no bucket named `artifacts`", "5:1: there is no bucket named `models`"],
    )]);
}
