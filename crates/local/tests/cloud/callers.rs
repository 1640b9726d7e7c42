//! The callers that may use the loopback port, the size of their requests, and the readers of stored data.

use crate::{ACCOUNT, REGION};
use local::Cloud;
use std::os::unix::fs::PermissionsExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const SIGNED: &str = "authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0\r\n";
const DELETE: &str = "Action=DeleteRole&RoleName=r&Version=2010-05-08";

/// A cloud with a role, on a port.
async fn served() -> (Cloud, std::net::SocketAddr) {
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
    let iam = aws_sdk_iam::Client::new(&cloud.sdk_config());
    iam.create_role().role_name("r").assume_role_policy_document("{}").send().await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = cloud.clone();
    tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    (cloud, address)
}

/// The status of the answer to a request.
async fn status(address: std::net::SocketAddr, head: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!("POST / HTTP/1.1\r\n{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    answered(&mut stream).await
}

async fn answered(stream: &mut TcpStream) -> u16 {
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    String::from_utf8_lossy(&start[9..]).parse().unwrap()
}

async fn has_role(cloud: &Cloud) -> bool {
    aws_sdk_iam::Client::new(&cloud.sdk_config()).get_role().role_name("r").send().await.is_ok()
}

#[tokio::test]
async fn a_web_page_can_neither_read_nor_change_the_cloud() {
    let (cloud, address) = served().await;
    for head in [
        "host: evil.example\r\n".to_owned(),
        format!("host: {address}\r\norigin: https://evil.example\r\n"),
        format!("host: {address}\r\norigin: null\r\n"),
        format!("host: {address}\r\nsec-fetch-site: cross-site\r\n"),
    ] {
        assert_eq!(status(address, &format!("{head}{SIGNED}"), DELETE).await, 403, "{head}");
        assert!(has_role(&cloud).await, "{head}");
    }
    assert_eq!(status(address, &format!("host: {address}\r\n{SIGNED}"), DELETE).await, 200);
    assert!(!has_role(&cloud).await);
}

#[tokio::test]
async fn a_region_that_is_none_names_no_file() {
    let (_cloud, address) = served().await;
    for region in ["../../x", "%2e%2e", "us east", "eu-west-1.json", ""] {
        let signed = SIGNED.replace("us-east-1", region).replace("/iam/", "/sns/");
        let head = format!("host: {address}\r\n{signed}");
        assert_eq!(status(address, &head, "Action=CreateTopic&Name=t").await, 400, "{region}");
    }
}

#[tokio::test]
async fn a_request_without_end_is_refused() {
    let (_cloud, address) = served().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: {address}\r\n{SIGNED}content-length: 314572800\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(answered(&mut stream).await, 413);

    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: {address}\r\n{SIGNED}transfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(1024 * 1024));
    for _ in 0..200 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut start = [0; 12];
    // A client that is still writing may miss the answer.
    if stream.read_exact(&mut start).await.is_ok() {
        assert_eq!(&start[9..], b"413");
    }
}

#[tokio::test]
async fn what_is_kept_is_for_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("state/local");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    let cloud = Cloud::open(Some(&dir), REGION, ACCOUNT).unwrap();
    let iam = aws_sdk_iam::Client::new(&cloud.sdk_config());
    iam.create_role().role_name("r").assume_role_policy_document("{}").send().await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&dir.join("objects"))), (0o700, 0o700));
    for entry in std::fs::read_dir(&dir).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.file_name());
    }
}
