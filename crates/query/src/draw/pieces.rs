//! Splits large shapes, so that the deadline is checked while one is painted.

use super::scene::Point;

/// Points that are painted between two checks of the deadline.
const POINTS_MAX: usize = 512;

/// Dashes of one line. One with more is painted without gaps: so many cannot be told apart.
const DASHES_MAX: f64 = 20_000.0;

/// A part of a line.
#[derive(Debug)]
pub(super) struct Piece<'r> {
    pub(super) runs: Vec<&'r [Point]>,
    /// Length of a dash, and of the gap after it; and how much of both is after it where it begins.
    pub(super) dash: Option<(f64, f64)>,
}

/// A line in pieces, each of which begins where the one before it ends. What is opaque is painted a little longer, so that there
/// is a joint at the end of a piece too.
pub(super) fn of_line(
    runs: &[Vec<Point>],
    dash: Option<f64>,
    is_opaque: bool,
) -> impl Iterator<Item = Piece<'_>> {
    let dash = dash.filter(|dash| {
        let all: f64 = runs.iter().map(|run| length(run)).sum();
        all <= DASHES_MAX * dash * 2.0
    });
    let shared = if is_opaque && dash.is_none() { 2 } else { 1 };
    let parts = runs.iter().flat_map(move |run| {
        let mut covered = 0.0;
        let begins = (0..run.len()).step_by(POINTS_MAX - 2);
        // The last of them may be in the piece before it already.
        let begins = begins.filter(move |begin| *begin == 0 || begin + shared < run.len());
        begins.filter_map(move |begin| {
            let end = begin.saturating_add(POINTS_MAX - 2 + shared).min(run.len());
            let part = run.get(begin..end)?;
            let phase = dash.map(|dash| (dash, covered % (dash * 2.0)));
            covered += length(part);
            Some((part, phase))
        })
    });
    grouped(parts)
}

/// Runs that are painted in one go, where they are as dashed as each other.
fn grouped<'r>(
    parts: impl Iterator<Item = (&'r [Point], Option<(f64, f64)>)>,
) -> impl Iterator<Item = Piece<'r>> {
    let mut parts = parts.peekable();
    std::iter::from_fn(move || {
        let (run, dash) = parts.next()?;
        let (mut runs, mut points) = (vec![run], run.len());
        while let Some((run, _)) =
            parts.next_if(|(run, next)| *next == dash && points + run.len() <= POINTS_MAX)
        {
            points += run.len();
            runs.push(run);
        }
        Some(Piece { runs, dash })
    })
}

/// The runs of an area in groups. One run stays whole, as its parts would not close without a seam.
pub(super) fn of_area(mut runs: &[Vec<Point>]) -> impl Iterator<Item = &[Vec<Point>]> {
    std::iter::from_fn(move || {
        let mut points = 0;
        let fits = |run: &&Vec<Point>| {
            points += run.len();
            points <= POINTS_MAX
        };
        let count = runs.iter().take_while(fits).count().max(1);
        let (group, rest) = runs.split_at_checked(count)?;
        runs = rest;
        Some(group)
    })
}

fn length(run: &[Point]) -> f64 {
    let ends = run.iter().zip(run.iter().skip(1));
    ends.map(|((x, y), (u, v))| (u - x).hypot(v - y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(points: usize) -> Vec<Point> {
        (0..points).map(|x| (x as f64, 0.0)).collect()
    }

    #[test]
    fn pieces_are_the_whole_line_and_join() {
        for (points, is_opaque) in [
            (1, true),
            (2, false),
            (511, true),
            (512, true),
            (513, false),
            (8192, true),
            (8192, false),
        ] {
            let runs = [run(points)];
            let mut last = 0.0;
            for piece in of_line(&runs, None, is_opaque) {
                let [part] = piece.runs.as_slice() else {
                    panic!("one run");
                };
                assert!(part.len() <= POINTS_MAX && part[0].0 <= last, "{points}");
                last = part[part.len() - 1].0;
            }
            assert_eq!(last, points as f64 - 1.0, "{points}");
        }
        let many: Vec<_> = (0..8192).map(|_| run(2)).collect();
        assert_eq!(of_line(&many, None, true).count(), 32);
        assert_eq!(of_area(&many).count(), 32);
        assert_eq!(of_area(&[run(9000), run(2), run(2)]).count(), 2);
        assert_eq!(of_area(&[]).count() + of_line(&[], None, true).count(), 0);
    }

    #[test]
    fn dashes_go_on_from_piece_to_piece_and_have_an_end() {
        let dashes = |points: usize, dash: f64| {
            let runs = [run(points)];
            let pieces = of_line(&runs, Some(dash), true);
            pieces.map(|piece| piece.dash).collect::<Vec<_>>()
        };
        assert_eq!(
            dashes(1100, 100.0),
            [
                Some((100.0, 0.0)),
                Some((100.0, 110.0)),
                Some((100.0, 20.0))
            ]
        );
        assert_eq!(dashes(30_000, 0.5)[0], None);
        assert_eq!(dashes(100, 0.5), [Some((0.5, 0.0))]);
    }
}
