//! The reader of price lists, and its errors.

use crate::stack::usd;
use cost::{Error, Prices, UsageType};
use serde_json::{Value, json};

fn list() -> Value {
    json!({
        "format": 1,
        "currency": "USD",
        "as_of": "2026-09-30",
        "about": "ours",
        "meters": {
            "kms:key-month": {
                "unit": "month",
                "as_of": "2026-09-17",
                "source": "the contract",
                "usd": {"eu-west-1": "0.90"}
            }
        }
    })
}

fn read(list: &Value) -> Result<Prices, Error> {
    Prices::read(list.to_string().as_bytes())
}

/// The error for the list after a change at one place.
fn wrong(at: &str, value: Value) -> String {
    let mut list = list();
    *list.pointer_mut(at).unwrap() = value;
    read(&list).unwrap_err().to_string()
}

#[test]
fn the_list_that_comes_with_it_can_be_read() {
    let prices = Prices::builtin().unwrap();
    assert_eq!(prices.as_of(), "2026-09-30");
    assert!(prices.usage_types().all(|meter| prices.source(meter).is_some_and(|(source, _)| source.len() > 20)));
    let newest = prices.usage_types().filter_map(|meter| prices.source(meter)).map(|(_, as_of)| as_of).max();
    assert_eq!(newest, Some(prices.as_of()));
}

#[test]
fn a_list_of_ones_own_has_ones_own_prices() {
    let prices = read(&list()).unwrap();
    assert_eq!(prices.price(&UsageType::KeyMonth, "eu-west-1"), Some(usd("0.9")));
    assert_eq!(prices.price(&UsageType::KeyMonth, "us-east-1"), None);
    assert_eq!(prices.price(&UsageType::NatGatewayHour, "eu-west-1"), None);
    assert_eq!(prices.source(&UsageType::KeyMonth), Some(("the contract", "2026-09-17")));
}

#[test]
fn what_is_wrong_in_a_list_is_named_by_its_path() {
    let key = "/meters/kms:key-month";
    let cases = [
        ("/currency".to_owned(), json!("INR"), "`currency`: only USD is known"),
        ("/as_of".to_owned(), json!("30.9.2026"), "`as_of`: must be a date, as 2026-09-30"),
        ("/meters".to_owned(), json!([]), "`meters`: must be an object, {…}"),
        (format!("{key}/unit"), json!("hour"), "`meters.kms:key-month.unit`: must be `month`"),
        (format!("{key}/source"), Value::Null, "`meters.kms:key-month.source`: null is to be text, in quotes"),
        (format!("{key}/usd/eu-west-1"), json!(0.9), "`meters.kms:key-month.usd.eu-west-1`: 0.9 is to be text"),
        (format!("{key}/usd/eu-west-1"), json!("-1"), "`meters.kms:key-month.usd.eu-west-1`: an amount is written in"),
        (format!("{key}/usd/eu-west-1"), json!("1000000"), "`meters.kms:key-month.usd.eu-west-1`: an amount is"),
    ];
    for (at, value, expected) in cases {
        let message = wrong(&at, value);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn what_is_missing_or_misspelt_is_named() {
    for missing in ["format", "currency", "as_of", "meters"] {
        let mut list = list();
        list.as_object_mut().unwrap().remove(missing);
        let message = read(&list).unwrap_err().to_string();
        assert!(message.contains(&format!("`{missing}`")), "{message}");
    }
    let mut misspelt = list();
    misspelt["meters"]["kms:key-months"] = misspelt["meters"]["kms:key-month"].clone();
    let message = read(&misspelt).unwrap_err().to_string();
    assert!(message.contains("`meters.kms:key-months`: there is no such meter. Known are"), "{message}");
    let mut superfluous = list();
    superfluous["discount"] = 10.into();
    let message = read(&superfluous).unwrap_err().to_string();
    assert!(message.contains("`discount`: there is no such field. Known are format, currency"), "{message}");
}

#[test]
fn a_list_of_another_format_and_what_is_no_list_are_refused() {
    assert!(matches!(read(&json!({"format": 2})).unwrap_err(), Error::Format { found: 2 }));
    assert!(matches!(Prices::read(b"ec2: 1").unwrap_err(), Error::Json(_)));
    assert_eq!(
        read(&json!([])).unwrap_err().to_string(),
        "the price list is wrong at `(the top)`: must be an object, {…}"
    );
    assert_eq!(wrong("/format", json!("1")), "the price list is wrong at `format`: must be the number 1");
}

#[test]
fn every_meter_is_known_by_its_key_and_none_shares_it() {
    let mut keys = UsageType::PLAIN.iter().map(UsageType::key).collect::<Vec<_>>();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), UsageType::PLAIN.len());
    for meter in UsageType::PLAIN.into_iter().chain([UsageType::InstanceHour("ml.m5.large".into())]) {
        assert_eq!(UsageType::named(&meter.key()), Some(meter));
    }
    assert_eq!(UsageType::named("sagemaker:instance-hour/"), None);
}
