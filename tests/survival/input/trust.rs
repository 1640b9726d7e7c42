//! Certificates of authorities that the machine does not know, and those that the user names.

use super::endpoints::{XML, identity, with};
use crate::project::{Project, Ran};
use rustls::{
    ServerConfig, ServerConnection, Stream,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{
    fs,
    io::Read as _,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixture/tls").join(name)
}

/// An HTTPS server that knows who is asking, and has nothing.
fn serve() -> String {
    let certificate = CertificateDer::from_pem_file(fixture("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("server-key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind(("127.0.0.1", 0)).unwrap());
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let config = config.clone();
            thread::spawn(move || attend(stream, config));
        }
    });
    endpoint
}

/// The client may reject the certificate.
fn attend(mut stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let mut connection = ServerConnection::new(config).unwrap();
    let mut stream = Stream::new(&mut connection, &mut stream);
    let mut request = vec![0; 65536];
    let length = stream.read(&mut request)?;
    match String::from_utf8_lossy(&request[..length]).starts_with("POST ") {
        true => with(&mut stream, "200 OK", XML, &identity("123456789012")),
        false => with(&mut stream, "404 Not Found", XML, "<Error><Code>NoSuchKey</Code><Message/></Error>"),
    }
}

fn run(project: &Project, variables: &[(&str, &Path)]) -> Ran {
    let mut command = project.command(&["state", "list", "dev"]);
    command.env("AWS_ENDPOINT_URL", serve()).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    command.envs(variables.iter().copied());
    Ran::of(command.output().unwrap())
}

#[test]
fn an_authority_is_trusted_if_the_environment_or_the_profile_names_it() {
    let project = Project::new();
    let unknown = run(&project, &[]).ends_with(1);
    unknown.says(&["account could not be determined", "invalid peer certificate", "AWS_CA_BUNDLE", "ca_bundle"]);
    run(&project, &[("AWS_CA_BUNDLE", &fixture("authority.pem"))]).ends_with(0);

    let settings = project.path().join("config");
    let profile = |name: &str| format!("[profile {name}]\nca_bundle = {}\n", fixture("authority.pem").display());
    fs::write(&settings, profile("behind-a-proxy")).unwrap();
    let name = Path::new("behind-a-proxy");
    run(&project, &[("AWS_CONFIG_FILE", &settings), ("AWS_PROFILE", name)]).ends_with(0);
    let other = project.path().join("other.pem");
    fs::copy(fixture("server.pem"), &other).unwrap();
    let before_it = [("AWS_CONFIG_FILE", settings.as_path()), ("AWS_PROFILE", name), ("AWS_CA_BUNDLE", &other)];
    run(&project, &before_it).ends_with(1).says(&["invalid peer certificate"]);
}

#[test]
fn a_bundle_that_cannot_be_used_is_refused_with_its_name() {
    let project = Project::new();
    let file = |name: &str, text: &[u8]| {
        fs::write(project.path().join(name), text).unwrap();
        project.path().join(name)
    };
    let good = fs::read_to_string(fixture("authority.pem")).unwrap();
    for (bundle, says) in [
        (project.path().join("missing.pem"), "missing.pem, and that cannot be read"),
        (project.path().join("environments"), "environments, and that cannot be read"),
        (PathBuf::from("/dev/zero"), "/dev/zero, and that cannot be read"),
        (file("empty.pem", b""), "empty.pem, and that holds no certificate"),
        (fixture("server-key.pem"), "server-key.pem, and that holds no certificate"),
        (file("cut.pem", &good.as_bytes()[..good.len() / 2]), "cut.pem, and that is not in PEM form"),
        (file("text.pem", good.replace("MII", "MIJ").as_bytes()), "text.pem, and that holds no certificate"),
    ] {
        run(&project, &[("AWS_CA_BUNDLE", &bundle)]).ends_with(64).says(&["AWS_CA_BUNDLE names ", says, "PEM form"]);
    }
    let with_junk = file("with-junk.pem", (good.replace("MII", "MIJ") + &good).as_bytes());
    run(&project, &[("AWS_CA_BUNDLE", &with_junk)]).ends_with(0);
}
