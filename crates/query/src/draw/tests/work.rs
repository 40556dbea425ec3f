//! A picture ends when nobody waits for it, and gives back what it had.

use super::*;
use crate::draw::{chart, pie, png};
use base::context::MemoryReservation;
use base::limit;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
struct Used(AtomicU64);

impl MemoryReservation for Used {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// As many points as pixels, up and down.
fn spikes(dash: Option<f64>) -> Series {
    let mut curve = series(
        "a",
        (0..8000).map(|at| f64::from(at % 2) * 1000.0).collect(),
    );
    (curve.start, curve.end, curve.step) = (1_700_000_000, 1_700_008_000, 1);
    curve.drawing.dashed = dash;
    curve
}

fn picture(options: &Options, dash: Option<f64>) -> Picture<'_> {
    Picture {
        series: vec![spikes(dash)],
        from: 1_700_000_000,
        until: 1_700_008_000,
        zone: TimeZone::UTC,
        options,
    }
}

#[test]
fn a_long_line_looks_at_the_clock_while_it_is_painted() {
    let options =
        Options::parse([("width", "8192"), ("height", "40"), ("graphOnly", "1")]).unwrap();
    for dash in [None, Some(9.0)] {
        let scene = chart::scene(picture(&options, dash), || Ok(())).unwrap();
        let checks = Cell::new(0);
        let check = || {
            checks.set(checks.get() + 1);
            match checks.get() {
                10 => Err(Stop::Cancelled),
                _ => Ok(()),
            }
        };
        assert!(scene.shapes.len() < 5);
        assert_eq!(png::write(&scene, check), Err(Stop::Cancelled));
        let check = || {
            checks.set(checks.get() + 1);
            Ok(())
        };
        assert!(png::write(&scene, check).unwrap().is_some());
        assert!(checks.get() > 25, "{}", checks.get());
    }
}

/// A series of one point took as much as the longest before it, which nobody counted.
#[test]
fn regression_6_a_stacked_curve_lies_upon_no_more_points_than_it_has() {
    let options = Options::parse([("areaMode", "stacked")]).unwrap();
    let all = || {
        let mut all = vec![series("long", vec![1.0; 500])];
        all.extend((0..5).map(|_| series("short", vec![2.0])));
        all.push(series("middle", vec![3.0; 100]));
        all
    };
    let curves = chart::curves(all(), &options, 1000.0, &|| Ok(())).unwrap();
    for curve in &curves {
        let floor = curve.floor.as_ref().unwrap();
        assert_eq!(floor.len(), curve.points.len(), "{}", curve.name);
    }
    let last = &curves[6];
    assert_eq!((last.points[0], last.points[1]), (14.0, 4.0));
    // Each check of the deadline may be the last.
    let checks = Cell::new(0);
    let curves = chart::curves(all(), &options, 1000.0, &|| {
        checks.set(checks.get() + 1);
        match checks.get() {
            10 => Err(Stop::Cancelled),
            _ => Ok(()),
        }
    });
    assert!(matches!(curves, Err(Stop::Cancelled)));
    let cancelled = chart::scene(picture(&options, None), || Err(Stop::Cancelled));
    assert!(matches!(cancelled, Err(Stop::Cancelled)));
}

/// Says that the work is over when it is asked for the `last` time.
fn until(last: u32, checks: &Cell<u32>) -> Result<(), Stop> {
    checks.set(checks.get() + 1);
    if checks.get() == last {
        return Err(Stop::Cancelled);
    }
    Ok(())
}

/// A pie was laid out, whoever waited for it.
#[test]
fn a_pie_ends_with_its_time() {
    let options = Options::parse([("graphType", "pie")]).unwrap();
    let picture = Picture {
        series: (0..20).map(|_| series("part", vec![1.0; 5])).collect(),
        from: 1_700_000_000,
        until: 1_700_000_300,
        zone: TimeZone::UTC,
        options: &options,
    };
    let checks = Cell::new(0);
    assert!(pie::scene(&picture, || until(u32::MAX, &checks)).is_ok());
    // Before the values of each series, and before each slice.
    assert_eq!(checks.get(), 40);
    for last in [1, 20, 21, 40] {
        checks.set(0);
        let laid_out = pie::scene(&picture, || until(last, &checks));
        assert!(matches!(laid_out, Err(Stop::Cancelled)), "{last}");
    }
    let context = Context::unlimited();
    context.cancel_flag().store(true, Ordering::Relaxed);
    assert!(draw(picture, &context).is_err());
}

/// The ends of all areas were joined, whoever waited for them.
#[test]
fn areas_between_two_series_end_with_their_time() {
    let options = Options::parse([("areaMode", "none")]).unwrap();
    let ends = || {
        let end = |index: usize| {
            let mut curve = series("end", vec![1.0, 2.0]);
            curve.drawing.band = Some(format!("band {}", index / 2).into());
            curve.drawing.is_invisible = index.is_multiple_of(2);
            curve
        };
        (0..10).map(end).collect::<Vec<_>>()
    };
    for (last, is_over) in [(10, true), (11, true), (20, true), (21, false)] {
        let checks = Cell::new(0);
        let curves = chart::curves(ends(), &options, 1000.0, &|| until(last, &checks));
        assert_eq!(curves.is_err(), is_over, "{last}");
    }
}

#[test]
fn what_a_picture_had_is_given_back_however_it_ends() {
    let options = Options::parse([("width", "2000"), ("height", "40")]).unwrap();
    for is_cancelled in [false, true] {
        let used = Arc::<Used>::default();
        let context = Context::unlimited().with_memory(Arc::clone(&used) as _);
        context.cancel_flag().store(is_cancelled, Ordering::Relaxed);
        let drawn = draw(picture(&options, Some(9.0)), &context);
        assert_eq!(drawn.is_err(), is_cancelled);
        assert_eq!(used.0.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn the_largest_picture_is_drawn_where_nothing_is_set() {
    let options = Options::parse([("width", "8192"), ("height", "2048")]).unwrap();
    let pixels = picture(&options, None).pixels();
    let share = limit::QUERIES_IN_FLIGHT_BYTES.default / 100 * limit::ACCOUNT_SHARE_PERCENT.default;
    // The rest is for its series, and for the answer.
    assert!(pixels * BYTES_PER_PIXEL <= share / 5 * 4);
}
