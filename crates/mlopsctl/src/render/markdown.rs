//! Markdown for a comment of GitHub or GitLab: text of others that stays text, and sections that fit a length together.

use crate::printer::escape::word;

/// The length of a text as GitHub counts it at most: in units of UTF-16.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A text of others on one line. In a code span nothing is a link, a mention, HTML or a quick action of GitLab.
/// <https://spec.commonmark.org/0.31.2/#code-spans>
pub(super) fn code(text: &str) -> String {
    let shown = word(text);
    let ticks = "`".repeat(longest_run(&shown) + 1);
    // A space beside the ticks belongs to them.
    let space = if shown.is_empty() || shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) { " " } else { "" };
    format!("{ticks}{space}{shown}{space}{ticks}")
}

/// The number of backticks that stand together at most.
fn longest_run(text: &str) -> usize {
    text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0)
}

/// A part of a page. Where the page is too long, whole entries are left out, and the frame stays.
pub(super) struct Section {
    opening: String,
    entries: Vec<String>,
    closing: String,
    /// The text before the number of entries that are left out.
    before_more: &'static str,
    /// The length that the entries may have together.
    most: usize,
}

impl Section {
    /// A list below a heading. Each entry is one item.
    pub(super) fn list(heading: &str, entries: &[String], most: usize) -> Self {
        let entries = entries.iter().map(|entry| format!("- {entry}\n")).collect();
        Self { opening: format!("#### {heading}\n\n"), entries, closing: "\n".into(), before_more: "- ", most }
    }

    /// A list that a reader unfolds.
    pub(super) fn folded_list(title: &str, entries: &[String], most: usize) -> Self {
        let entries = entries.iter().map(|entry| format!("- {entry}\n")).collect();
        let closing = "\n</details>\n\n".to_owned();
        Self { opening: unfolding(title), entries, closing, before_more: "- ", most }
    }

    /// Lines of text that a reader unfolds. Within the fence nothing has a meaning but its end.
    pub(super) fn folded_lines(title: &str, entries: &[Vec<String>]) -> Self {
        let longest = entries.iter().flatten().map(|line| longest_run(line)).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let joined = |lines: &Vec<String>| lines.iter().map(|line| format!("{}\n", word(line))).collect::<String>();
        Self {
            opening: format!("{}{fence}diff\n", unfolding(title)),
            entries: entries.iter().map(joined).collect(),
            closing: format!("{fence}\n\n</details>\n\n"),
            before_more: "",
            most: usize::MAX,
        }
    }

    /// Sentences of our own, which are never left out.
    pub(super) fn sentences(text: String) -> Self {
        Self { opening: text + "\n\n", entries: Vec::new(), closing: String::new(), before_more: "", most: 0 }
    }

    /// The number of entries left out, as a line.
    fn more(&self, count: usize) -> String {
        format!("{}… {count} more left out\n", self.before_more)
    }

    /// The length without any entry.
    fn frame(&self) -> usize {
        length(&self.opening) + length(&self.closing) + length(&self.more(self.entries.len()))
    }
}

/// The markup that opens a part which a reader unfolds. Code is neither a mention nor a link.
fn unfolding(title: &str) -> String {
    let escaped = word(title).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<details><summary><code>{escaped}</code></summary>\n\n")
}

/// The sections one after the other, with as many entries as fit `longest`. Returns also how many are left out.
pub(super) fn fit(sections: &[Section], longest: usize) -> (String, usize) {
    let mut free = longest.saturating_sub(sections.iter().map(Section::frame).sum());
    let (mut page, mut left_out) = (String::new(), 0);
    for section in sections {
        page.push_str(&section.opening);
        let (mut most, mut missing) = (section.most.min(free), 0);
        for entry in &section.entries {
            match most.checked_sub(length(entry)) {
                Some(rest) => {
                    page.push_str(entry);
                    free -= most - rest;
                    most = rest;
                }
                None => missing += 1,
            }
        }
        if missing > 0 {
            page.push_str(&section.more(missing));
        }
        page.push_str(&section.closing);
        left_out += missing;
    }
    (page, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn code_span_holds_backticks_and_spaces() {
        assert_eq!(code("network.vpc"), "`network.vpc`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("@admin <b>\n# x"), "`@admin <b>\\n# x`");
        assert_eq!(code(""), "`  `");
    }

    #[test]
    fn fence_is_longer_than_any_within() {
        let section = Section::folded_lines("network", &[vec!["+ a \"```` x\"".into()]]);
        let (page, _) = fit(&[section], 1000);
        assert!(page.contains("`````diff\n+ a \"```` x\"\n`````\n"), "{page}");
    }

    #[test]
    fn title_is_no_html() {
        let (page, _) = fit(&[Section::folded_list("</summary>&@x", &["a".into()], 100)], 1000);
        assert!(page.starts_with("<details><summary><code>&lt;/summary&gt;&amp;@x</code></summary>\n"), "{page}");
    }

    /// The text of a code span, by the rules of CommonMark; `None` if the text is not one code span.
    fn shown_by(span: &str) -> Option<String> {
        let ticks = span.chars().take_while(|sign| *sign == '`').count();
        let inner = span.strip_prefix(&"`".repeat(ticks))?.strip_suffix(&"`".repeat(ticks))?;
        if ticks == 0 || inner.split(|sign| sign != '`').any(|run| run.len() == ticks) {
            return None;
        }
        let is_padded = inner.len() > 1 && inner.starts_with(' ') && inner.ends_with(' ');
        let stripped = if is_padded && inner.trim() != "" { &inner[1..inner.len() - 1] } else { inner };
        Some(stripped.to_owned())
    }

    proptest! {
        #[test]
        fn code_span_shows_the_text_whatever_it_is(text in "[`a @<\\n]{0,12}") {
            let span = code(&text);
            prop_assert!(!span.contains('\n'), "{span}");
            let expected = word(&text).into_owned();
            match expected.trim() {
                "" => prop_assert!(shown_by(&span).is_some_and(|shown| shown.trim().is_empty())),
                _ => prop_assert_eq!(shown_by(&span), Some(expected)),
            }
        }

        #[test]
        fn sections_never_exceed_the_length_and_count_what_is_missing(
            sizes in prop::collection::vec(prop::collection::vec(1..400_usize, 0..40), 1..6),
            longest in 1000..4000_usize,
        ) {
            let sections: Vec<Section> = sizes.iter().map(|sizes| {
                let entries: Vec<String> = sizes.iter().map(|size| "é".repeat(*size)).collect();
                Section::list("Deletions", &entries, longest / 3)
            }).collect();
            let (page, left_out) = fit(&sections, longest);
            prop_assert!(length(&page) <= longest, "{} of {longest}", length(&page));
            let shown = page.lines().filter(|line| line.starts_with("- é")).count();
            prop_assert_eq!(shown + left_out, sizes.iter().map(Vec::len).sum::<usize>());
        }
    }
}
