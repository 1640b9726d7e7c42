//! One way of writing a file, comments kept.

mod print;
mod statement;

use crate::problem::{Problem, located};
use crate::syntax;

/// Formats an environment file: one space around `=`, one blank line before each section, none elsewhere but
/// where the author grouped keys, long lists over several lines, no blanks at the ends of lines. Comments,
/// the order of keys and the spelling of values stay. Formatting twice changes nothing more.
///
/// # Errors
/// The place where the text stops being TOML.
pub fn format(source: &str) -> Result<String, Vec<Problem>> {
    if let Err(error) = toml_edit::Document::parse(source) {
        return Err(located(source, syntax::findings(source, &error)));
    }
    // Git for Windows checks files out with the line ends of Windows: a file keeps those that it begins with.
    let is_of_windows = source.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r'));
    let formatted = print::print(&statement::statements(&source.replace("\r\n", "\n")));
    Ok(if is_of_windows { formatted.replace('\n', "\r\n") } else { formatted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn formats(source: &str, expected: &str) {
        assert_eq!(format(source).as_deref(), Ok(expected));
        assert_eq!(format(expected).as_deref(), Ok(expected), "formatting again changes nothing");
    }

    #[test]
    fn spaces_stand_around_the_equals_sign_and_nowhere_else() {
        formats("  a=1  \nb   =   'x'\t\n [ t . u ]\nc.d . e=true", "a = 1\nb = 'x'\n\n[t.u]\nc.d.e = true\n");
    }

    #[test]
    fn one_blank_line_stands_before_a_section_and_none_after_its_header() {
        formats("\n\n[a]\n\n\nx = 1\n\n\n\ny = 2\n[b]\n[[c]]\n\n", "[a]\nx = 1\n\ny = 2\n\n[b]\n\n[[c]]\n");
    }

    #[test]
    fn comments_stay_with_what_they_are_about() {
        formats(
            "#:schema x\n\n  # of a\na = 1 # one   \n# of t\n# more\n[t]   # here\n\n# end\n",
            "#:schema x\n\n# of a\na = 1 # one\n\n# of t\n# more\n[t] # here\n# end\n",
        );
    }

    #[test]
    fn short_lists_stay_on_a_line_and_long_ones_do_not() {
        formats("a = [ 1,2 , 3, ]", "a = [1, 2, 3]\n");
        let long = format!("a = [{}]", ["\"0123456789\""; 10].join(","));
        formats(&long, &format!("a = [\n{}]\n", "  \"0123456789\",\n".repeat(10)));
    }

    #[test]
    fn a_list_that_the_author_spread_stays_spread_with_its_comments() {
        formats(
            "a = [ # first\n1, # one\n  # two\n 2\n# last\n]\nb = [{x=1,y={z=2}},\n{x=2}]\n",
            "a = [\n  # first\n  1, # one\n  # two\n  2,\n  # last\n]\nb = [\n  { x = 1, y = { z = 2 } },\n  { x = 2 },\n]\n",
        );
    }

    #[test]
    fn an_inline_table_with_comments_is_spread_over_lines() {
        formats("a = {\n x=1, # one\n y=[]\n}\nb = {\n}\n", "a = {\n  x = 1, # one\n  y = [],\n}\nb = {}\n");
    }

    #[test]
    fn strings_are_left_as_they_are_written() {
        let text = "a = '''\n  x = 1   \n# no comment\n'''\nb = \"\\u00e9 # no\"\n";
        formats(text, text);
    }

    #[test]
    fn lines_end_as_the_first_one_does() {
        formats("a=1\r\nb=2\r\n", "a = 1\r\nb = 2\r\n");
        formats("a=1\nb=2\r\n", "a = 1\nb = 2\n");
    }

    #[test]
    fn what_is_no_toml_is_located() {
        let problems = format("a = 1\nb = = 2\n").expect_err("not TOML");
        assert_eq!((problems[0].line, problems[0].column), (2, 5));
    }
}
