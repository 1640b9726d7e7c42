//! An existing network: messages about it are at the line that names it, and it stays unchanged.

use crate::project::Project;
use aws_sdk_ec2::{Client, types::AttributeBooleanValue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A VPC with two private subnets and a main route table without a route out of it.
struct Network {
    vpc: String,
    subnets: Vec<String>,
}

impl Network {
    fn made_in(project: &Project) -> Self {
        project.behind_its_back(async |sdk| {
            let ec2 = Client::new(&sdk);
            let vpc = ec2.create_vpc().cidr_block("10.77.0.0/20").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
            let mut subnets = Vec::new();
            for (range, zone) in [("10.77.1.0/25", "ap-south-1a"), ("10.77.2.0/25", "ap-south-1c")] {
                let call = ec2.create_subnet().vpc_id(&vpc).cidr_block(range).availability_zone(zone);
                subnets.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
            }
            Self { vpc, subnets }
        })
    }

    /// Adds the platform's prerequisites: DNS, and access to S3 and to AWS's services.
    fn completed(self, project: &Project) -> Self {
        project.behind_its_back(async |sdk| {
            let ec2 = Client::new(&sdk);
            let on = || AttributeBooleanValue::builder().value(true).build();
            ec2.modify_vpc_attribute().vpc_id(&self.vpc).enable_dns_hostnames(on()).send().await.unwrap();
            let tables = ec2.describe_route_tables().send().await.unwrap();
            let main = tables.route_tables().iter().find(|table| table.vpc_id() == Some(self.vpc.as_str())).unwrap();
            let s3 = ec2.create_vpc_endpoint().vpc_id(&self.vpc).service_name("com.amazonaws.ap-south-1.s3");
            s3.route_table_ids(main.route_table_id().unwrap()).send().await.unwrap();
            for service in ["sagemaker.api", "sagemaker.runtime", "sts", "logs"] {
                let call = ec2.create_vpc_endpoint().vpc_id(&self.vpc).vpc_endpoint_type("Interface".into());
                let call = call.service_name(format!("com.amazonaws.ap-south-1.{service}")).private_dns_enabled(true);
                call.set_subnet_ids(Some(self.subnets.clone())).send().await.unwrap();
            }
        });
        self
    }

    /// Names the network in the environment file.
    fn named_in(&self, project: &Project) {
        let subnets = json!(self.subnets);
        let network = format!("vpc_id = \"{}\"\nprivate_subnets = {subnets}\n", self.vpc);
        project.edit("dev", "cidr = \"10.0.0.0/16\"\nzones = 2\nnat = \"single\"\n", &network);
    }

    /// AWS's descriptions of the VPC and its subnets.
    fn described(&self, project: &Project) -> BTreeMap<String, String> {
        project.behind_its_back(async |sdk| {
            let ec2 = Client::new(&sdk);
            let mut described = BTreeMap::new();
            for vpc in ec2.describe_vpcs().send().await.unwrap().vpcs() {
                described.insert(vpc.vpc_id().unwrap().to_owned(), format!("{vpc:?}"));
            }
            for subnet in ec2.describe_subnets().send().await.unwrap().subnets() {
                described.insert(subnet.subnet_id().unwrap().to_owned(), format!("{subnet:?}"));
            }
            described
        })
    }
}

#[test]
fn network_that_cannot_serve_the_platform_is_refused_at_its_lines_before_anything_is_made() {
    let project = Project::new();
    let network = Network::made_in(&project);
    network.named_in(&project);
    for arguments in [["plan", "dev"], ["up", "dev"]] {
        let refused = project.local(&arguments).ends_with(64);
        for told in [
            "DNS hostnames is off for the VPC",
            "to S3: rtb-",
            "nothing leads from the subnets to logs, sagemaker.api, sagemaker.runtime, sts",
            "dev.toml:18:",
        ] {
            assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
        }
    }
    project.behind_its_back(async |sdk| {
        assert_eq!(aws_s3::client(&sdk).list_buckets().send().await.unwrap().buckets(), []);
    });
    let document = project.local(&["doctor", "dev", "--json"]).ends_with(1).json();
    let problems = document["findings"].as_array().unwrap().iter().filter(|one| one["verdict"] == "problem");
    assert_eq!(problems.filter(|one| one["check"] == "network").count(), 4, "{document}");
}

#[test]
fn platform_comes_up_in_an_existing_network_says_what_it_uses_and_leaves_it_as_it_was() {
    let project = Project::new();
    let network = Network::made_in(&project).completed(&project);
    let before = network.described(&project);
    network.named_in(&project);
    let plan = project.local(&["plan", "dev"]).ends_with(0);
    assert!(plan.stdout.starts_with(&format!("uses {} (exists, 10.77.0.0/20)\n", network.vpc)), "{}", plan.stdout);
    let document = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    assert_eq!(document["uses"][0], json!({"id": network.vpc, "kind": "VPC", "details": ["10.77.0.0/20"]}));
    let kinds: Vec<&Value> = document["changes"].as_array().unwrap().iter().map(|change| &change["kind"]).collect();
    for kind in ["ec2:vpc", "ec2:subnet", "ec2:internet-gateway", "ec2:nat-gateway", "ec2:route-table"] {
        assert!(!kinds.contains(&&json!(kind)), "{kind}");
    }
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
    project.local(&["drift", "dev"]).ends_with(0);
    let found = project.local(&["doctor", "dev", "--json"]).ends_with(0).json();
    let lines: Vec<&str> =
        found["findings"].as_array().unwrap().iter().filter_map(|one| one["what"].as_str()).collect();
    assert!(lines.contains(&"the subnets are in 2 zones"), "{lines:#?}");
    assert!(lines.contains(&format!("{} exists, with 10.77.0.0/20", network.vpc).as_str()), "{lines:#?}");
    assert_eq!(network.described(&project), before);
    let output = project.local(&["output", "dev", "--json"]).ends_with(0).json();
    assert_eq!(output["vpc_id"], json!(network.vpc));
    project.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(0);
    assert_eq!(network.described(&project), before);
}

#[test]
fn state_that_records_what_the_file_names_as_existing_is_refused() {
    let project = Project::new();
    let network = Network::made_in(&project).completed(&project);
    network.named_in(&project);
    project.local(&["up", "dev"]).ends_with(0);
    let mut state = project.local(&["state", "pull", "dev"]).ends_with(0).json();
    let entry = &mut state["resources"]["network.sagemaker-security-group"];
    entry["kind"] = json!("ec2:subnet");
    entry["id"] = json!(network.subnets[0]);
    let serial = state["serial"].as_u64().unwrap();
    state["serial"] = json!(serial + 1);
    project.write("claims.json", &state.to_string());
    project.local(&["state", "push", "claims.json", "dev"]);
    for arguments in [["plan", "dev"], ["up", "dev"], ["destroy", "dev"]] {
        let refused = project.local(&arguments).ends_with(1);
        assert!(refused.stderr.contains("the environment file names it as existing"), "{}", refused.stderr);
    }
}
