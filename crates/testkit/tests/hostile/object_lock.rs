//! Objects that S3's object lock keeps.

use crate::{destroy, failure, up};
use aws_sdk_s3::{
    Client,
    primitives::ByteStream,
    types::{ObjectLockLegalHold, ObjectLockLegalHoldStatus},
};
use std::time::Duration;
use testkit::{Aws, Platform};

const BUCKET: &str = "mlops-pipeline-dev-data-123456789012";

/// Holds this version of an object, or lets it go.
async fn hold(s3: &Client, version: &str, status: ObjectLockLegalHoldStatus) {
    let held = ObjectLockLegalHold::builder().status(status).build();
    let call = s3.put_object_legal_hold().bucket(BUCKET).key("customers.csv").version_id(version);
    call.legal_hold(held).send().await.unwrap();
}

#[test]
fn destroy_of_a_whole_platform_says_what_a_legal_hold_keeps_and_ends_once_it_is_lifted() {
    let platform = Platform::named("dev");
    let mut aws = Aws::brisk(platform.region(), 61);
    up(&platform, &mut aws);
    let version = aws.run(async |sdk| {
        let s3 = Client::new(&sdk);
        let put = |key: &str| s3.put_object().bucket(BUCKET).key(key).body(ByteStream::from_static(b"1,2")).send();
        put("other.csv").await.unwrap();
        let version = put("customers.csv").await.unwrap().version_id.unwrap();
        hold(&s3, &version, ObjectLockLegalHoldStatus::On).await;
        version
    });
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    assert!(failure(&applied).contains("customers.csv: Access Denied"), "{}", failure(&applied));
    let refused = &applied.failed[0].failure;
    assert_eq!(refused.residue.as_deref(), Some(format!("the bucket {BUCKET} is partly emptied").as_str()));
    assert!(refused.help.as_ref().is_some_and(|help| help.advice().contains("lift its legal hold")), "{refused:?}");
    aws.run(async |sdk| {
        let s3 = Client::new(&sdk);
        let left = s3.list_object_versions().bucket(BUCKET).send().await.unwrap();
        let left: Vec<_> = left.versions().iter().map(|one| (one.key(), one.version_id())).collect();
        assert_eq!(left, [(Some("customers.csv"), Some(version.as_str()))]);
        let (state, _) = platform.state(&sdk).await.unwrap();
        let recorded: Vec<&str> = state.resources.keys().map(|address| address.as_str()).collect();
        assert_eq!(recorded, ["storage.data"]);
        hold(&s3, &version, ObjectLockLegalHoldStatus::Off).await;
    });
    destroy(&platform, &mut aws);
    aws.wait(Duration::from_secs(3600));
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}
