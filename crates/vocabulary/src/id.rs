//! Identifiers of AWS, each with a type of its own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, hash::Hash, marker::PhantomData};

/// An identifier that AWS gave or that a name determines, typed by what it identifies, so that a
/// [`SubnetId`] cannot fill a [`VpcId`].
pub struct Id<T>(String, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// Wraps text that is known to identify a `T`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into(), PhantomData)
    }

    /// The text, as AWS wants it in a call.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
impl<T> From<Id<T>> for String {
    fn from(id: Id<T>) -> Self {
        id.0
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// The things that an [`Id`] can identify. Uninhabited: these exist only as types.
pub mod of {
    macro_rules! identified { ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $($(#[$doc])* #[derive(Debug)] pub enum $name {})* } }
    identified! {
        /// A VPC.
        Vpc,
        /// A subnet.
        Subnet,
        /// A security group.
        SecurityGroup,
        /// An internet gateway.
        InternetGateway,
        /// A NAT gateway.
        NatGateway,
        /// The allocation of an Elastic IP address.
        Allocation,
        /// A route table.
        RouteTable,
        /// A VPC endpoint.
        VpcEndpoint,
        /// An IAM role's ARN.
        RoleArn,
        /// An IAM managed policy's ARN.
        PolicyArn,
        /// A bucket's name.
        Bucket,
        /// A KMS key's ARN.
        KeyArn,
        /// A SageMaker domain.
        Domain,
        /// A CloudWatch Logs log group's ARN, without the trailing `:*`.
        LogGroupArn,
        /// An SNS topic's ARN.
        TopicArn,
        /// A Lambda function's ARN, unqualified.
        FunctionArn,
        /// A Step Functions state machine's ARN.
        StateMachineArn,
    }
}

/// Identifies a VPC, `vpc-…`.
pub type VpcId = Id<of::Vpc>;
/// Identifies a subnet, `subnet-…`.
pub type SubnetId = Id<of::Subnet>;
/// Identifies a security group, `sg-…`.
pub type SecurityGroupId = Id<of::SecurityGroup>;
/// Identifies an internet gateway, `igw-…`.
pub type InternetGatewayId = Id<of::InternetGateway>;
/// Identifies a NAT gateway, `nat-…`.
pub type NatGatewayId = Id<of::NatGateway>;
/// Identifies the allocation of an Elastic IP address, `eipalloc-…`.
pub type AllocationId = Id<of::Allocation>;
/// Identifies a route table, `rtb-…`.
pub type RouteTableId = Id<of::RouteTable>;
/// Identifies a VPC endpoint, `vpce-…`.
pub type VpcEndpointId = Id<of::VpcEndpoint>;
/// The ARN of an IAM role.
pub type RoleArn = Id<of::RoleArn>;
/// The ARN of an IAM managed policy.
pub type PolicyArn = Id<of::PolicyArn>;
/// The name of an S3 bucket.
pub type BucketName = Id<of::Bucket>;
/// The ARN of a KMS key.
pub type KeyArn = Id<of::KeyArn>;
/// Identifies a SageMaker domain, `d-…`.
pub type DomainId = Id<of::Domain>;
/// The ARN of a log group, without the trailing `:*`.
pub type LogGroupArn = Id<of::LogGroupArn>;
/// The ARN of an SNS topic.
pub type TopicArn = Id<of::TopicArn>;
/// The ARN of a Lambda function, unqualified.
pub type FunctionArn = Id<of::FunctionArn>;
/// The ARN of a state machine.
pub type StateMachineArn = Id<of::StateMachineArn>;
