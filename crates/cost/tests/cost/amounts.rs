//! Amounts of money: their digits, their products and sums.

use crate::stack::usd;
use cost::{NotAnAmount, Quantity, Usd};

#[test]
fn amounts_are_shown_in_cents_and_half_a_cent_goes_up() {
    let shown = |amount: &str| usd(amount).to_string();
    assert_eq!([shown("40.88"), shown("0.004"), shown("0.005"), shown("1.995")], ["40.88", "0.00", "0.01", "2.00"]);
    assert_eq!(format!("{:>8}", usd("3")), "    3.00");
}

#[test]
fn small_unit_prices_keep_their_digits() {
    assert_eq!(usd("0.0000166667").exact(), "0.0000166667");
    assert_eq!(usd("3").exact(), "3.00");
    assert_eq!(serde_json::to_string(&usd("0.0000166667")).unwrap(), "0.0000166667");
    assert_eq!(serde_json::to_string(&usd("40.88")).unwrap(), "40.88");
}

#[test]
fn a_price_times_a_quantity_is_exact() {
    assert_eq!(usd("0.0000166667").times(Quantity::count(1_200)), usd("0.02000004"));
    assert_eq!(usd("0.013").times(Quantity::months_of(2)), usd("18.98"));
}

#[test]
fn what_is_no_amount_is_refused() {
    for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", "0.0000000000001", "1000000", "٣"] {
        assert_eq!(text.parse::<Usd>(), Err(NotAnAmount), "{text}");
    }
    assert_eq!("0.0560000000000000".parse::<Usd>(), Ok(usd("0.056")));
}

#[test]
fn the_most_of_everything_does_not_overflow() {
    let most = usd("999999.999999999999").times(Quantity::count(u64::MAX));
    assert!([most, most].into_iter().sum::<Usd>() > most);
}
