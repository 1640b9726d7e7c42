//! The width of a text, before anything has drawn it.

/// A text that takes at most this width at this size, shortened if need be.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if width(&line, size) <= room {
        return line;
    }
    let mut left = room - em('…') * size;
    let kept = line.chars().take_while(|&letter| {
        left -= em(letter) * size;
        left >= 0.0
    });
    let mut short = kept.collect::<String>().trim_end().to_owned();
    short.push('…');
    short
}

/// The width a text takes at most, in the widest of the usual sans-serif fonts (DejaVu Sans; most are narrower).
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

fn em(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | 'I' => 0.34,
        'f' | 'r' | 't' | '-' | '(' | ')' | '[' | ']' | '/' | '\\' => 0.42,
        's' | 'c' | 'z' | '_' => 0.56,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 1.0,
        letter if letter.is_ascii_lowercase() || letter.is_ascii_digit() => 0.64,
        letter if letter.is_ascii() => 0.84,
        letter if letter < '\u{2e80}' => 1.0,
        _ => 1.2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_fits_stays_whole() {
        assert_eq!(fit("private-1", 12.0, 200.0), "private-1");
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fit("endpoint-sagemaker-runtime", 12.0, 80.0), "endpoint-s…");
    }

    #[test]
    fn a_text_is_one_line() {
        assert_eq!(fit("a\nb\u{0}", 12.0, 200.0), "a b ");
    }

    proptest! {
        #[test]
        fn no_text_is_wider_than_its_room(text in ".{0,60}", room in 20.0..300.0_f64) {
            prop_assert!(width(&fit(&text, 12.0, room), 12.0) <= room);
        }
    }
}
