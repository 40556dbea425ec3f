//! The legend: the names of the series in their colours, in columns below the plot.

use super::color::Color;
use super::font;
use super::options::Options;
use super::scene::{Anchor, Scene, Shape, Text};
use base::invisible;
use std::collections::HashSet;

/// Series that the legend of a chart shows without being asked for. That of a pie shows all: nothing else says what the slices are.
const ENTRIES_USUAL: usize = 10;

/// Series that a legend shows at most; after them it says how many there are more.
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

/// The legend of series with names and colours; one without entries where it is hidden. It takes half of the room at most: what
/// does not fit is counted.
pub(crate) fn legend(
    series: &[(&str, Color)],
    options: &Options,
    (width, height): (f64, f64),
) -> Legend {
    let is_long = !options.is_pie && series.len() > ENTRIES_USUAL;
    let is_hidden = options.hides_legend.unwrap_or(is_long);
    let size = options.font_size;
    let line_height = (size * 1.45).ceil();
    let mut known: HashSet<&str> = HashSet::new();
    let mut entries: Vec<(String, Option<Color>)> = Vec::new();
    let mut more = 0;
    for (name, color) in series {
        if is_hidden || (options.has_unique_legend && !known.insert(*name)) {
            continue;
        }
        if entries.len() < ENTRIES_MAX {
            // What is not seen as itself would turn or hide what stands beside it.
            let name = invisible::drawn(name).into_owned();
            entries.push((name, Some(*color)));
        } else {
            more += 1;
        }
    }
    let wide = |text: &str| font::width(text, size, options.is_bold) + size * 2.6;
    let mut widest = entries
        .iter()
        .map(|(name, _)| wide(name))
        .fold(size * 2.6, f64::max);
    let columns_of = |widest: f64, entries: usize| {
        let columns = (width / widest).floor() as usize;
        columns.clamp(1, entries.max(1))
    };
    let rows = (height / 2.0 / line_height).max(0.0) as usize;
    if more > 0 || entries.len() > rows * columns_of(widest, entries.len()) {
        let all = entries.len() + more;
        widest = widest.max(wide(&format!("and {all} more")));
        let places = rows * columns_of(widest, all);
        let kept = entries.len().min(places.saturating_sub(1));
        entries.truncate(kept);
        if places > 0 {
            entries.push((format!("and {} more", all - kept), None));
        }
    }
    let columns = columns_of(widest, entries.len());
    Legend {
        entries,
        columns,
        column_width: width / columns as f64,
        line_height,
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
        for (index, (name, color)) in self.entries.iter().enumerate() {
            let (column, row) = (index / rows, index % rows);
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
