//! Objects that may stand in a lock's place.

use crate::{project::Project, served::Served};

const NO_LOCKS: [(&str, &[u8]); 9] = [
    ("nothing at all", b""),
    ("bytes", b"\0\0\0\0"),
    ("no text", b"\xff\xfe{\0}\0"),
    ("cut short", b"{\"id\": \"111"),
    ("an error page", b"<html><body>502 Bad Gateway</body></html>"),
    ("a list", b"[]"),
    ("an empty object", b"{}"),
    ("terraform's", b"{\"ID\":\"1\",\"Operation\":\"OperationTypeApply\",\"Who\":\"ann@laptop\",\"Created\":\"2026-01-01T00:00:00Z\"}"),
    ("a time that is none", b"{\"id\":\"1\",\"who\":\"a\",\"operation\":\"up\",\"started\":\"soon\",\"renewed\":\"soon\"}"),
];

#[test]
fn what_is_no_lock_is_neither_held_nor_taken_away() {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, &["up", "dev", "--yes", "--target", "network.vpc"]).ends_with(0);
    let made = served.door().changes().len();
    for (what, bytes) in NO_LOCKS {
        eprintln!("{what}");
        served.store("lock.json", bytes.to_vec());
        let words = ["lock.json is not a lock", "delete that object"];
        served.run(&project, &["up", "dev", "--yes"]).ends_with(1).says(&words);
        served.run(&project, &["unlock", "dev", "1"]).ends_with(1).says(&words);
        // Reading needs no lock.
        served.run(&project, &["output", "dev"]).ends_with(0);
    }
    assert_eq!(served.door().changes().len(), made);
}

#[test]
fn what_is_no_lock_is_reported_by_doctor_beside_all_else() {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, &["up", "dev", "--yes", "--target", "network.vpc"]).ends_with(0);
    let before = served.inventory();
    for (what, bytes) in NO_LOCKS {
        eprintln!("{what}");
        served.store("lock.json", bytes.to_vec());
        let doctor = served.run(&project, &["doctor", "dev", "--json"]).ends_with(1).json();
        let findings = doctor["findings"].as_array().unwrap();
        let lock = findings.iter().find(|one| one["what"].as_str().unwrap().contains("lock.json is not a lock"));
        assert_eq!(lock.unwrap()["verdict"], "problem", "{doctor:#}");
        assert!(findings.iter().any(|one| one["check"] == "quotas"), "{doctor:#}");
    }
    assert_eq!(served.inventory(), before);
}
