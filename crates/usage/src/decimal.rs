//! Decimal numbers as counts of a small unit: what amounts and quantities are made of.

/// The number of the small units in one whole.
pub const fn whole(places: u32) -> u128 {
    10_u128.pow(places)
}

/// Reads digits with at most one point among them; `None` for anything else, and for more places than there are.
pub fn read(text: &str, places: u32) -> Option<u128> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(integer) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = places.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let after = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? * whole(missing) };
    integer.parse::<u128>().ok()?.checked_mul(whole(places))?.checked_add(after)
}

/// Writes all digits that are not zero after the point, and at least so many.
pub fn write(units: u128, places: u32, at_least: usize) -> String {
    let (integer, fraction) = (units / whole(places), units % whole(places));
    let digits = format!("{fraction:0width$}", width = places as usize);
    let kept = digits.trim_end_matches('0').len().max(at_least);
    match kept {
        0 => integer.to_string(),
        kept => format!("{integer}.{}", &digits[..kept]),
    }
}

/// The nearest number of JSON. It is made from the digits, so that it prints as the same digits again.
pub fn number(units: u128, places: u32) -> f64 {
    write(units, places, 0).parse().unwrap_or(f64::MAX)
}
