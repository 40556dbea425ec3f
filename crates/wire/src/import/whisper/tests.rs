use super::*;
use proptest::prelude::*;

mod written;

/// All points of a file, by time.
fn read(file: &[u8], now: i64) -> Result<(Header, Vec<(i64, f64)>), WhisperError> {
    let beginning = &file[..file.len().min(HEADER_BYTES_MAX)];
    let header = Header::read(beginning, file.len() as u64)?;
    let mut points = Vec::new();
    for (archive, seconds) in header.parts(now) {
        let begin = usize::try_from(archive.offset).unwrap();
        let ring = &file[begin..begin + usize::try_from(archive.bytes()).unwrap()];
        let Some(base) = Archive::base(ring.first_chunk().unwrap()) else {
            continue;
        };
        let mut archived = Vec::new();
        // In parts, as a large archive is read.
        for places in archive.places(base, &seconds) {
            for (place, rows) in places
                .clone()
                .step_by(3)
                .zip(ring[places.start as usize * 12..places.end as usize * 12].chunks(36))
            {
                archived.extend(archive.points(base, place, rows, seconds.clone()));
            }
        }
        assert!(
            archived.is_sorted_by(|one, next| one.0 < next.0),
            "{archived:?}"
        );
        let all: Vec<_> = archive.points(base, 0, ring, seconds.clone()).collect();
        assert_eq!(
            all.len(),
            archived.len(),
            "the places are those of all points"
        );
        points.splice(0..0, archived);
    }
    let points = points
        .into_iter()
        .map(|(at, value)| (at.0 / 1000, value))
        .collect();
    Ok((header, points))
}

/// A file as Graphite lays it out: archives of steps and numbers of points, and in each the points that were written last.
fn write(method: u32, factor: f32, archives: &[(u32, u32)], points: &[Vec<(u32, f64)>]) -> Vec<u8> {
    let mut file = Vec::new();
    let count = u32::try_from(archives.len()).unwrap();
    let longest = archives.last().map_or(0, |(step, points)| step * points);
    file.extend([method, longest].map(u32::to_be_bytes).concat());
    file.extend(factor.to_be_bytes());
    file.extend(count.to_be_bytes());
    let mut offset = 16 + 12 * count;
    for (step, points) in archives {
        file.extend([offset, *step, *points].map(u32::to_be_bytes).concat());
        offset += 12 * points;
    }
    for ((step, count), written) in archives.iter().zip(points) {
        let mut ring = vec![[0; 12]; *count as usize];
        let base = written.first().map_or(0, |first| first.0);
        for (time, value) in written {
            let place = ((time - base) / step % count) as usize;
            ring[place][..4].copy_from_slice(&time.to_be_bytes());
            ring[place][4..].copy_from_slice(&value.to_be_bytes());
        }
        file.extend(ring.concat());
    }
    file
}

#[test]
fn every_aggregation_is_known() {
    for (method, word) in (1..).zip([
        "average", "sum", "last", "max", "min", "avg_zero", "absmax", "absmin",
    ]) {
        let (header, points) = read(&write(method, 0.25, &[(60, 2)], &[vec![]]), 1000).unwrap();
        assert_eq!(
            (header.aggregation.word(), header.x_files_factor),
            (word, 0.25)
        );
        assert_eq!(points, []);
    }
}

