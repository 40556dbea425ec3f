//! Pictures of series.
//!
//! `options` are graphite-web's drawing parameters. A `chart` is laid out once, as a `scene` of lines, areas and texts,
//! which `svg`, `png` and `pdf` then write; none of them decides anything.

mod axis;
mod band;
mod canvas;
mod chart;
mod color;
mod font;
mod legend;
mod options;
mod outline;
mod pdf;
mod picture;
mod pie;
mod pieces;
mod plot;
mod png;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod theme;
mod units;

pub use options::{Options, OptionsError, PictureFormat};
pub use picture::Picture;

use base::context::{Context, Resource, Stop};
use std::time::Instant;

/// Bytes that a point of a series takes at most: in its curve, in the scene, and in the document.
const BYTES_PER_POINT: u64 = 160;

/// Bytes that a pixel takes: drawn, copied without its opacity, and packed at worst. The largest picture fits into the share of
/// one account, where nothing is set.
const BYTES_PER_PIXEL: u64 = 12;

/// Why a picture was not drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// It has no size that can be drawn.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The work was ended, or there is no room for it.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

/// Draws a picture, within the budget of `context`; the bytes of an SVG, PNG or PDF document.
///
/// # Errors
/// [`DrawError`].
pub fn draw(picture: Picture<'_>, context: &Context) -> Result<Vec<u8>, DrawError> {
    let (points, pixels) = (picture.points(), picture.pixels());
    context.spend(Resource::Steps, points.saturating_add(pixels / 16))?;
    let bytes = points
        .saturating_mul(BYTES_PER_POINT)
        .saturating_add(pixels.saturating_mul(BYTES_PER_PIXEL));
    context.reserve(bytes)?;
    let drawn = drawn(picture, context);
    context.release(bytes);
    drawn
}

fn drawn(picture: Picture<'_>, context: &Context) -> Result<Vec<u8>, DrawError> {
    let form = picture.options.form;
    let check = || context.check(Instant::now());
    let scene = if picture.options.is_pie {
        pie::scene(&picture, check)?
    } else {
        chart::scene(picture, check)?
    };
    Ok(match form {
        PictureFormat::Svg => svg::write(&scene, check)?.into_bytes(),
        PictureFormat::Png => png::write(&scene, check)?.ok_or(OptionsError::TooSmall("width"))?,
        PictureFormat::Pdf => pdf::write(&scene, check)?,
    })
}
