//! A page to explore a picture in: it needs nothing but itself, not even a network.

use crate::{
    areas::Areas,
    json::data,
    picture::{DRIFTED, Picture, Status},
    svg::{Drawing, both},
    timeline::{Timeline, section},
    xml::escaped,
};

/// The content security policy of the page, which allows its own style and script alone.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The number of nodes above which a page hides what others fade: a browser paints a thousand faded groups in seconds.
const LARGE: usize = 1000;

/// The picture as a page of its own: to move about in, to search, and to ask what needs what. Implied edges are not
/// drawn, see [`essential`](crate::essential), but the page names and follows all of them. `run` is the last run.
#[must_use]
pub fn html(picture: &Picture, run: Option<&Timeline>) -> String {
    let drawing = Drawing::new(picture);
    let title = escaped(picture.title());
    [
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">"
        ),
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">".to_owned(),
        format!(
            "<title>{title}</title>\n<style>\n{}{}</style>\n</head>\n<body{}>",
            both(),
            include_str!("page.css"),
            if picture.nodes().len() > LARGE { " class=\"large\"" } else { "" }
        ),
        header(picture, &title),
        run.map(section).unwrap_or_default(),
        canvas(&drawing, &title),
        include_str!("page.html").to_owned(),
        format!("<script type=\"application/json\" id=\"data\">{}</script>", data(picture)),
        format!("<script>\n{}</script>\n</body>\n</html>\n", include_str!("page.js")),
    ]
    .join("\n")
}

fn header(picture: &Picture, title: &str) -> String {
    let subtitle = escaped(picture.subtitle());
    format!(
        "<header>\n<div class=\"heading\"><h1>{title}</h1><p>{subtitle}</p></div>\n{}\n<div class=\"chips\" role=\"group\" aria-label=\"Areas and statuses to show\">\n{}\n</div>\n</header>",
        include_str!("tools.html").trim_end(),
        chips(picture).join("\n")
    )
}

/// Switches for areas, for statuses if there is more than one, and for what was changed outside of mlopsctl.
fn chips(picture: &Picture) -> Vec<String> {
    let chip = |what: &str, value: &str, mark: String, name: &str, count: usize| {
        format!(
            "<button class=\"chip\" aria-pressed=\"true\" data-{what}=\"{value}\">{mark}{} <small>{count}</small></button>",
            escaped(name)
        )
    };
    let known = Areas::new(picture);
    let areas = known.members().into_iter().enumerate().map(|(area, (name, nodes))| {
        let mark = format!(
            "<svg class=\"mark\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><g class=\"frame c{}\"><rect x=\"1\" y=\"1\" width=\"12\" height=\"12\" rx=\"3\"/></g></svg>",
            known.colour(area)
        );
        chip("area", &area.to_string(), mark, name, nodes.len())
    });
    let counts = Status::ALL.map(|status| picture.nodes().iter().filter(|node| node.status == status).count());
    let several = counts.iter().filter(|count| **count > 0).count() > 1;
    let occurring = Status::ALL.iter().zip(counts).filter(|(_, count)| several && *count > 0);
    let statuses = occurring.map(|(status, count)| {
        let mark = format!(
            "<svg class=\"mark\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><g class=\"node {}\"><circle cx=\"7\" cy=\"7\" r=\"6.5\"/><text class=\"sign\" x=\"7\" y=\"10.5\">{}</text></g></svg>",
            status.class(),
            status.sign()
        );
        chip("status", status.class(), mark, status.words(), count)
    });
    let count = picture.nodes().iter().filter(|node| node.is_drifted).count();
    let mark = r#"<svg class="mark" viewBox="0 0 14 14" aria-hidden="true"><path class="flag" d="M1 1h12v12z"/></svg>"#;
    let drifted = (count > 0).then(|| chip("drifted", "true", mark.to_owned(), DRIFTED, count));
    areas.chain(statuses).chain(drifted).collect()
}

fn canvas(drawing: &Drawing, title: &str) -> String {
    format!(
        "<main>\n<svg id=\"canvas\" role=\"group\" aria-label=\"{title}\" data-width=\"{:.0}\" data-height=\"{:.0}\">\n<g id=\"view\">\n{}\n</g>\n</svg>",
        drawing.width(),
        drawing.height(),
        drawing.marks()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{any, hostile, node, small};
    use crate::picture::Node;
    use proptest::prelude::*;

    #[test]
    fn a_page_loads_nothing_and_allows_nothing_to_be_loaded() {
        let page = html(&small(), None);
        assert!(page.contains("default-src 'none'"));
        let foreign = ["http://", "https://", "src=", "href=", "@import", "url(", "fetch(", "style=\"", "onclick"];
        for word in foreign {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_hostile_name_ends_no_script_and_starts_no_element() {
        let page = html(&hostile(), None);
        let usual = html(&small(), None);
        for tag in ["<script", "</script", "<style", "</style", "<!--", "<b>"] {
            assert_eq!(page.matches(tag).count(), usual.matches(tag).count(), "{tag}");
        }
    }

    #[test]
    fn statuses_can_be_chosen_only_where_there_are_several() {
        assert!(!html(&small(), None).contains("data-status="));
        let nodes = vec![node("a", "b"), Node { status: Status::Delete, ..node("a", "c") }];
        let page = html(&Picture::new("t", "s", nodes, vec![]).unwrap(), None);
        assert!(page.contains("data-status=\"ready\"") && page.contains("data-status=\"delete\""));
    }

    #[test]
    fn drift_is_marked_where_it_is_and_can_be_hidden() {
        assert!(!html(&small(), None).contains("class=\"flag\""));
        let nodes = vec![node("a", "b"), Node { is_drifted: true, ..node("a", "c") }];
        let page = html(&Picture::new("t", "s", nodes, vec![]).unwrap(), None);
        assert_eq!(page.matches("class=\"flag\"").count(), 2, "one at the resource, one at the switch");
        assert!(
            page.contains("data-drifted=\"true\"") && page.contains("a.c: subnet, ready, changed outside of mlopsctl")
        );
    }

    proptest! {
        #[test]
        fn every_resource_can_be_chosen(picture in any()) {
            let page = html(&picture, None);
            prop_assert_eq!(page.matches("data-node=\"").count(), picture.nodes().len());
        }
    }
}
