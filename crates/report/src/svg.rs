//! A picture that stands alone: no scripts, no fonts, nothing to load; light or dark as its surroundings are.

mod drawing;
mod legend;
mod theme;

pub(crate) use drawing::Drawing;
pub(crate) use theme::both;

use crate::{picture::Picture, xml::escaped};

/// Size of the title, with a tenth more because bold letters are wider.
const BOLD: f64 = 22.0;
/// Around everything.
const MARGIN: f64 = 24.0;
/// Room for the title and the line below it.
const HEADING: f64 = 60.0;
/// Pictures are at least this wide, so that title and legend have room.
const NARROWEST: f64 = 720.0;

/// The picture as SVG: what is made first on the left, areas in colours, with a legend. Implied edges are left out,
/// see [`essential`](crate::essential).
#[must_use]
pub fn svg(picture: &Picture) -> String {
    let drawing = Drawing::new(picture);
    let width = drawing.width().max(NARROWEST) + 2.0 * MARGIN;
    let legend = legend::Legend::new(picture, width - 2.0 * MARGIN);
    let below = MARGIN + HEADING + drawing.height() + MARGIN;
    let height = below + legend.height() + MARGIN;
    let left = (width - drawing.width()) / 2.0;
    [
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img" aria-labelledby="picture-title picture-description">"#
        ),
        format!(r#"<title id="picture-title">{}</title>"#, escaped(picture.title())),
        format!(r#"<desc id="picture-description">{}</desc>"#, escaped(&description(picture))),
        format!("<style>\n{}</style>", theme::by_preference()),
        r#"<rect class="ground" width="100%" height="100%"/>"#.to_owned(),
        heading(picture, width),
        format!(r#"<g transform="translate({left:.1} {:.1})">"#, MARGIN + HEADING),
        drawing.marks(),
        "</g>".to_owned(),
        format!(r#"<g transform="translate({MARGIN:.1} {below:.1})">"#),
        legend.marks(),
        "</g>\n</svg>\n".to_owned(),
    ]
    .join("\n")
}

/// The picture in words, for those who do not see it.
fn description(picture: &Picture) -> String {
    let members = crate::areas::Areas::new(picture).members();
    let areas: Vec<String> = members.iter().map(|(area, nodes)| format!("{area} ({})", nodes.len())).collect();
    format!(
        "{}. {} resources and the {} dependencies between them, from left (made first) to right (made last). Areas: {}.",
        picture.subtitle(),
        picture.nodes().len(),
        picture.edges().len(),
        areas.join(", ")
    )
}

fn heading(picture: &Picture, width: f64) -> String {
    let room = width - 2.0 * MARGIN;
    let title = crate::text::fit(picture.title(), BOLD, room);
    let subtitle = crate::text::fit(picture.subtitle(), 13.0, room);
    format!(
        "<text class=\"title\" x=\"{MARGIN}\" y=\"{:.0}\">{}</text>\n<text class=\"subtitle\" x=\"{MARGIN}\" y=\"{:.0}\">{}</text>",
        MARGIN + 16.0,
        escaped(&title),
        MARGIN + 36.0,
        escaped(&subtitle)
    )
}

#[cfg(test)]
mod tests;