#[test]
fn what_is_no_file_of_whispers_says_why() {
    let file = |method, factor, archives: &[(u32, u32)]| {
        write(method, factor, archives, &vec![vec![]; archives.len()])
    };
    let whole = file(1, 0.5, &[(10, 6), (60, 10)]);
    let mut within = whole.clone();
    within[16..20].copy_from_slice(&39_u32.to_be_bytes());
    let mut over = whole.clone();
    over[28..32].copy_from_slice(&100_u32.to_be_bytes());
    for (file, error) in [
        (Vec::new(), "the file ends within its header"),
        (whole[..39].to_vec(), "the file ends within its header"),
        (
            whole[..whole.len() - 1].to_vec(),
            "archive 2 of the file ends beyond the file",
        ),
        (
            file(0, 0.5, &[(10, 6)]),
            "0 is no way of aggregation that is known",
        ),
        (
            file(9, 0.5, &[(10, 6)]),
            "9 is no way of aggregation that is known",
        ),
        (
            file(1, 1.5, &[(10, 6)]),
            "1.5 is no `xFilesFactor`: it is between 0 and 1",
        ),
        (
            file(1, f32::NAN, &[(10, 6)]),
            "NaN is no `xFilesFactor`: it is between 0 and 1",
        ),
        (
            file(1, 0.5, &[]),
            "a file cannot have 0 archives: it has 1 to 64",
        ),
        (
            file(1, 0.5, &[(1, 1); 65]),
            "a file cannot have 65 archives: it has 1 to 64",
        ),
        (
            file(1, 0.5, &[(0, 6)]),
            "archive 1 of the file has no points",
        ),
        (
            file(1, 0.5, &[(10, 0)]),
            "archive 1 of the file has no points",
        ),
        (
            file(1, 0.5, &[(10, 6), (10, 60)]),
            "archive 2 of the file is no coarser and longer than the one before it",
        ),
        (
            file(1, 0.5, &[(10, 6), (60, 1)]),
            "archive 2 of the file is no coarser and longer than the one before it",
        ),
        (
            within,
            "archive 1 of the file begins before the end of what precedes it",
        ),
        (
            over,
            "archive 2 of the file begins before the end of what precedes it",
        ),
    ] {
        assert_eq!(read(&file, 0).unwrap_err().to_string(), error);
    }
}

#[test]
fn what_a_turn_of_the_ring_has_left_is_not_shown() {
    let points = vec![(1000, 1.0), (1010, 2.0), (1050, 3.0)];
    let file = write(1, 0.5, &[(10, 6)], &[points]);
    let times = |now| {
        read(&file, now)
            .unwrap()
            .1
            .iter()
            .map(|point| point.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(times(1055), [1000, 1010, 1050]);
    assert_eq!(times(1065), [1010, 1050]);
    assert_eq!(times(1045), [1000, 1010]);
    assert_eq!(times(5000), Vec::<i64>::new());
    // Nor is a point that stands in the place of another time.
    let mut moved = file.clone();
    moved.copy_within(40..52, 52);
    let points = read(&moved, 1055).unwrap().1;
    assert_eq!(points, [(1000, 1.0), (1010, 2.0), (1050, 3.0)]);
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_no_moment_twice(
        begin in 1_000_000_u32..2_000_000,
        values in prop::collection::vec(prop::option::of(-1e9_f64..1e9), 1..80),
    ) {
        let archives = [(10, 12), (60, 20)];
        let begin = begin * 60;
        let fine: Vec<_> = (0..).zip(&values).filter_map(|(at, value)| value.map(|value| (begin + at * 10, value))).collect();
        let coarse: Vec<_> = fine.iter().filter(|point| point.0 % 60 == 0).copied().collect();
        let file = write(3, 0.0, &archives, &[fine.clone(), coarse.clone()]);
        let now = i64::from(begin) + values.len() as i64 * 10 - 1;
        let (_, points) = read(&file, now).unwrap();
        let reaches = |time: u32, seconds: i64| now - i64::from(time) < seconds;
        let fine = fine.iter().filter(|point| reaches(point.0, 120));
        let coarse = coarse.iter().filter(|point| !reaches(point.0, 120) && reaches(point.0, 1200));
        let expected: Vec<_> = coarse.chain(fine).map(|(time, value)| (i64::from(*time), *value)).collect();
        prop_assert_eq!(points, expected);
    }

    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        archives in prop::collection::vec((0_u32..100, 0_u32..5), 0..4),
        at: prop::sample::Index,
        now: i64,
    ) {
        let _ = read(&bytes, now);
        let mut file = write(1, 0.5, &archives, &vec![vec![]; archives.len()]);
        for (byte, at) in bytes.iter().zip(at.index(file.len())..file.len()) {
            file[at] = *byte;
        }
        if let Ok((header, points)) = read(&file, now) {
            let all: u32 = header.archives.iter().map(|archive| archive.points).sum();
            prop_assert!(points.len() <= all as usize && points.len() * 12 <= file.len());
        }
    }
}
