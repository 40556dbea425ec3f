//! The display list of a picture: its shapes in the order of drawing, between the layout of a chart and a file format.

use super::color::Color;
use base::context::Stop;

/// A point, in pixels from the upper left.
pub(crate) type Point = (f64, f64);

/// A picture as shapes.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) background: Color,
    pub(crate) shapes: Vec<Shape>,
}

/// One shape.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Lines through points.
    Line {
        /// Runs of points; between two runs there is a gap.
        runs: Vec<Vec<Point>>,
        color: Color,
        width: f64,
        /// Length of a dash, and of the gap after it.
        dash: Option<f64>,
    },
    /// Areas inside of points.
    Area { runs: Vec<Vec<Point>>, color: Color },
    /// A line of text.
    Text(Text),
    /// Clips the shapes that follow to the rectangle between two corners.
    Clip(Point, Point),
    /// Shapes that follow may be anywhere again.
    Unclip,
}

/// A line of text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// Where its anchor is, on its base line.
    pub(crate) at: Point,
    pub(crate) size: f64,
    pub(crate) color: Color,
    pub(crate) anchor: Anchor,
    pub(crate) is_bold: bool,
    /// Read from below.
    pub(crate) is_upright: bool,
}

/// Which part of a text is at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Scene {
    /// Hands out each shape, as long as the work may go on.
    pub(crate) fn each_shape(
        &self,
        check: impl Fn() -> Result<(), Stop>,
        mut write: impl FnMut(&Shape),
    ) -> Result<(), Stop> {
        for shape in &self.shapes {
            check()?;
            write(shape);
        }
        check()
    }

    /// A line with two ends.
    pub(crate) fn segment(&mut self, from: Point, to: Point, color: Color, width: f64) {
        self.shapes.push(Shape::Line {
            runs: vec![vec![from, to]],
            color,
            width,
            dash: None,
        });
    }

    /// A filled rectangle between two corners.
    pub(crate) fn rectangle(&mut self, (left, top): Point, (right, bottom): Point, color: Color) {
        let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
        self.shapes.push(Shape::Area {
            runs: vec![corners],
            color,
        });
    }
}
