//! The rectangle of the plot in the picture, and the mapping of times and values into it.

use super::scene::Point;

/// Points are clamped to this many plot heights above and below the bottom of the plot.
const SHARE_MOST: f64 = 1000.0;

/// The rectangle of the plot, and the times and values at its edges.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    pub(crate) from: f64,
    pub(crate) until: f64,
}

impl Canvas {
    pub(crate) const fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) const fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The horizontal place of an epoch second.
    pub(crate) fn x(&self, at: f64) -> f64 {
        let span = (self.until - self.from).max(1.0);
        self.left + (at - self.from) / span * self.width()
    }

    /// A point of the plot, `share` of its height above its bottom. Extreme shares are clamped, so that coordinates stay computable.
    pub(crate) fn point(&self, at: f64, share: f64) -> Point {
        let share = share.clamp(-SHARE_MOST, SHARE_MOST);
        (self.x(at), self.bottom - share * self.height())
    }
}
