//! A scene as PNG.

use super::color::Color;
use super::font;
use super::pieces;
use super::scene::{Anchor, Point, Scene, Shape, Text};
use base::context::Stop;
use tiny_skia::{
    FillRule, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

/// Draws and packs a scene; `None` where it has no size.
pub(crate) fn write(
    scene: &Scene,
    check: impl Fn() -> Result<(), Stop>,
) -> Result<Option<Vec<u8>>, Stop> {
    let Some(mut pixels) = Pixmap::new(scene.width as u32, scene.height as u32) else {
        return Ok(None);
    };
    pixels.fill(skia(scene.background));
    let mut clip = None;
    for shape in &scene.shapes {
        check()?;
        match shape {
            Shape::Clip(from, to) => clip = mask(&pixels, *from, *to),
            Shape::Unclip => clip = None,
            shape => draw(&mut pixels, shape, clip.as_ref(), &check)?,
        }
    }
    drop(clip);
    check()?;
    Ok(pixels.encode_png().ok())
}

/// A mask that lets the rectangle between two corners through.
fn mask(pixels: &Pixmap, (left, top): Point, (right, bottom): Point) -> Option<Mask> {
    let mut mask = Mask::new(pixels.width(), pixels.height())?;
    let corners = Rect::from_ltrb(left as f32, top as f32, right as f32, bottom as f32)?;
    let path = PathBuilder::from_rect(corners);
    mask.fill_path(&path, FillRule::Winding, true, Transform::identity());
    Some(mask)
}

fn skia(color: Color) -> tiny_skia::Color {
    let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    tiny_skia::Color::from_rgba8(color.red, color.green, color.blue, alpha)
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(skia(color));
    paint.anti_alias = true;
    paint
}

fn draw(
    pixels: &mut Pixmap,
    shape: &Shape,
    clip: Option<&Mask>,
    check: &impl Fn() -> Result<(), Stop>,
) -> Result<(), Stop> {
    let as_it_is = Transform::identity();
    match shape {
        Shape::Line {
            runs,
            color,
            width,
            dash,
        } => {
            let paint = paint(*color);
            for piece in pieces::of_line(runs, *dash, color.alpha >= 1.0) {
                check()?;
                let dash = piece.dash.and_then(|(length, phase)| {
                    StrokeDash::new(vec![length as f32, length as f32], phase as f32)
                });
                let stroke = Stroke {
                    width: *width as f32,
                    line_join: LineJoin::Round,
                    dash,
                    ..Stroke::default()
                };
                if let Some(path) = path(&piece.runs, false) {
                    pixels.stroke_path(&path, &paint, &stroke, as_it_is, clip);
                }
            }
        }
        Shape::Area { runs, color } => {
            let paint = paint(*color);
            for runs in pieces::of_area(runs) {
                check()?;
                if let Some(path) = path(runs, true) {
                    pixels.fill_path(&path, &paint, FillRule::Winding, as_it_is, clip);
                }
            }
        }
        Shape::Text(text) => draw_text(pixels, text),
        Shape::Clip(..) | Shape::Unclip => {}
    }
    Ok(())
}

fn path<R: AsRef<[Point]>>(runs: &[R], is_closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for run in runs {
        for (index, (x, y)) in run.as_ref().iter().enumerate() {
            if index == 0 {
                path.move_to(*x as f32, *y as f32);
            } else {
                path.line_to(*x as f32, *y as f32);
            }
        }
        if is_closed {
            path.close();
        }
    }
    path.finish()
}

fn draw_text(pixels: &mut Pixmap, text: &Text) {
    let Some(font) = font::font(text.is_bold) else {
        return;
    };
    let width = font::width(&text.text, text.size, text.is_bold);
    let mut ahead = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    for character in text.text.chars() {
        let (metrics, coverage) = font.rasterize(character, text.size as f32);
        let left = ahead.round() as i64 + i64::from(metrics.xmin);
        let top = -(i64::from(metrics.ymin) + metrics.height as i64);
        if metrics.width > 0 {
            for (row, line) in coverage.chunks(metrics.width).enumerate() {
                for (column, share) in line.iter().enumerate() {
                    let (along, down) = (left + column as i64, top + row as i64);
                    let (x, y) = if text.is_upright {
                        (down, -along)
                    } else {
                        (along, down)
                    };
                    blend(
                        pixels,
                        (text.at.0.round() as i64 + x, text.at.1.round() as i64 + y),
                        text.color,
                        *share,
                    );
                }
            }
        }
        ahead += f64::from(metrics.advance_width);
    }
}

/// Lays a share of a colour onto a pixel; what is outside the picture is left out.
fn blend(pixels: &mut Pixmap, (x, y): (i64, i64), color: Color, share: u8) {
    let (width, height) = (i64::from(pixels.width()), i64::from(pixels.height()));
    if share == 0 || !(0..width).contains(&x) || !(0..height).contains(&y) {
        return;
    }
    let index = usize::try_from(y * width + x).ok();
    let Some(pixel) = index.and_then(|index| pixels.pixels_mut().get_mut(index)) else {
        return;
    };
    let alpha = f64::from(share) / 255.0 * color.alpha;
    let mix = |channel: u8, other: u8| {
        (f64::from(channel) * (1.0 - alpha) + f64::from(other) * alpha).round() as u8
    };
    let opacity = mix(pixel.alpha(), 255);
    let part = |channel: u8, other: u8| mix(channel, other).min(opacity);
    let (red, green, blue) = (
        part(pixel.red(), color.red),
        part(pixel.green(), color.green),
        part(pixel.blue(), color.blue),
    );
    if let Some(mixed) = tiny_skia::PremultipliedColorU8::from_rgba(red, green, blue, opacity) {
        *pixel = mixed;
    }
}
