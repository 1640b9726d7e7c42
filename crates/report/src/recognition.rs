//! The recognition of files that hold a picture of this crate.

use crate::html::POLICY;

/// The beginning of each format: its very first bytes, and a text that only pictures of this crate have.
const OPENINGS: [(&str, &str); 4] = [
    ("digraph stack {\n", "graph [rankdir=LR, labelloc=t"),
    ("flowchart LR\n", "accTitle: "),
    ("<svg xmlns=", "aria-labelledby=\"picture-title picture-description\""),
    ("<!doctype html>\n", POLICY),
];
/// The most bytes that those two take.
const OPENING_BYTES: usize = 512;

/// True if a file's content is a picture of this crate, in any format.
pub fn is_picture(content: &[u8]) -> bool {
    let opening = String::from_utf8_lossy(&content[..content.len().min(OPENING_BYTES)]);
    OPENINGS.iter().any(|(first, mark)| opening.starts_with(first) && opening.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{hostile, small};

    #[test]
    fn pictures_of_every_format_are_recognised() {
        for picture in [small(), hostile()] {
            for text in
                [crate::dot(&picture), crate::mermaid(&picture), crate::svg(&picture), crate::html(&picture, None)]
            {
                assert!(is_picture(text.as_bytes()), "{}", &text[..200]);
            }
        }
    }

    #[test]
    fn files_of_people_are_no_pictures() {
        for other in [
            "",
            "project = \"mlops\"\n",
            "digraph mine { a -> b }",
            "flowchart LR\n  a --> b",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><circle/></svg>",
            "<!doctype html>\n<title>Notes</title>",
            "\u{0}\u{ff}",
        ] {
            assert!(!is_picture(other.as_bytes()), "{other:?}");
        }
    }
}
