//! Draws the lines and areas of series.

use super::axis::ValueAxis;
use super::canvas::Canvas;
use super::color::Color;
use super::options::{LineMode, Options};
use super::outline;
use super::scene::{Point, Scene, Shape};
use crate::series::Series;
use std::sync::Arc;

/// A series, ready to be drawn.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) name: String,
    /// Epoch second of the first point, and seconds between points.
    pub(crate) start: f64,
    pub(crate) step: f64,
    /// NaN is a gap.
    pub(crate) points: Vec<f64>,
    /// The values below it, where it is stacked or fills the area above another series.
    pub(crate) floor: Option<Vec<f64>>,
    pub(crate) color: Color,
    pub(crate) width: f64,
    pub(crate) dash: Option<f64>,
    pub(crate) alpha: Option<f64>,
    pub(crate) is_area: bool,
    /// Of both ends of an area between two series, the same text.
    pub(crate) band: Option<Arc<str>>,
    pub(crate) is_invisible: bool,
    pub(crate) is_infinite: bool,
    pub(crate) is_on_second_axis: bool,
}

impl Curve {
    /// Of a series that has been given as many values per point as the picture has room for.
    pub(crate) fn new(series: &Series, color: Color, options: &Options) -> Self {
        let mut points = series.points().into_owned();
        if options.draws_null_as_zero {
            for point in points.iter_mut().filter(|point| point.is_nan()) {
                *point = 0.0;
            }
        }
        let drawing = &series.drawing;
        let named = drawing.color.as_deref().and_then(Color::parse);
        Self {
            name: series.name.clone(),
            start: series.start as f64,
            step: series.step as f64 * series.values_per_point.max(1) as f64,
            points,
            floor: None,
            color: named.unwrap_or(color),
            width: drawing
                .line_width
                .unwrap_or(options.line_width)
                .clamp(0.0, 100.0),
            dash: drawing.dashed.map(|dash| dash.clamp(0.5, 1000.0)),
            alpha: drawing.alpha.map(|alpha| alpha.clamp(0.0, 1.0)),
            is_area: drawing.is_stacked,
            band: drawing.band.clone(),
            is_invisible: drawing.is_invisible,
            is_infinite: drawing.is_infinite,
            is_on_second_axis: drawing.is_on_second_axis,
        }
    }

    /// Draws it as all lines of its axis are.
    pub(crate) fn take_side(&mut self, options: &Options) {
        let side = if self.is_on_second_axis {
            options.right_lines
        } else {
            options.left_lines
        };
        self.width = side.width.unwrap_or(self.width);
        self.color = side.color.unwrap_or(self.color);
        self.dash = side.dash.or(self.dash);
    }

    /// Its least and greatest value that count for an axis.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        if self.is_infinite {
            return None;
        }
        let finite = self
            .points
            .iter()
            .chain(self.floor.iter().flatten())
            .filter(|value| value.is_finite());
        finite.fold(None, |range: Option<(f64, f64)>, value| {
            let (least, most) = range.unwrap_or((*value, *value));
            Some((least.min(*value), most.max(*value)))
        })
    }

    /// When a point is, in epoch seconds.
    pub(crate) fn at(&self, index: usize) -> f64 {
        self.start + self.step * index as f64
    }
}

/// Draws a series.
pub(crate) fn draw(
    scene: &mut Scene,
    curve: &Curve,
    canvas: &Canvas,
    axis: &ValueAxis,
    options: &Options,
) {
    if curve.is_invisible {
        return;
    }
    if curve.is_infinite {
        draw_infinite(scene, curve, canvas);
        return;
    }
    let runs = runs(curve, options);
    if curve.is_area {
        let areas = runs
            .iter()
            .flat_map(|run| area(curve, run, canvas, axis, options))
            .collect();
        let alpha = curve.alpha.or(options.area_alpha).unwrap_or(0.85);
        scene.shapes.push(Shape::Area {
            runs: areas,
            color: curve.color.with_alpha(curve.color.alpha * alpha),
        });
        return;
    }
    let lines = runs
        .iter()
        .map(|run| line(curve, run, canvas, axis, options))
        .collect();
    let alpha = curve.alpha.unwrap_or(1.0);
    scene.shapes.push(Shape::Line {
        runs: lines,
        color: curve.color.with_alpha(curve.color.alpha * alpha),
        width: curve.width,
        dash: curve.dash,
    });
}

/// A line from the bottom to the top at each point that is not zero.
fn draw_infinite(scene: &mut Scene, curve: &Curve, canvas: &Canvas) {
    let places = curve
        .points
        .iter()
        .enumerate()
        .filter(|(_, value)| **value > 0.0);
    let runs = places.map(|(index, _)| {
        let at = curve.at(index);
        vec![canvas.point(at, 0.0), canvas.point(at, 1.0)]
    });
    scene.shapes.push(Shape::Line {
        runs: runs.collect(),
        color: curve.color,
        width: curve.width,
        dash: curve.dash,
    });
}

/// The places of points that are drawn in one go; a gap lies between two of them.
fn runs(curve: &Curve, options: &Options) -> Vec<Vec<usize>> {
    let bridged = match options.line_mode {
        LineMode::Connected => options.connected_limit,
        LineMode::Slope | LineMode::Staircase => 0,
    };
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (index, value) in curve.points.iter().enumerate() {
        if !value.is_finite() {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| index - last - 1 <= bridged) => {
                run.push(index);
            }
            _ => runs.push(vec![index]),
        }
    }
    runs
}

/// The points of a line.
fn line(
    curve: &Curve,
    run: &[usize],
    canvas: &Canvas,
    axis: &ValueAxis,
    options: &Options,
) -> Vec<Point> {
    let value = |index: usize| curve.points.get(index).copied().unwrap_or(f64::NAN);
    heights(curve, run, canvas, axis, options, value)
}

/// The outline of an area: above its values, below what it lies upon. One between two series has several where they cross.
fn area(
    curve: &Curve,
    run: &[usize],
    canvas: &Canvas,
    axis: &ValueAxis,
    options: &Options,
) -> Vec<Vec<Point>> {
    let value = |index: usize| curve.points.get(index).copied().unwrap_or(f64::NAN);
    let floor = |index: usize| {
        let height = curve
            .floor
            .as_ref()
            .and_then(|floor| floor.get(index))
            .copied();
        height.filter(|height| height.is_finite()).unwrap_or(0.0)
    };
    let mut outline = heights(curve, run, canvas, axis, options, value);
    let mut below = heights(curve, run, canvas, axis, options, floor);
    if curve.band.is_some() {
        return outline::between(&outline, &below);
    }
    below.reverse();
    outline.extend(below);
    vec![outline]
}

fn heights(
    curve: &Curve,
    run: &[usize],
    canvas: &Canvas,
    axis: &ValueAxis,
    options: &Options,
    value: impl Fn(usize) -> f64,
) -> Vec<Point> {
    let mut points = Vec::with_capacity(run.len() * 2);
    for index in run {
        let share = axis.share(value(*index)).unwrap_or(0.0);
        let at = curve.at(*index);
        points.push(canvas.point(at, share));
        let is_single = run.len() == 1;
        if options.line_mode == LineMode::Staircase || is_single {
            let (mut x, y) = canvas.point(at + curve.step, share);
            if is_single {
                // One point alone is to be seen, however short its time is.
                x = x.max(canvas.x(at) + curve.width.max(1.0));
            }
            points.push((x, y));
        }
    }
    points
}
