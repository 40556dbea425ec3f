//! Areas between two series.

use super::options::LineMode;
use super::plot::Curve;
use base::context::Stop;
use std::collections::{HashMap, VecDeque};

/// Lets the upper ends of areas between two series lie upon their lower ends, wherever these stand. Where there is no lower end,
/// an upper one has nothing there; one that has lost its lower end is an area as others are. It ends where the work may not go on.
pub(super) fn join(
    curves: &mut [Curve],
    mode: LineMode,
    check: &impl Fn() -> Result<(), Stop>,
) -> Result<(), Stop> {
    let key = |curve: &Curve| Some((curve.band.clone()?, curve.is_on_second_axis));
    let mut lowers: HashMap<_, VecDeque<usize>> = HashMap::new();
    for (index, curve) in curves.iter().enumerate() {
        if let Some(band) = key(curve).filter(|_| curve.is_invisible) {
            lowers.entry(band).or_default().push_back(index);
        }
    }
    for index in 0..curves.len() {
        check()?;
        let Some(upper) = curves.get(index).filter(|curve| !curve.is_invisible) else {
            continue;
        };
        let Some(band) = key(upper) else { continue };
        let lower = lowers.get_mut(&band).and_then(VecDeque::pop_front);
        let lower = lower.and_then(|lower| curves.get(lower));
        let floor: Option<Vec<f64>> = lower.map(|lower| {
            let times = (0..upper.points.len()).map(|index| upper.at(index));
            times.map(|at| height_at(lower, at, mode)).collect()
        });
        let Some(upper) = curves.get_mut(index) else {
            continue;
        };
        match &floor {
            Some(floor) => {
                let points = upper.points.iter_mut().zip(floor);
                for (point, _) in points.filter(|(_, floor)| floor.is_nan()) {
                    *point = f64::NAN;
                }
            }
            None => upper.band = None,
        }
        upper.floor = floor;
    }
    Ok(())
}

/// How high a curve is at a time, as it is drawn: its steps may be others than those of the curve above it.
fn height_at(curve: &Curve, at: f64, mode: LineMode) -> f64 {
    // A little more, as a quotient may be a little less than the whole number that it is.
    let index = (at - curve.start) / curve.step + 1e-9;
    if index < 0.0 {
        return f64::NAN;
    }
    let point = |index: usize| curve.points.get(index).copied().unwrap_or(f64::NAN);
    let (here, next) = (point(index as usize), point(index as usize + 1));
    let share = index.fract();
    if mode == LineMode::Staircase || share < 1e-6 || next.is_nan() {
        here
    } else {
        here + (next - here) * share
    }
}
