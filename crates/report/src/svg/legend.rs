//! The legend of colours, signs and lines, set in lines of a given width.

use crate::{
    areas::Areas,
    picture::{DRIFTED, Picture, Status},
    text::{fit, width},
    xml::escaped,
};

const SIZE: f64 = 12.0;
const LINE: f64 = 24.0;
/// From an entry's left side to its text.
const INDENT: f64 = 30.0;
const BETWEEN: f64 = 22.0;
const LONGEST: f64 = 260.0;

pub(super) struct Legend {
    lines: Vec<String>,
    height: f64,
}

impl Legend {
    /// Areas first, then lines, then what the signs that occur mean.
    pub(super) fn new(picture: &Picture, room: f64) -> Self {
        let mut legend = Self { lines: Vec::new(), height: 0.0 };
        legend.set(&areas(picture), room);
        legend.set(&lines(), room);
        legend.set(&[statuses(picture), drifted(picture)].concat(), room);
        legend
    }

    pub(super) fn height(&self) -> f64 {
        self.height
    }

    pub(super) fn marks(&self) -> String {
        self.lines.join("\n")
    }

    /// Entries one after another, from a new line.
    fn set(&mut self, entries: &[Entry], room: f64) {
        let mut x = 0.0;
        for Entry { mark, words } in entries {
            let words = fit(words, SIZE, LONGEST);
            let taken = INDENT + width(&words, SIZE);
            if x > 0.0 && x + taken > room {
                x = 0.0;
                self.height += LINE;
            }
            let y = self.height;
            let words = escaped(&words);
            self.lines.push(format!(
                r#"<g transform="translate({x:.1} {y:.1})">{mark}<text class="legend" x="{INDENT}" y="12">{words}</text></g>"#
            ));
            x += taken + BETWEEN;
        }
        self.height += if entries.is_empty() { 0.0 } else { LINE };
    }
}

#[derive(Clone)]
struct Entry {
    mark: String,
    words: String,
}

fn areas(picture: &Picture) -> Vec<Entry> {
    let areas = Areas::new(picture);
    let entry = |(area, (name, nodes)): (usize, (&str, Vec<usize>))| Entry {
        mark: format!(r#"<g class="frame c{}"><rect x="4" width="18" height="16" rx="4"/></g>"#, areas.colour(area)),
        words: format!("{name} ({})", nodes.len()),
    };
    areas.members().into_iter().enumerate().map(entry).collect()
}

fn lines() -> Vec<Entry> {
    let line = |class: &str, words: &str| Entry {
        mark: format!(r#"<path class="edge {class} plain" d="M0 8H24"/>"#),
        words: words.into(),
    };
    vec![
        line("works", "waits until the resource is ready"),
        line("identity", "waits only for its id"),
        Entry {
            mark: r#"<path class="edge plain" d="M0 8h24m-5 -4l5 4l-5 4"/>"#.into(),
            words: "made first to made last".into(),
        },
    ]
}

fn statuses(picture: &Picture) -> Vec<Entry> {
    let occurring = Status::ALL.iter().map(|&status| {
        let count = picture.nodes().iter().filter(|node| node.status == status).count();
        (status, count)
    });
    let entry = |(status, count): (Status, usize)| Entry {
        mark: format!(
            r#"<g class="node {}"><circle cx="13" cy="8" r="6.5"/><text class="sign" x="13" y="11.5">{}</text></g>"#,
            status.class(),
            status.sign()
        ),
        words: format!("{} ({count})", status.words()),
    };
    occurring.filter(|(_, count)| *count > 0).map(entry).collect()
}

fn drifted(picture: &Picture) -> Vec<Entry> {
    let count = picture.nodes().iter().filter(|node| node.is_drifted).count();
    let entry =
        Entry { mark: r#"<path class="flag" d="M7 2h12v12z"/>"#.to_owned(), words: format!("{DRIFTED} ({count})") };
    if count > 0 { vec![entry] } else { Vec::new() }
}
