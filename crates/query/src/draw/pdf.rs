//! A scene as PDF 1.4: one page, the reader's own Helvetica.

use super::color::Color;
use super::font;
use super::scene::{Anchor, Point, Scene, Shape, Text};
use base::context::Stop;
use std::fmt::Write as _;

/// Writes a scene.
pub(crate) fn write(scene: &Scene, check: impl Fn() -> Result<(), Stop>) -> Result<Vec<u8>, Stop> {
    let (content, alphas) = content(scene, check)?;
    let states = alphas
        .iter()
        .enumerate()
        .fold(String::new(), |mut out, (index, alpha)| {
            let alpha = f64::from(*alpha) / 1000.0;
            let _ = write!(out, "/A{index} <</ca {alpha} /CA {alpha}>> ");
            out
        });
    let page = format!(
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] /Contents 4 0 R /Resources <</Font <</F 5 0 R /B 6 0 R>> /ExtGState <<{states}>>>>>>",
        scene.width, scene.height
    );
    let length = format!("<</Length {}>>\nstream\n", content.len());
    // Each in parts: the commands may be long, and are not copied but into the document.
    let objects: [[&str; 3]; 6] = [
        ["<</Type /Catalog /Pages 2 0 R>>", "", ""],
        ["<</Type /Pages /Kids [3 0 R] /Count 1>>", "", ""],
        [&page, "", ""],
        [&length, &content, "\nendstream"],
        [
            "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>",
            "",
            "",
        ],
        [
            "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding>>",
            "",
            "",
        ],
    ];
    let mut out = String::with_capacity(content.len() + page.len() + 2048);
    out.push_str("%PDF-1.4\n");
    let mut offsets = Vec::with_capacity(objects.len());
    for (index, [begin, middle, end]) in objects.iter().enumerate() {
        offsets.push(out.len());
        let number = index + 1;
        let _ = write!(out, "{number} 0 obj\n{begin}{middle}{end}\nendobj\n");
    }
    let table = out.len();
    let _ = write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(out, "{offset:010} 00000 n ");
    }
    let _ = write!(
        out,
        "trailer\n<</Size {} /Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    );
    Ok(out.into_bytes())
}

/// The commands of the page, and the opacities (in thousandths) that they use by number.
fn content(
    scene: &Scene,
    check: impl Fn() -> Result<(), Stop>,
) -> Result<(String, Vec<u16>), Stop> {
    let mut page = Page {
        out: String::new(),
        height: scene.height,
        alphas: Vec::new(),
    };
    let (width, height) = (scene.width, scene.height);
    let corners = vec![(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
    page.area(&[corners], scene.background);
    scene.each_shape(check, |shape| match shape {
        Shape::Line {
            runs,
            color,
            width,
            dash,
        } => page.line(runs, *color, *width, *dash),
        Shape::Area { runs, color } => page.area(runs, *color),
        Shape::Clip(from, to) => page.clip(*from, *to),
        Shape::Unclip => page.out.push_str("Q\n"),
        Shape::Text(text) => page.text(text),
    })?;
    Ok((page.out, page.alphas))
}

struct Page {
    out: String,
    height: f64,
    alphas: Vec<u16>,
}

impl Page {
    fn paint(&mut self, color: Color, operator: &str) {
        let part = |channel: u8| f64::from(channel) / 255.0;
        let (red, green, blue) = (part(color.red), part(color.green), part(color.blue));
        let alpha = (color.alpha * 1000.0).round() as u16;
        let index = match self.alphas.iter().position(|known| *known == alpha) {
            Some(index) => index,
            None => {
                self.alphas.push(alpha);
                self.alphas.len() - 1
            }
        };
        let _ = writeln!(
            self.out,
            "/A{index} gs {red:.3} {green:.3} {blue:.3} {operator}"
        );
    }

    fn path(&mut self, runs: &[Vec<Point>]) {
        for run in runs {
            for (index, (x, y)) in run.iter().enumerate() {
                let command = if index == 0 { 'm' } else { 'l' };
                let _ = writeln!(self.out, "{x:.2} {:.2} {command}", self.height - y);
            }
        }
    }

    fn line(&mut self, runs: &[Vec<Point>], color: Color, width: f64, dash: Option<f64>) {
        self.paint(color, "RG");
        let dash = dash.map_or("[]".to_owned(), |dash| format!("[{dash}]"));
        let _ = writeln!(self.out, "{width} w {dash} 0 d 1 j");
        self.path(runs);
        self.out.push_str("S\n");
    }

    fn area(&mut self, runs: &[Vec<Point>], color: Color) {
        self.paint(color, "rg");
        self.path(runs);
        self.out.push_str("f\n");
    }

    fn clip(&mut self, (left, top): Point, (right, bottom): Point) {
        let (width, height) = (right - left, bottom - top);
        let from = self.height - bottom;
        let _ = writeln!(
            self.out,
            "q {left:.2} {from:.2} {width:.2} {height:.2} re W n"
        );
    }

    fn text(&mut self, text: &Text) {
        self.paint(text.color, "rg");
        let width = font::width(&text.text, text.size, text.is_bold);
        let back = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (x, y) = (text.at.0, self.height - text.at.1);
        let matrix = match text.is_upright {
            true => format!("0 1 -1 0 {x:.2} {:.2}", y - back),
            false => format!("1 0 0 1 {:.2} {y:.2}", x - back),
        };
        let face = if text.is_bold { 'B' } else { 'F' };
        let _ = writeln!(
            self.out,
            "BT /{face} {} Tf {matrix} Tm {} Tj ET",
            text.size,
            literal(&text.text)
        );
    }
}

/// A text in the encoding of Windows; what that lacks is `?`.
fn literal(text: &str) -> String {
    let mut out = String::from("<");
    for character in text.chars() {
        let byte = match u8::try_from(u32::from(character)) {
            Ok(byte) if !character.is_control() => byte,
            _ if character == '…' => 0x85,
            _ => b'?',
        };
        let _ = write!(out, "{byte:02x}");
    }
    out.push('>');
    out
}
