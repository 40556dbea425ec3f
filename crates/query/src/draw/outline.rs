//! The outlines of areas between two lines.

use super::scene::Point;

/// The outlines of what is below one line and above another, whose points stand above each other.
pub(super) fn between(above: &[Point], below: &[Point]) -> Vec<Vec<Point>> {
    let mut outlines = Vec::new();
    let (mut tops, mut bottoms): (Vec<Point>, Vec<Point>) = (Vec::new(), Vec::new());
    let mut last: Option<(Point, Point)> = None;
    for (top, bottom) in above.iter().copied().zip(below.iter().copied()) {
        // Upwards is less.
        let room = bottom.1 - top.1;
        let crossing = last.and_then(|(old_top, old_bottom)| {
            let old = old_bottom.1 - old_top.1;
            let share = old / (old - room);
            let is_crossing = (old < 0.0) != (room < 0.0);
            let part = |old: f64, new: f64| old + (new - old) * share;
            is_crossing.then(|| (part(old_top.0, top.0), part(old_top.1, top.1)))
        });
        tops.extend(crossing);
        if room < 0.0 {
            close(&mut tops, &mut bottoms, &mut outlines);
        } else {
            tops.push(top);
            bottoms.push(bottom);
        }
        last = Some((top, bottom));
    }
    close(&mut tops, &mut bottoms, &mut outlines);
    outlines
}

/// Ends an outline, if one was begun.
fn close(tops: &mut Vec<Point>, bottoms: &mut Vec<Point>, outlines: &mut Vec<Vec<Point>>) {
    let mut outline = std::mem::take(tops);
    outline.extend(bottoms.drain(..).rev());
    if outline.len() > 2 {
        outlines.push(outline);
    }
}
