//! Rows of words in columns, each as wide as its longest word.

/// The indentation of columns that have no place in the first line of their row.
const INDENT: usize = 4;

/// The rows as lines. All rows have as many words as the first. `width` is the number of columns of the terminal, if
/// there is one: a row that is wider takes several lines, and all rows are divided in the same way.
pub(crate) fn columns(rows: &[Vec<String>], width: Option<usize>) -> String {
    let length = |word: &String| word.chars().count();
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..count).map(|at| rows.iter().filter_map(|row| row.get(at)).map(length).max().unwrap_or(0)).collect();
    let line = |row: &[String], widths: &[usize]| {
        let words = row.iter().zip(widths).map(|(word, width)| format!("{word:width$}"));
        words.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let ends = ends(&widths, width.unwrap_or(usize::MAX));
    let mut lines = Vec::new();
    for row in rows {
        let mut start = 0;
        for &end in &ends {
            let parts = (row.get(start..end).unwrap_or_default(), widths.get(start..end).unwrap_or_default());
            let text = line(parts.0, parts.1);
            match start {
                0 => lines.push(text),
                _ if text.is_empty() => {}
                _ => lines.push(" ".repeat(INDENT) + &text),
            }
            start = end;
        }
    }
    lines.join("\n")
}

/// The columns before which each line of a row ends: as many in each line as it has room for.
fn ends(widths: &[usize], width: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut filled = 0;
    for (position, column) in widths.iter().enumerate() {
        let gap = if filled == 0 { 0 } else { 2 };
        if position > 0 && filled + gap + column > width {
            ends.push(position);
            filled = INDENT + column;
        } else {
            filled += gap + column;
        }
    }
    ends.push(widths.len());
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_too_wide_take_several_lines_divided_alike() {
        let rows = [["address", "kind", "id"], ["network.vpc", "ec2:vpc", "vpc-1"], ["a.b", "s3:bucket", ""]]
            .map(|row| row.map(str::to_owned).to_vec());
        let whole = "address      kind       id\nnetwork.vpc  ec2:vpc    vpc-1\na.b          s3:bucket";
        assert_eq!((columns(&rows, None).as_str(), columns(&rows, Some(29)).as_str()), (whole, whole));
        let divided = "address      kind\n    id\nnetwork.vpc  ec2:vpc\n    vpc-1\na.b          s3:bucket";
        assert_eq!(columns(&rows, Some(28)), divided);
        let narrow = "address\n    kind\n    id\nnetwork.vpc\n    ec2:vpc\n    vpc-1\na.b\n    s3:bucket";
        assert_eq!(columns(&rows, Some(15)), narrow);
    }
}
