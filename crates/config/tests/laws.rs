//! Laws that hold for every text and every range.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use config::{Cidr, Environment, format, parse};
use proptest::prelude::*;

const PROD: &str = include_str!("../../../environments/prod.toml");

fn environment(cidr: &str, zones: u8) -> Environment {
    let text =
        format!("project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"{cidr}\"\nzones = {zones}\n");
    parse("test", &text, None).unwrap_or_else(|problems| panic!("{cidr} {zones}: {problems:?}"))
}

/// A range and a number of zones it has room for.
fn network() -> impl Strategy<Value = (String, u8)> {
    (16_u8..=27, 0_u32..0x10000).prop_flat_map(|(prefix, low)| {
        let first = (0x0a00_0000 | (low << 8)) & (u32::MAX << (32 - prefix));
        let room = (1_u8 << (28 - prefix).min(4)) / 2;
        (Just(format!("{}/{prefix}", std::net::Ipv4Addr::from(first))), 1..=room.min(6))
    })
}

/// Lines as people write them, right and wrong, in any order.
fn line() -> impl Strategy<Value = String> {
    let fragments = prop::sample::select(vec![
        "[network]",
        "[[functions]]",
        " [ a . b ]  # c",
        "cidr=\"10.0.0.0/16\"",
        "zones = 'x'",
        "# comment  ",
        "",
        "a = [1,2 , # x",
        "3]",
        "b = { x=1,y = [ {z=2} ] }",
        "c = '''",
        "'''",
        "d . e = 1979-05-27",
        "f = [",
        "  \"g\",",
        "# in a list",
        "]",
        "h = {",
        "}",
        "i = inf",
        "project = 1",
        "\u{feff}",
        "\"k y\" = \"\"\"\\",
        "\"\"\"",
        "[[x.y]]",
        "\r",
    ]);
    prop_oneof![8 => fragments.prop_map(str::to_owned), 1 => ".*"]
}

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("##")).map(|line| line[line.find("##").unwrap()..].trim_end()).collect()
}

proptest! {
    #[test]
    fn subnets_lie_within_the_vpc_and_never_overlap((cidr, zones) in network()) {
        let network = environment(&cidr, zones).network;
        let subnets: Vec<Cidr> = network.subnets().iter().flat_map(|zone| [zone.private, zone.public]).collect();
        prop_assert_eq!(subnets.len(), usize::from(zones) * 2);
        for (index, subnet) in subnets.iter().enumerate() {
            let cidr = network.cidr.unwrap();
            prop_assert!(subnet.prefix() > cidr.prefix() && subnet.prefix() <= 28);
            prop_assert!(cidr.overlaps(subnet));
            prop_assert!(subnets[..index].iter().all(|other| !other.overlaps(subnet)));
        }
    }

    #[test]
    fn one_more_zone_moves_no_subnet((cidr, zones) in network()) {
        let all = environment(&cidr, zones).network.subnets();
        for fewer in 1..zones {
            prop_assert_eq!(environment(&cidr, fewer).network.subnets(), all[..usize::from(fewer)].to_vec());
        }
    }

    #[test]
    fn a_range_reads_back_as_it_is_written((cidr, _) in network()) {
        prop_assert_eq!(cidr.parse::<Cidr>().unwrap().to_string(), cidr);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,200}") {
        let _ = parse("test", &text, None);
        let _ = format(&text);
    }

    #[test]
    fn no_lines_make_it_panic_and_formatting_settles(lines in prop::collection::vec(line(), 0..30)) {
        let text = lines.join("\n");
        if let Err(problems) = parse("test", &text, None) {
            for problem in problems {
                prop_assert!(text.get(problem.span.clone()).is_some(), "{:?} is within the text", problem.span);
            }
        }
        if let Ok(once) = format(&text) {
            prop_assert_eq!(format(&once), Ok(once.clone()));
            let (before, after) = (text.parse::<toml_edit::DocumentMut>(), once.parse::<toml_edit::DocumentMut>());
            // TOML lets each parser choose the line break in a multi-line string.
            let with_one_break = |text: String| text.replace("\\r\\n", "\\n");
            prop_assert_eq!(with_one_break(values(&before.unwrap())), with_one_break(values(&after.unwrap())));
            prop_assert!(once.lines().all(|line| line == line.trim_end()) || once.contains("'''") || once.contains("\"\"\""));
        }
    }

    #[test]
    fn no_damage_to_a_good_file_makes_it_panic(at in 0..PROD.len(), cut in 0_usize..40, insert in "[\\[\\]{}=\"#a-z0-9.\n ]{0,6}") {
        let mut text = PROD.as_bytes().to_vec();
        let end = (at + cut).min(text.len());
        text.splice(at..end, insert.bytes());
        let text = String::from_utf8_lossy(&text);
        if let Err(problems) = parse("prod", &text, None) {
            prop_assert!(!problems.is_empty());
            let understood = problems.iter().all(|problem| !problem.message.contains("cannot be understood"));
            prop_assert!(understood, "what the schema accepts, the types accept: {:?}", problems);
        }
        let _ = format(&text);
    }

    #[test]
    fn formatting_keeps_every_comment(blanks in prop::collection::vec(0_usize..3, 60), marks in prop::collection::vec(any::<bool>(), 200)) {
        let mut text = String::new();
        for (index, line) in PROD.lines().enumerate() {
            text.push_str(&" ".repeat(blanks[index % blanks.len()]));
            text.push_str(line);
            if marks[index % marks.len()] {
                text.push_str(&format!(" ##{index}   "));
            }
            text.push_str(&"\n".repeat(1 + blanks[(index * 7) % blanks.len()]));
        }
        let formatted = format(&text).unwrap();
        prop_assert_eq!(comments(&formatted), comments(&text));
        prop_assert_eq!(parse("prod", &formatted, None).unwrap(), parse("prod", PROD, None).unwrap());
    }
}

