//! The content of a folder's archive, and the inputs that its bytes depend on.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use package::{Error, zip_folder};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{Cursor, Read},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::{Duration, SystemTime},
};
use tempfile::{TempDir, tempdir};
use zip::ZipArchive;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// Name, content and permissions of each entry.
fn entries(archive: Vec<u8>) -> Vec<(String, String, u32)> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let count = archive.len();
    let entry = |at| {
        let mut file = archive.by_index(at).unwrap();
        let mut content = String::new();
        file.read_to_string(&mut content).unwrap();
        (file.name().to_owned(), content, file.unix_mode().unwrap() & 0o777)
    };
    (0..count).map(entry).collect()
}

fn names(folder: &Path) -> Vec<String> {
    entries(zip_folder(folder).unwrap()).into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn the_bytes_do_not_depend_on_times_nor_on_the_order_of_creation() {
    let one = folder(&[("handler.py", "a"), ("lib/b.py", "b"), ("lib/a.py", "c")]);
    let other = folder(&[("lib/a.py", "c"), ("lib/b.py", "b"), ("handler.py", "a")]);
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(other.path().join("handler.py")).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(zip_folder(one.path()).unwrap(), zip_folder(other.path()).unwrap());
}

#[test]
fn the_bytes_do_not_depend_on_where_the_folder_is_nor_on_how_it_is_reached() {
    let outer = folder(&[("one/handler.py", "a"), ("one/lib/b.py", "b"), ("else/deep/er/handler.py", "a")]);
    fs::create_dir(outer.path().join("else/deep/er/lib")).unwrap();
    fs::write(outer.path().join("else/deep/er/lib/b.py"), "b").unwrap();
    symlink("one", outer.path().join("link")).unwrap();
    let one = zip_folder(&outer.path().join("one")).unwrap();
    for way in ["else/deep/er", "link", "one/lib/..", "one/"] {
        assert_eq!(zip_folder(&outer.path().join(way)).unwrap(), one, "{way}");
    }
}

/// Every user and every version of the zip library must get these bytes: another digest would ship every function
/// again.
#[test]
fn the_bytes_are_these() {
    let folder =
        folder(&[("handler.py", "def handler(event, context):\n    return event\n"), ("bin/run", "#!/bin/sh\n")]);
    fs::set_permissions(folder.path().join("bin/run"), fs::Permissions::from_mode(0o700)).unwrap();
    let digest: String =
        Sha256::digest(zip_folder(folder.path()).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "9854d5d05a024eb92673297f2f9d0df4788bf5348fece8dbec81bcb58bca1b36");
}

#[test]
fn the_bytes_do_not_depend_on_who_may_write() {
    let one = folder(&[("handler.py", "a")]);
    let other = folder(&[("handler.py", "a")]);
    fs::set_permissions(one.path().join("handler.py"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(other.path().join("handler.py"), fs::Permissions::from_mode(0o664)).unwrap();
    fs::set_permissions(other.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(zip_folder(one.path()).unwrap(), zip_folder(other.path()).unwrap());
}

#[test]
fn the_bytes_depend_on_content_and_names() {
    let base = zip_folder(folder(&[("run", "a")]).path()).unwrap();
    assert_ne!(base, zip_folder(folder(&[("run", "b")]).path()).unwrap());
    assert_ne!(base, zip_folder(folder(&[("ran", "a")]).path()).unwrap());
}

#[test]
fn a_checkout_on_windows_or_on_a_share_gives_the_same_bytes() {
    let base = folder(&[("handler.py", "a = 1\nb = 2\n"), ("run", "#!/bin/sh\n"), ("data.bin", "1\r\n2")]);
    let other = folder(&[("handler.py", "a = 1\r\nb = 2\r\n"), ("run", "#!/bin/sh\n"), ("data.bin", "1\r\n2")]);
    fs::set_permissions(other.path().join("handler.py"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(zip_folder(base.path()).unwrap(), zip_folder(other.path()).unwrap());
    let data = folder(&[("handler.py", "a = 1\nb = 2\n"), ("run", "#!/bin/sh\n"), ("data.bin", "1\n2")]);
    assert_ne!(zip_folder(base.path()).unwrap(), zip_folder(data.path()).unwrap());
}

#[test]
fn everybody_may_read_what_is_packed() {
    let folder = folder(&[("handler.py", "print()"), ("bin/run", "#!/bin/sh")]);
    fs::set_permissions(folder.path().join("handler.py"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(folder.path().join("bin/run"), fs::Permissions::from_mode(0o700)).unwrap();
    let expected = [("bin/run", "#!/bin/sh", 0o755), ("handler.py", "print()", 0o644)];
    let expected = expected.map(|(name, content, mode)| (name.to_owned(), content.to_owned(), mode));
    assert_eq!(entries(zip_folder(folder.path()).unwrap()), expected);
}

#[test]
fn what_only_development_needs_is_left_out() {
    let folder = folder(&[
        ("handler.py", ""),
        ("__pycache__/handler.cpython-313.pyc", ""),
        ("old.pyc", ""),
        ("tests/test_handler.py", ""),
        ("lib/tests/test_lib.py", ""),
        ("lib/mod.py", ""),
        (".DS_Store", ""),
        (".venv/lib.py", ""),
    ]);
    assert_eq!(names(folder.path()), ["handler.py", "lib/mod.py"]);
}

#[test]
fn a_module_whose_name_is_tests_is_no_folder_of_tests() {
    assert_eq!(names(folder(&[("tests", ""), ("tests.py", "")]).path()), ["tests", "tests.py"]);
}

#[test]
fn a_link_within_the_folder_is_packed_as_what_it_leads_to() {
    let folder = folder(&[("a/shared.py", "x")]);
    symlink("a", folder.path().join("b")).unwrap();
    symlink("a/shared.py", folder.path().join("c.py")).unwrap();
    assert_eq!(names(folder.path()), ["a/shared.py", "b/shared.py", "c.py"]);
}

#[test]
fn a_link_that_leads_out_is_refused() {
    let outside = folder(&[("secret", "x")]);
    let folder = folder(&[("handler.py", "")]);
    symlink(outside.path().join("secret"), folder.path().join("secret")).unwrap();
    let error = zip_folder(folder.path()).unwrap_err();
    assert!(matches!(&error, Error::LeadsOut { link, .. } if link.ends_with("secret")), "{error}");
}

#[test]
fn links_round_in_a_circle_are_refused() {
    let folder = folder(&[("a/x.py", ""), ("b/y.py", "")]);
    symlink("../b", folder.path().join("a/b")).unwrap();
    symlink("../a", folder.path().join("b/a")).unwrap();
    assert!(matches!(zip_folder(folder.path()), Err(Error::Circle { .. })));
}

#[test]
fn a_link_to_nothing_is_named() {
    let folder = folder(&[("handler.py", "")]);
    symlink("missing", folder.path().join("link.py")).unwrap();
    let error = zip_folder(folder.path()).unwrap_err();
    assert!(error.to_string().contains("link.py cannot be read: No such file"), "{error}");
}

#[test]
fn a_folder_with_nothing_to_pack_is_refused() {
    let folder = folder(&[(".gitkeep", "")]);
    assert!(matches!(zip_folder(folder.path()), Err(Error::Empty { .. })));
}

#[test]
fn what_is_no_folder_is_refused() {
    let folder = folder(&[("file", "")]);
    assert!(matches!(zip_folder(&folder.path().join("file")), Err(Error::NoFolder { .. })));
    assert!(matches!(zip_folder(&folder.path().join("missing")), Err(Error::NoFolder { .. })));
}
