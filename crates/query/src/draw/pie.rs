//! A pie: a slice for each series, as large as its average, maximum or minimum.

use super::legend::legend;
use super::options::{PieMode, ValueLabels};
use super::picture::Picture;
use super::scene::{Anchor, Point, Scene, Shape, Text};
use base::context::Stop;
use base::number;
use std::f64::consts::TAU;

/// Points of a whole circle.
const CIRCLE_POINTS: f64 = 180.0;

/// The layout of a pie, as long as the work may go on.
pub(crate) fn scene(
    picture: &Picture<'_>,
    check: impl Fn() -> Result<(), Stop>,
) -> Result<Scene, Stop> {
    let options = picture.options;
    let mut scene = Scene {
        width: options.width,
        height: options.height,
        background: options.theme.background,
        shapes: Vec::new(),
    };
    let mut slices: Vec<(&str, f64)> = Vec::with_capacity(picture.series.len());
    for series in &picture.series {
        check()?;
        slices.push((
            series.name.as_str(),
            value(series.present(), options.pie_mode),
        ));
    }
    let colors = (0..slices.len()).map(|index| options.color_of(index));
    let names = slices.iter().map(|(name, _)| *name);
    let inner = options.width - 2.0 * options.margin;
    let size = options.font_size;
    let title = options.title.as_ref().map_or(0.0, |_| size * 2.2);
    let room = (
        inner.max(1.0),
        options.height - 2.0 * options.margin - title,
    );
    let names: Vec<_> = names.zip(colors).collect();
    let legend = legend(&names, options, room);
    let (top, bottom) = (
        options.margin + title,
        options.height - options.margin - legend.height() - size,
    );
    let center = (options.width / 2.0, f64::midpoint(top, bottom));
    let radius = ((bottom - top).min(inner) / 2.0).max(1.0);
    let whole: f64 = slices.iter().map(|(_, value)| value).sum();
    if let Some(title) = &options.title {
        scene.shapes.push(Shape::Text(Text {
            text: title.clone(),
            at: (options.width / 2.0, options.margin + size * 1.25),
            size: size * 1.25,
            color: options.theme.foreground,
            anchor: Anchor::Middle,
            is_bold: true,
            is_upright: false,
        }));
    }
    let mut angle = -TAU / 4.0;
    for (index, (_, value)) in slices.iter().enumerate() {
        check()?;
        let share = if whole > 0.0 { value / whole } else { 0.0 };
        let color = options.color_of(index);
        scene.shapes.push(Shape::Area {
            runs: vec![slice(center, radius, (angle, share))],
            color,
        });
        let middle = angle + share * TAU / 2.0;
        let (counted, label) = match options.value_labels {
            ValueLabels::Percent => (share * 100.0, format!("{:.1} %", share * 100.0)),
            ValueLabels::Number => (*value, number::general(*value)),
            ValueLabels::None => (f64::NEG_INFINITY, String::new()),
        };
        if counted >= options.value_labels_min && !label.is_empty() {
            scene.shapes.push(Shape::Text(Text {
                text: label,
                at: (
                    center.0 + middle.cos() * radius * 0.65,
                    center.1 + middle.sin() * radius * 0.65 + size * 0.35,
                ),
                size,
                color: options
                    .value_labels_color
                    .unwrap_or_else(|| color.contrast()),
                anchor: Anchor::Middle,
                is_bold: true,
                is_upright: false,
            }));
        }
        angle += share * TAU;
    }
    let below = options.height - options.margin - legend.height();
    legend.draw(&mut scene, (options.margin, below), options);
    Ok(scene)
}

/// The size of a slice; what has no value, or less than nothing, has none.
fn value(present: impl Iterator<Item = f64>, mode: PieMode) -> f64 {
    let (count, sum, least, most) = present.fold(
        (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY),
        |(count, sum, least, most): (f64, f64, f64, f64), value| {
            (count + 1.0, sum + value, least.min(value), most.max(value))
        },
    );
    let value = match mode {
        PieMode::Average => sum / count,
        PieMode::Maximum => most,
        PieMode::Minimum => least,
    };
    if value.is_finite() {
        value.max(0.0)
    } else {
        0.0
    }
}

fn slice(center: Point, radius: f64, (angle, share): (f64, f64)) -> Vec<Point> {
    let steps = (share * CIRCLE_POINTS).ceil().max(1.0) as usize;
    let on_circle = |step: usize| {
        let angle = angle + share * TAU * step as f64 / steps as f64;
        (
            center.0 + angle.cos() * radius,
            center.1 + angle.sin() * radius,
        )
    };
    std::iter::once(center)
        .chain((0..=steps).map(on_circle))
        .collect()
}