/// Everything a document says, without how it says it.
fn values(document: &toml_edit::DocumentMut) -> String {
    fn item(item: &toml_edit::Item) -> String {
        match item {
            toml_edit::Item::None => String::new(),
            toml_edit::Item::Value(one) => value(one),
            toml_edit::Item::Table(one) => table(one),
            toml_edit::Item::ArrayOfTables(many) => {
                format!("[{}]", many.iter().map(|one| table(one)).collect::<String>())
            }
        }
    }
    fn value(one: &toml_edit::Value) -> String {
        match one {
            toml_edit::Value::Array(items) => format!("[{}]", items.iter().map(value).collect::<String>()),
            toml_edit::Value::InlineTable(one) => table(one),
            toml_edit::Value::String(text) => format!("{:?};", text.value()),
            toml_edit::Value::Float(number) => format!("{};", number.value()),
            toml_edit::Value::Integer(number) => format!("{};", number.value()),
            other => format!("{};", other.to_string().trim()),
        }
    }
    fn table(one: &dyn toml_edit::TableLike) -> String {
        let mut entries: Vec<String> = one.iter().map(|(key, one)| format!("{key:?}:{}", item(one))).collect();
        entries.sort();
        format!("{{{}}}", entries.concat())
    }
    table(document.as_table())
}

const EXISTING_NETWORK: &str = r#"
project = "shop"
region = "ap-south-1"

[network]
vpc_id = "vpc-0a1b2c3d4e5f67890"
private_subnets = ["subnet-0a1b2c3d4e5f67890", "subnet-0a1b2c3d4e5f67891"]
endpoints = ["sts"]
security_groups = { lambda = ["sg-0a1b2c3d"] }
"#;

#[test]
fn an_environment_written_with_its_defaults_reads_as_itself() {
    for (name, text) in [
        ("dev", include_str!("../../../environments/dev.toml")),
        ("staging", include_str!("../../../environments/staging.toml")),
        ("prod", PROD),
        ("small", EXISTING_NETWORK),
    ] {
        let environment = parse(name, text, None).unwrap();
        let written = environment.to_toml().unwrap();
        assert_eq!(
            parse(name, &written, None).unwrap_or_else(|problems| panic!("{problems:?}\n{written}")),
            environment
        );
    }
}
