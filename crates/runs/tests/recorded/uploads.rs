//! Files on their way into a bucket of the embedded AWS.

use runs::{RawSchema, Store, Unfit, UploadOutcome, gather, inspect};
use std::{
    fs::OpenOptions,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

const MEGABYTE: usize = 1024 * 1024;

async fn store() -> (aws_sdk_s3::Client, Store) {
    let cloud = local::Cloud::open(None, "us-east-1", local::ACCOUNT).unwrap();
    let config = cloud.sdk_config();
    let client = aws_s3::client(&config);
    client.create_bucket().bucket("data").send().await.unwrap();
    (client, Store::new(&config, "data", local::ACCOUNT))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn what_is_there_with_the_same_content_is_left_alone() {
    let (client, store) = store().await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", b"1,2\n");
    write(folder.path(), "deep/er/b.csv", b"3,4\n");
    write(folder.path(), ".DS_Store", b"nobody's data");
    let uploads = gather(&[folder.path().to_owned()], "raw/").unwrap();
    let keys: Vec<&str> = uploads.iter().map(|upload| upload.key.as_str()).collect();
    assert_eq!(keys, ["raw/a.csv", "raw/deep/er/b.csv"]);
    assert!(!store.holds_any("raw/").await.unwrap());
    for (expected, changed) in
        [(UploadOutcome::Added, None), (UploadOutcome::Unchanged, Some(b"5,6\n")), (UploadOutcome::Replaced, None)]
    {
        let uploads = gather(&[folder.path().to_owned()], "raw/").unwrap();
        assert_eq!(store.send(&uploads[0], |_| ()).await.unwrap(), expected);
        if let Some(content) = changed {
            write(folder.path(), "a.csv", content);
        }
    }
    assert!(store.holds_any("raw/").await.unwrap());
    let object = client.get_object().bucket("data").key("raw/a.csv").send().await.unwrap();
    assert_eq!(object.body.collect().await.unwrap().into_bytes().as_ref(), b"5,6\n");
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_is_recognised_afterwards() {
    let (client, store) = store().await;
    let store = store.with_parts_of(5 * MEGABYTE as u64);
    let content: Vec<u8> = (0..12 * MEGABYTE + 17).map(|at| (at % 251) as u8).collect();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "large.csv", &content);
    let upload = gather(&[folder.path().join("large.csv")], "raw/").unwrap().remove(0);
    let arrived = AtomicU64::new(0);
    let told = |bytes| {
        arrived.fetch_add(bytes, Ordering::SeqCst);
    };
    assert_eq!(store.send(&upload, told).await.unwrap(), UploadOutcome::Added);
    assert_eq!(arrived.load(Ordering::SeqCst), upload.bytes);
    let object = client.get_object().bucket("data").key("raw/large.csv").send().await.unwrap();
    assert!(object.e_tag().unwrap().contains("-3"), "it did not go in three parts: {:?}", object.e_tag());
    assert!(object.body.collect().await.unwrap().into_bytes() == content);
    assert_eq!(store.send(&upload, told).await.unwrap(), UploadOutcome::Unchanged);
}

const SCHEMA: &[u8] = br#"{"label": "y", "key": ["id"], "columns": [{"name": "id", "type": "string"},
    {"name": "note", "type": "string", "feature": false}, {"name": "y", "type": "boolean"}]}"#;

#[tokio::test]
async fn rows_of_a_file_in_parts_are_checked_to_the_last_and_kept_with_its_object() {
    const ROWS: u64 = 11_000;
    let (client, store) = store().await;
    let store = store.with_parts_of(5 * MEGABYTE as u64);
    let (folder, note) = (tempfile::tempdir().unwrap(), "a line\nand another,".repeat(50));
    let mut text = String::from("id,note,y\n");
    for row in 1..=ROWS {
        text += &format!("{row},\"{note}\",{}\n", if row == ROWS { "maybe" } else { "1" });
    }
    write(folder.path(), "large.csv", text.as_bytes());
    let mut upload = gather(&[folder.path().join("large.csv")], "raw/").unwrap().remove(0);
    assert!(upload.bytes > 10 * MEGABYTE as u64, "{}", upload.bytes);
    let schema = RawSchema::parse(SCHEMA).unwrap();
    let refused = inspect(&schema, [upload.file.as_path()], 0.0);
    assert_eq!((refused.rows, refused.refusals[0].row), (ROWS, Some(ROWS)), "{:?}", refused.refusals);

    write(folder.path(), "large.csv", text.replace("maybe", "0").as_bytes());
    upload = gather(&[folder.path().join("large.csv")], "raw/").unwrap().remove(0);
    let found = inspect(&schema, [upload.file.as_path()], 0.0);
    assert_eq!((found.rows, found.unfit, found.refusals.as_slice()), (ROWS, 0, &[][..]));
    upload.rows = found.rows_by_file.get(&upload.file).copied();
    assert_eq!(store.send(&upload, |_| ()).await.unwrap(), UploadOutcome::Added);
    let object = client.head_object().bucket("data").key("raw/large.csv").send().await.unwrap();
    assert!(object.e_tag().unwrap().ends_with("-3\""), "it did not go in three parts: {:?}", object.e_tag());
    let listed = store.files("raw/").await.unwrap();
    assert_eq!((listed[0].bytes, listed[0].rows), (upload.bytes, Some(ROWS)));
}

