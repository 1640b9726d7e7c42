//! Colours and type, by day and by night. Tests see to it that those of areas and statuses can be read.

use crate::areas::COLOURS;
use std::fmt::Write;

/// One colour of one kind of mark.
struct Rule {
    selector: String,
    property: &'static str,
    light: &'static str,
    dark: &'static str,
}

/// Colours of areas, by number.
const AREAS: [(&str, &str); COLOURS] = [
    ("#0b7a6f", "#4fc9ba"),
    ("#7440c2", "#b595f0"),
    ("#0a6b96", "#62bde6"),
    ("#2f7a35", "#7cc983"),
    ("#4c4fb8", "#9da0f0"),
    ("#b02a5b", "#ee8bb0"),
    ("#b3401f", "#f0906f"),
    ("#566172", "#a5b0c0"),
    ("#962f9e", "#dc8ee2"),
    ("#5f7009", "#b4c45a"),
    ("#2b62c4", "#7aa7f2"),
    ("#a1560a", "#e6aa5c"),
];

/// Colours of statuses: their signs' ground.
const STATUSES: [(&str, &str, &str); 6] = [
    ("ready", "#8a94a3", "#6d7887"),
    ("planned", "#2e7d4f", "#3f9a66"),
    ("settling", "#3d6fb4", "#4b80c8"),
    ("update", "#9a6a00", "#a87a16"),
    ("replace", "#b4532a", "#c4623a"),
    ("delete", "#b3261e", "#cf4a42"),
];

/// The styles that are the same by day and by night.
const SHAPES: &str = include_str!("shapes.css");

/// For a picture that stands alone. Not by variables or `light-dark()`, which programs that are no browsers do not
/// know; to those it is light.
pub(super) fn by_preference() -> String {
    let mut sheet = SHAPES.to_owned();
    let mut dark = String::new();
    for Rule { selector, property, light, dark: night } in rules() {
        _ = writeln!(sheet, "{selector}{{{property}:{light}}}");
        _ = writeln!(dark, "{selector}{{{property}:{night}}}");
    }
    format!("{sheet}@media (prefers-color-scheme:dark){{\n{dark}}}\n")
}

/// For a page, which can be switched: by its `color-scheme`.
pub(crate) fn both() -> String {
    let mut sheet = SHAPES.to_owned();
    for Rule { selector, property, light, dark } in rules() {
        _ = writeln!(sheet, "{selector}{{{property}:light-dark({light},{dark})}}");
    }
    sheet
}

fn rules() -> Vec<Rule> {
    let rule = |selector: &str, property, light, dark| Rule { selector: selector.into(), property, light, dark };
    let mut rules = vec![
        rule(".ground", "fill", "#ffffff", "#0f141b"),
        rule(".title,.name", "fill", "#17202c", "#e8edf4"),
        rule(".subtitle,.legend,.noun", "fill", "#566172", "#9fabbb"),
        rule(".box", "fill", "#ffffff", "#18202b"),
        rule(".box", "stroke", "#c9d1dc", "#364252"),
        rule(".plain", "stroke", "#566172", "#9fabbb"),
        rule(".arrow", "fill", "#7b8797", "#8593a5"),
        rule(".sign", "fill", "#ffffff", "#ffffff"),
        rule(".flag", "fill", "#b8500f", "#f2a35e"),
    ];
    for (number, (light, dark)) in AREAS.into_iter().enumerate() {
        rules.push(rule(&format!(".frame.c{number} rect,.frame.c{number} text"), "fill", light, dark));
        rules.push(rule(&format!(".frame.c{number} rect,.edge.c{number}"), "stroke", light, dark));
    }
    for (name, light, dark) in STATUSES {
        rules.push(rule(&format!(".node.{name} circle"), "fill", light, dark));
        if name != "ready" {
            rules.push(rule(&format!(".node.{name} .box"), "stroke", light, dark));
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG's relative luminance of `#rrggbb`.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn names_of_areas_can_be_read_by_day_and_by_night() {
        for (light, dark) in AREAS {
            assert!(contrast(light, "#ffffff") >= 4.5, "{light} {}", contrast(light, "#ffffff"));
            assert!(contrast(dark, "#0f141b") >= 4.5, "{dark} {}", contrast(dark, "#0f141b"));
        }
    }

    #[test]
    fn signs_can_be_told_from_their_ground() {
        for (name, light, dark) in STATUSES {
            assert!(contrast(light, "#ffffff") >= 3.0 && contrast(dark, "#ffffff") >= 3.0, "{name}");
        }
    }

    #[test]
    fn every_status_has_a_colour() {
        for status in crate::picture::Status::ALL {
            assert!(STATUSES.iter().any(|(name, _, _)| *name == status.class()));
        }
    }
}
