//! A bounded, repeatable form of fuzzing: good input, damaged in every way, given to every parser.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

#[allow(unreachable_pub, reason = "they are public where they come from")]
#[path = "../../../../fuzz/src/call.rs"]
mod call;
#[allow(unreachable_pub, reason = "they are public where they come from")]
#[path = "../../../../fuzz/src/parsers.rs"]
mod parsers;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngSeed, TestRunner},
};
use std::{fs, path::PathBuf};

/// One thing that goes wrong with bytes.
#[derive(Clone, Debug)]
enum Damage {
    /// Some are lost.
    Cut(Index, u16),
    /// Some are there again.
    Repeat(Index, u16, u8),
    /// One is another.
    Flip(Index, u8),
    /// A piece that means something stands where it should not.
    Insert(Index, &'static [u8]),
    /// Everything after is lost.
    Truncate(Index),
}

/// Pieces that have a meaning somewhere.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n",
    b"\"",
    b"\"\"\"",
    b"'''",
    b"\\",
    b"\\u0000",
    b"#",
    b"=",
    b".",
    b",",
    b":",
    b"*",
    b"${",
    b"[",
    b"]",
    b"[[",
    b"{",
    b"}",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"inf",
    b"nan",
    b"18446744073709551616",
    b"99999999999999999999999999",
    b"1979-05-27T07:32:00Z",
    b"../",
    b"\xe2\x9f\xa6",
    b"\x1b[2J",
    b"cron(0 2 * * ? *)",
    b"rate(1 day)",
    b"10.0.0.0/16",
    b"arn:aws:iam::123456789012:root",
    b"\"Statement\"",
    b"\"Principal\"",
    b"\"format\": 2,",
    b"\"phase\": \"ready\",",
    b"aws-chunked",
    b"STREAMING-",
    b";chunk-signature=",
    b"AWS4-HMAC-SHA256 Credential=",
];

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), 1_u16..200).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<Index>(), 1_u16..80, 1_u8..4).prop_map(|(at, length, times)| Damage::Repeat(at, length, times)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (any::<Index>(), select(PIECES)).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        any::<Index>().prop_map(Damage::Truncate),
    ]
}

impl Damage {
    fn strike(&self, bytes: &mut Vec<u8>) {
        let end = |at: usize, length: u16, all: usize| (at + usize::from(length)).min(all);
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Cut(at, length) => {
                let at = at.index(bytes.len());
                bytes.drain(at..end(at, *length, bytes.len()));
            }
            Self::Repeat(at, length, times) => {
                let at = at.index(bytes.len());
                let piece = bytes[at..end(at, *length, bytes.len())].repeat(usize::from(*times));
                bytes.splice(at..at, piece);
            }
            Self::Flip(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Insert(at, piece) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, piece.iter().copied());
            }
            Self::Truncate(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

/// Damages each of the seeds, and gives the result to the parser, so often.
fn hammer(parser: fn(&[u8]), seeds: Vec<Vec<u8>>, times: u32) {
    assert!(!seeds.is_empty());
    for seed in &seeds {
        parser(seed);
    }
    let config =
        Config { cases: times, rng_seed: RngSeed::Fixed(20_260_101), failure_persistence: None, ..Config::default() };
    let cases = (select(seeds), vec(damage(), 1..6));
    let result = TestRunner::new(config).run(&cases, |(mut bytes, damages)| {
        damages.iter().for_each(|damage| damage.strike(&mut bytes));
        parser(&bytes);
        Ok(())
    });
    result.unwrap();
}

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Every file of some folders.
fn files(folders: &[&str]) -> Vec<Vec<u8>> {
    let files = folders.iter().flat_map(|folder| fs::read_dir(repository(folder)).unwrap());
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn environment_files() {
    hammer(parsers::environment, files(&["environments", "tests/corpus/environments"]), 4000);
}

#[test]
fn states() {
    hammer(parsers::state, files(&["state/golden", "tests/corpus/states"]), 10_000);
}

#[test]
fn saved_plans() {
    hammer(parsers::plan, files(&["tests/corpus/plans"]), 10_000);
}

#[test]
fn locks() {
    hammer(parsers::lock, files(&["tests/corpus/locks"]), 10_000);
}

#[test]
fn addresses() {
    let seeds =
        ["network.vpc\nnetwork.*", "storage.data\n*", "functions.logs-data-validation\n*.logs-*-*", "a.b\n**a**.**b**"];
    hammer(parsers::address, seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(), 20_000);
}

#[test]
fn policies() {
    hammer(parsers::policy, files(&["tests/corpus/policies"]), 10_000);
}

#[test]
fn states_of_terraform() {
    hammer(parsers::tfstate, files(&["tests/corpus/tfstates"]), 10_000);
}

#[test]
fn requests() {
    hammer(call::call, files(&["tests/corpus/requests"]), 10_000);
}