/// Writes over the last bytes of a file, which keeps its size.
fn change_the_end(file: &Path) {
    let mut opened = OpenOptions::new().write(true).open(file).unwrap();
    opened.seek(SeekFrom::End(-4)).unwrap();
    opened.write_all(b"end\n").unwrap();
    opened.set_modified(SystemTime::now() + Duration::from_secs(1)).unwrap();
}

#[tokio::test]
async fn file_that_changes_while_it_is_uploaded_in_parts_is_refused_and_leaves_nothing() {
    let (client, store) = store().await;
    let store = store.with_parts_of(5 * MEGABYTE as u64);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "large.csv", &vec![b'1'; 31 * MEGABYTE]);
    let upload = gather(&[folder.path().join("large.csv")], "raw/").unwrap().remove(0);
    let refused = store.send(&upload, |_| change_the_end(&upload.file)).await.unwrap_err();
    assert!(refused.to_string().contains("changed since it was looked into"), "{refused}");
    assert!(!store.holds_any("raw/").await.unwrap());
    let begun = client.list_multipart_uploads().bucket("data").send().await.unwrap();
    assert_eq!(begun.uploads().len(), 0);
}

#[tokio::test]
async fn file_that_changed_after_its_rows_were_counted_is_refused_before_anything_is_sent() {
    let (_, store) = store().await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", b"1,2\n3,4\n");
    let upload = gather(&[folder.path().join("a.csv")], "raw/").unwrap().remove(0);
    change_the_end(&upload.file);
    let refused = store.send(&upload, |_| ()).await.unwrap_err();
    assert!(refused.to_string().contains("changed since it was looked into"), "{refused}");
    assert!(!store.holds_any("raw/").await.unwrap());
}

#[test]
fn two_files_for_one_key_are_refused_and_one_named_twice_is_not() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "one/a.csv", b"1");
    write(folder.path(), "other/a.csv", b"2");
    let file = |name: &str| folder.path().join(name);
    let twice = gather(&[file("one/a.csv"), file("other")], "raw/").unwrap_err();
    assert!(matches!(&twice, Unfit::Twice { key, .. } if key == "raw/a.csv"), "{twice}");
    assert_eq!(gather(&[file("one/a.csv"), file("one")], "raw/").unwrap().len(), 1);
    assert!(matches!(gather(&[file("nothing")], "raw/"), Err(Unfit::Unreadable { .. })));
}

#[cfg(unix)]
#[test]
fn links_out_of_a_named_folder_and_what_is_no_file_are_refused() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.csv", b"1");
    let targets = [("out.csv", outside.path().join("secret.csv")), ("all", outside.path().to_owned())];
    for (name, target) in targets.iter().chain([&("again", "..".into()), &("zero.csv", "/dev/zero".into())]) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.csv", b"1");
        symlink(target, folder.path().join(name)).unwrap();
        let refused = gather(&[folder.path().to_owned()], "raw/").unwrap_err().to_string();
        assert!(refused.contains(name) && refused.contains("it is a link"), "{refused}");
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", b"1");
    symlink("a.csv", folder.path().join("b.csv")).unwrap();
    assert_eq!(gather(&[folder.path().to_owned()], "raw/").unwrap().len(), 2);
    let endless = gather(&["/dev/zero".into()], "raw/").unwrap_err().to_string();
    assert!(endless.contains("neither a file nor a folder"), "{endless}");
}

#[cfg(unix)]
#[test]
fn special_files_and_keys_too_long_for_s3_are_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let special = gather(&[folder.path().join("socket")], "raw/").unwrap_err().to_string();
    assert!(special.ends_with("it is neither a file nor a folder"), "{special}");

    let deep = ["d".repeat(250).as_str(); 4].join("/");
    write(folder.path(), &format!("long/{deep}/{}", "f".repeat(200)), b"1");
    let long = gather(&[folder.path().join("long")], "raw/").unwrap_err();
    assert!(matches!(long, Unfit::TooLong { bytes: 1208, .. }), "{long}");
}
