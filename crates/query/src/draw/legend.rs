//! What the colours mean: names below the plot, in columns.

use super::color::Color;
use super::font;
use super::options::Options;
use super::scene::{Anchor, Scene, Shape, Text};

/// Series that a legend shows without being asked for.
const ENTRIES_USUAL: usize = 10;

/// Series that a legend shows at most; behind them it says how many there are more.
const ENTRIES_MAX: usize = 200;

/// A legend, laid out.
#[derive(Debug)]
pub(crate) struct Legend {
    entries: Vec<(String, Option<Color>)>,
    columns: usize,
    column_width: f64,
    line_height: f64,
    size: f64,
}

/// The legend of series with names and colours; one without entries where it is hidden.
pub(crate) fn legend(series: Vec<(String, Color)>, options: &Options, width: f64) -> Legend {
    let is_hidden = options.hides_legend.unwrap_or(series.len() > ENTRIES_USUAL);
    let size = options.font_size;
    let mut entries: Vec<(String, Option<Color>)> = Vec::new();
    let all = series.len();
    for (name, color) in series {
        let is_known = options.has_unique_legend && entries.iter().any(|(own, _)| *own == name);
        if !is_hidden && !is_known && entries.len() < ENTRIES_MAX {
            entries.push((name, Some(color)));
        }
    }
    if entries.len() == ENTRIES_MAX && all > ENTRIES_MAX {
        entries.push((format!("and {} more", all - ENTRIES_MAX), None));
    }
    let box_width = size * 1.6;
    let widths = entries
        .iter()
        .map(|(name, _)| font::width(name, size, options.is_bold));
    let widest = widths.fold(0.0, f64::max) + box_width + size;
    let columns = ((width / widest).floor() as usize).clamp(1, entries.len().max(1));
    Legend {
        entries,
        columns,
        column_width: width / columns as f64,
        line_height: (size * 1.45).ceil(),
        size,
    }
}

impl Legend {
    /// Its height; none where it is hidden.
    pub(crate) fn height(&self) -> f64 {
        self.entries.len().div_ceil(self.columns) as f64 * self.line_height
    }

    /// Draws it with its upper left corner there.
    pub(crate) fn draw(&self, scene: &mut Scene, (left, top): (f64, f64), options: &Options) {
        let rows = self.entries.len().div_ceil(self.columns).max(1);
        for (place, (name, color)) in self.entries.iter().enumerate() {
            let (column, row) = (place / rows, place % rows);
            let x = left + column as f64 * self.column_width;
            let base = top + row as f64 * self.line_height + self.size;
            if let Some(color) = color {
                let side = self.size * 0.8;
                scene.rectangle((x, base - side), (x + side, base), color.with_alpha(1.0));
            }
            let room = self.column_width - self.size * 1.6 - self.size * 0.5;
            scene.shapes.push(Shape::Text(Text {
                text: font::fitted(name, self.size, room.max(self.size)),
                at: (x + self.size * 1.3, base),
                size: self.size,
                color: options.theme.foreground,
                anchor: Anchor::Start,
                is_bold: options.is_bold,
                is_upright: false,
            }));
        }
    }
}
