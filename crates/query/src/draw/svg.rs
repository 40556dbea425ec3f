//! A scene as SVG.

use super::color::Color;
use super::scene::{Anchor, Point, Scene, Shape, Text};
use base::context::Stop;
use std::fmt::Write as _;

/// Writes a scene. Nothing in it is a script or refers to anything outside.
pub(crate) fn write(scene: &Scene, check: impl Fn() -> Result<(), Stop>) -> Result<String, Stop> {
    let Scene {
        width,
        height,
        background,
        ..
    } = scene;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"DejaVu Sans, Verdana, sans-serif\">\n<rect width=\"{width}\" height=\"{height}\"{}/>\n",
        paint("fill", *background)
    );
    scene.each_shape(check, |shape| write_shape(&mut out, shape))?;
    out.push_str("</svg>\n");
    Ok(out)
}

/// A colour as attributes.
fn paint(attribute: &str, color: Color) -> String {
    let opacity = match color.alpha {
        1.0 => String::new(),
        alpha => format!(" {attribute}-opacity=\"{alpha:.3}\""),
    };
    format!(" {attribute}=\"{}\"{opacity}", color.hexadecimal())
}

fn write_shape(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Clip((left, top), (right, bottom)) => {
            let (x, y) = (rounded(*left), rounded(*top));
            let (width, height) = (rounded(right - left), rounded(bottom - top));
            // Several pictures may stand in one page: the same name means the same.
            let id = format!("plot-{x}-{y}-{width}-{height}");
            let _ = writeln!(
                out,
                "<clipPath id=\"{id}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/></clipPath>\n\
                 <g clip-path=\"url(#{id})\">"
            );
        }
        Shape::Unclip => out.push_str("</g>\n"),
        Shape::Line {
            runs,
            color,
            width,
            dash,
        } => {
            let dash = dash.map_or(String::new(), |dash| {
                format!(" stroke-dasharray=\"{dash}\"")
            });
            let _ = writeln!(
                out,
                "<path fill=\"none\"{} stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash} d=\"{}\"/>",
                paint("stroke", *color),
                path(runs, false)
            );
        }
        Shape::Area { runs, color } => {
            let _ = writeln!(
                out,
                "<path{} d=\"{}\"/>",
                paint("fill", *color),
                path(runs, true)
            );
        }
        Shape::Text(text) => write_text(out, text),
    }
}

/// The commands of a path, to a hundredth of a pixel.
fn path(runs: &[Vec<Point>], is_closed: bool) -> String {
    let mut out = String::new();
    for run in runs {
        for (index, (x, y)) in run.iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let _ = write!(out, "{command}{} {}", rounded(*x), rounded(*y));
        }
        if is_closed {
            out.push('Z');
        }
    }
    out
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn write_text(out: &mut String, text: &Text) {
    let (x, y) = (rounded(text.at.0), rounded(text.at.1));
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if text.is_bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let turn = match text.is_upright {
        true => format!(" transform=\"rotate(-90 {x} {y})\""),
        false => String::new(),
    };
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"{anchor}{weight}{turn}{}>{}</text>",
        text.size,
        paint("fill", text.color),
        escaped(&text.text)
    );
}

/// A text that is no markup, and has no character that XML forbids.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
