//! The units that AWS counts and charges for, with their keys in a price list.

use std::borrow::Cow;

/// The beginning of the keys of instances in a price list; the type follows.
const INSTANCE_HOUR: &str = "sagemaker:instance-hour/";

/// Something that AWS counts and charges for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the key and the unit beside each in `entry` say it")]
pub enum UsageType {
    NatGatewayHour,
    NatGatewayGb,
    PublicIpv4Hour,
    VpcEndpointHour,
    VpcEndpointGb,
    InternetGb,
    RegionGb,
    KeyMonth,
    KeyRequests,
    AlarmMonth,
    HighResolutionAlarmMonth,
    CompositeAlarmMonth,
    DashboardMonth,
    MetricMonth,
    LogIngestionGb,
    VendedLogGb,
    LogStorageGbMonth,
    S3StandardGbMonth,
    S3Writes,
    S3Reads,
    S3TieringObjects,
    GlueDpuHour,
    GlueFlexDpuHour,
    LambdaX86GbSecond,
    LambdaArmGbSecond,
    LambdaRequests,
    Transitions,
    ImageGbMonth,
    TopicRequests,
    Emails,
    HttpsMessages,
    Traces,
    JobVolumeGbMonth,
    StudioVolumeGbMonth,
    StudioFilesGbMonth,
    EndpointDataGb,
    FeatureWrites,
    FeatureReads,
    FeatureGbMonth,
    /// An hour of an instance of SageMaker's, by its type: `ml.m5.large`. Hosting, training, batch transform and
    /// Studio cost the same for the types that the built-in list has.
    InstanceHour(String),
}

impl UsageType {
    /// Every usage type but those of instances.
    pub const PLAIN: [Self; 39] = [
        Self::NatGatewayHour,
        Self::NatGatewayGb,
        Self::PublicIpv4Hour,
        Self::VpcEndpointHour,
        Self::VpcEndpointGb,
        Self::InternetGb,
        Self::RegionGb,
        Self::KeyMonth,
        Self::KeyRequests,
        Self::AlarmMonth,
        Self::HighResolutionAlarmMonth,
        Self::CompositeAlarmMonth,
        Self::DashboardMonth,
        Self::MetricMonth,
        Self::LogIngestionGb,
        Self::VendedLogGb,
        Self::LogStorageGbMonth,
        Self::S3StandardGbMonth,
        Self::S3Writes,
        Self::S3Reads,
        Self::S3TieringObjects,
        Self::GlueDpuHour,
        Self::GlueFlexDpuHour,
        Self::LambdaX86GbSecond,
        Self::LambdaArmGbSecond,
        Self::LambdaRequests,
        Self::Transitions,
        Self::ImageGbMonth,
        Self::TopicRequests,
        Self::Emails,
        Self::HttpsMessages,
        Self::Traces,
        Self::JobVolumeGbMonth,
        Self::StudioVolumeGbMonth,
        Self::StudioFilesGbMonth,
        Self::EndpointDataGb,
        Self::FeatureWrites,
        Self::FeatureReads,
        Self::FeatureGbMonth,
    ];

    /// The key in a price list: `ec2:nat-gateway-hour`.
    pub fn key(&self) -> Cow<'static, str> {
        match self {
            Self::InstanceHour(kind) => format!("{INSTANCE_HOUR}{kind}").into(),
            plain => plain.entry().0.into(),
        }
    }

    /// The unit that a price is for.
    pub fn unit(&self) -> &'static str {
        self.entry().1
    }

    /// The usage type that a price list calls so.
    pub fn named(key: &str) -> Option<Self> {
        if let Some(kind) = key.strip_prefix(INSTANCE_HOUR) {
            return kind.starts_with("ml.").then(|| Self::InstanceHour(kind.to_owned()));
        }
        Self::PLAIN.into_iter().find(|usage_type| usage_type.entry().0 == key)
    }

    fn entry(&self) -> (&'static str, &'static str) {
        match self {
            Self::NatGatewayHour => ("ec2:nat-gateway-hour", "hour"),
            Self::NatGatewayGb => ("ec2:nat-gateway-gb", "GB"),
            Self::PublicIpv4Hour => ("ec2:public-ipv4-hour", "hour"),
            Self::VpcEndpointHour => ("ec2:vpc-endpoint-hour", "hour"),
            Self::VpcEndpointGb => ("ec2:vpc-endpoint-gb", "GB"),
            Self::InternetGb => ("transfer:internet-gb", "GB"),
            Self::RegionGb => ("transfer:region-gb", "GB"),
            Self::KeyMonth => ("kms:key-month", "month"),
            Self::KeyRequests => ("kms:requests-10000", "10,000 requests"),
            Self::AlarmMonth => ("cloudwatch:alarm-month", "month"),
            Self::HighResolutionAlarmMonth => ("cloudwatch:high-resolution-alarm-month", "month"),
            Self::CompositeAlarmMonth => ("cloudwatch:composite-alarm-month", "month"),
            Self::DashboardMonth => ("cloudwatch:dashboard-month", "month"),
            Self::MetricMonth => ("cloudwatch:metric-month", "month"),
            Self::LogIngestionGb => ("logs:ingestion-gb", "GB"),
            Self::VendedLogGb => ("logs:vended-gb", "GB"),
            Self::LogStorageGbMonth => ("logs:storage-gb-month", "GB-month"),
            Self::S3StandardGbMonth => ("s3:standard-gb-month", "GB-month"),
            Self::S3Writes => ("s3:writes-1000", "1,000 requests"),
            Self::S3Reads => ("s3:reads-1000", "1,000 requests"),
            Self::S3TieringObjects => ("s3:tiering-1000-objects", "1,000 objects a month"),
            Self::GlueDpuHour => ("glue:dpu-hour", "DPU-hour"),
            Self::GlueFlexDpuHour => ("glue:flex-dpu-hour", "DPU-hour"),
            Self::LambdaX86GbSecond => ("lambda:x86-gb-second", "GB-second"),
            Self::LambdaArmGbSecond => ("lambda:arm-gb-second", "GB-second"),
            Self::LambdaRequests => ("lambda:requests-million", "million requests"),
            Self::Transitions => ("states:transitions-1000", "1,000 transitions"),
            Self::ImageGbMonth => ("ecr:storage-gb-month", "GB-month"),
            Self::TopicRequests => ("sns:requests-million", "million requests"),
            Self::Emails => ("sns:emails-100000", "100,000 messages"),
            Self::HttpsMessages => ("sns:https-100000", "100,000 messages"),
            Self::Traces => ("xray:traces-million", "million traces"),
            Self::JobVolumeGbMonth => ("sagemaker:job-volume-gb-month", "GB-month"),
            Self::StudioVolumeGbMonth => ("sagemaker:studio-volume-gb-month", "GB-month"),
            Self::StudioFilesGbMonth => ("efs:storage-gb-month", "GB-month"),
            Self::EndpointDataGb => ("sagemaker:endpoint-data-gb", "GB"),
            Self::FeatureWrites => ("sagemaker:feature-writes-million", "million write units"),
            Self::FeatureReads => ("sagemaker:feature-reads-million", "million read units"),
            Self::FeatureGbMonth => ("sagemaker:feature-gb-month", "GB-month"),
            Self::InstanceHour(_) => (INSTANCE_HOUR, "hour"),
        }
    }
}
