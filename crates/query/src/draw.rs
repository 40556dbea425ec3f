//! Pictures of series.
//!
//! `options` are graphite-web's drawing parameters. A `chart` is laid out once, as a `scene` of lines, areas and texts,
//! which `svg`, `png` and `pdf` then write; none of them decides anything.

mod axis;
mod canvas;
mod chart;
mod color;
mod font;
mod legend;
mod options;
mod pdf;
mod picture;
mod pie;
mod plot;
mod png;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod theme;
mod units;

pub use options::{Form, Options, OptionsError};
pub use picture::Picture;

/// Draws a picture; the bytes of an SVG, PNG or PDF document.
///
/// # Errors
/// [`OptionsError`] where it has no size that can be drawn.
pub fn draw(picture: Picture<'_>) -> Result<Vec<u8>, OptionsError> {
    let form = picture.options.form;
    let scene = if picture.options.is_pie {
        pie::scene(&picture)
    } else {
        chart::scene(picture)
    };
    match form {
        Form::Svg => Ok(svg::write(&scene).into_bytes()),
        Form::Png => png::write(&scene).ok_or(OptionsError::Size),
        Form::Pdf => Ok(pdf::write(&scene)),
    }
}
