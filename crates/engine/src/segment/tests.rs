//! Whole segment files: what is written is read, in any range; any bytes give an answer.

use super::file::FileCache;
use super::layout::{BLOCK_BYTES, FOOTER_BYTES, Footer, Header};
use super::reader::Segment;
use super::writer::SegmentWriter;
use crate::day::{DAY_MILLIS, Day};
use crate::points::Points;
use crate::series_ref::SeriesRef;
use crate::storage::Storage;
use crate::storage::faulty::Faulty;
use base::id::TenantId;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const DAY: Day = Day(20_000);
const PATH: &str = "/s/1.seg";

/// A segment with samples of [`DAY`] and so many more days, as a writer begins it.
fn begun(storage: &Faulty, more_days: u16) -> SegmentWriter {
    let header = Header {
        day: DAY,
        more_days,
        sequence: 3,
        purged: 4,
    };
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    SegmentWriter::create(&storage, Path::new(PATH), header).unwrap()
}

fn read_of(
    segment: &Segment,
    tenant: TenantId,
    series: SeriesRef,
    range: &TimeRange,
) -> Result<Points, StoreError> {
    segment.read(tenant, series, range)
}

type Content = BTreeMap<(u32, u32), BTreeMap<i64, f64>>;

fn content() -> impl Strategy<Value = Content> {
    let at = prop_oneof![0..DAY_MILLIS, 0_i64..3000, Just(DAY_MILLIS - 1)];
    let value = prop_oneof![
        any::<f64>().prop_filter("finite", |value| value.is_finite()),
        (0_i32..500).prop_map(|value| f64::from(value) / 8.0),
    ];
    let samples = prop::collection::btree_map(at, value, 1..60);
    // One series in four has more samples than a block.
    let many = (1025_i64..2500, -9.0..9.0_f64)
        .prop_map(|(count, value)| (0..count).map(|at| (at * 7, value)).collect());
    let series = prop_oneof![3 => samples, 1 => many];
    prop::collection::btree_map((1_u32..4, 0_u32..50), series, 1..8)
}

fn points(samples: &BTreeMap<i64, f64>) -> Points {
    Points {
        timestamps: samples.keys().map(|at| DAY.start() + at).collect(),
        values: samples.values().copied().collect(),
    }
}

fn written(content: &Content) -> Faulty {
    let storage = Faulty::new(1);
    storage.create_dir(Path::new("/s")).unwrap();
    let mut writer = begun(&storage, 0);
    for ((tenant, series), samples) in content {
        let points = points(samples);
        writer
            .push(TenantId(*tenant), SeriesRef(*series), &points)
            .unwrap();
    }
    writer.finish().unwrap();
    storage
}

fn bits(points: &Points) -> Vec<(i64, u64)> {
    points
        .iter()
        .map(|(at, value)| (at, value.to_bits()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(content in content(), from in 0..DAY_MILLIS, length in 0..DAY_MILLIS) {
        let files = FileCache::new(Arc::new(written(&content)), 1 << 20);
        let segment = Segment::open(&files, Path::new(PATH)).unwrap();
        let listed: Vec<(u32, u32)> = segment.series().map(|series| series.map(|(tenant, series)| (tenant.0, series.0)).unwrap()).collect();
        prop_assert_eq!(&listed, &content.keys().copied().collect::<Vec<_>>());
        let from = DAY.start() + from;
        let range = TimeRange { from: Millis(from), until: Millis(from + length) };
        for tenant in 1..4 {
            for series in 0..50 {
                let expected = content.get(&(tenant, series)).map(points).unwrap_or_default();
                for range in [TimeRange::ALL, range] {
                    let found = read_of(&segment, TenantId(tenant), SeriesRef(series), &range).unwrap();
                    prop_assert_eq!(bits(&found), bits(&expected.clipped_to(&range)));
                }
            }
        }
    }

    #[test]
    fn spoilt_bytes_give_an_error_or_the_truth(
        content in content(),
        spoil in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let good = written(&content).read(Path::new(PATH)).unwrap();
        let mut bytes = good.clone();
        for (at, byte) in spoil {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let storage = Faulty::new(1);
        storage.create_dir(Path::new("/s")).unwrap();
        storage.create(Path::new(PATH)).unwrap().append(&bytes).unwrap();
        let files = FileCache::new(Arc::new(storage), 0);
        if let Ok(segment) = Segment::open(&files, Path::new(PATH)) {
            for ((tenant, series), samples) in &content {
                if let Ok(found) = read_of(&segment, TenantId(*tenant), SeriesRef(*series), &TimeRange::ALL) {
                    prop_assert_eq!(bits(&found), bits(&points(samples)));
                }
            }
        }
    }
}

/// A segment of several tenants with more blocks than fit on some pages of its directory, each series of many blocks of one
/// sample a day.
fn with_pages() -> (Faulty, Vec<(u32, u32)>) {
    let storage = Faulty::new(1);
    storage.create_dir(Path::new("/s")).unwrap();
    let mut writer = begun(&storage, 99);
    let mut all = Vec::new();
    // Runs that end within a page, on its end, and one that is a page.
    for (tenant, series, days) in [
        (1, 1, 50),
        (1, 2, 62),
        (2, 7, 100),
        (2, 9, 12),
        (3, 1, 100),
        (3, 2, 100),
        (3, 4, 100),
        (3, 5, 36),
        (5, 3, 1),
    ] {
        let points = Points {
            timestamps: (0..days)
                .map(|day| DAY.start() + day * DAY_MILLIS)
                .collect(),
            values: (0..days).map(|day| day as f64).collect(),
        };
        let (tenant_id, series_id) = (TenantId(tenant), SeriesRef(series));
        writer.push(tenant_id, series_id, &points).unwrap();
        all.push((tenant, series));
    }
    writer.finish().unwrap();
    (storage, all)
}

/// The directory was held in memory until the end, and then twice.
#[test]
fn a_writer_of_many_blocks_holds_no_more_than_one_of_few() {
    let storage = Faulty::new(1);
    storage.create_dir(Path::new("/s")).unwrap();
    let blocks = 100_000;
    let mut writer = begun(&storage, 0);
    let mut held_max = 0;
    for series in 0..blocks {
        let points = Points {
            timestamps: vec![DAY.start() + i64::from(series)],
            values: vec![f64::from(series)],
        };
        writer
            .push(TenantId(1), SeriesRef(series), &points)
            .unwrap();
        held_max = held_max.max(writer.held_bytes());
    }
    assert!(held_max < 3 << 20, "{held_max} bytes for {blocks} blocks");
    let written = writer.finish().unwrap();
    assert_eq!((written.series, written.samples), (blocks, 100_000));
    assert_eq!(storage.list(Path::new("/s")).unwrap(), ["1.seg"]);
    let files = FileCache::new(Arc::new(storage), 1 << 20);
    let segment = Segment::open(&files, Path::new(PATH)).unwrap();
    assert_eq!(segment.bytes(), written.bytes);
    for series in [0, 7280, 7281, blocks - 1] {
        let read = read_of(&segment, TenantId(1), SeriesRef(series), &TimeRange::ALL).unwrap();
        assert_eq!(read.values, [f64::from(series)]);
    }
}

/// Whatever the budget, each range of each series is what it is when all of the directory is looked through.
#[test]
fn a_directory_of_pages_is_read_like_one_in_memory_with_any_budget() {
    let (storage, all) = with_pages();
    for budget in [0, 5000, 80_000, 1 << 30] {
        let files = FileCache::new(Arc::new(storage.clone()), budget);
        let mut seen = 0;
        let mut on_block = |_: &Header, _: SeriesRef, _: Day| seen += 1;
        let segment = Segment::open_with(&files, Path::new(PATH), &mut on_block).unwrap();
        assert_eq!(seen, 561, "a series' day each");
        let listed: Vec<(u32, u32)> = segment
            .series()
            .map(|series| series.map(|(tenant, series)| (tenant.0, series.0)).unwrap())
            .collect();
        assert_eq!(listed, all);
        let samples: Vec<u64> = segment.tallies().map(|(_, tally)| tally.samples).collect();
        assert_eq!(samples, [112, 112, 336, 1]);
        for tenant in 0..7 {
            for series in 0..11 {
                let (tenant_id, series_ref) = (TenantId(tenant), SeriesRef(series));
                let everything = read_of(&segment, tenant_id, series_ref, &TimeRange::ALL).unwrap();
                assert_eq!(!everything.is_empty(), all.contains(&(tenant, series)));
                for from in (-1..101).step_by(3) {
                    for length in [0, 1, 40, 200] {
                        let from = DAY.start() + from * DAY_MILLIS;
                        let until = from + length * DAY_MILLIS;
                        let range = TimeRange {
                            from: Millis(from),
                            until: Millis(until),
                        };
                        let found = read_of(&segment, tenant_id, series_ref, &range).unwrap();
                        assert_eq!(bits(&found), bits(&everything.clipped_to(&range)));
                        let count = segment.count(tenant_id, series_ref, &range).unwrap();
                        assert_eq!(count, found.len() as u64);
                    }
                }
            }
        }
        let figures = files.pages().figures();
        assert!(figures.bytes <= budget, "{figures:?}");
        assert_eq!(figures.index_bytes, 6 * 16, "six pages");
        assert_eq!(figures.misses == 6, budget >= 80_000, "{figures:?}");
        drop(segment);
        assert_eq!(files.pages().figures().index_bytes, 0);
    }
}

/// A page was trusted once the directory was read at the start.
#[test]
fn damage_of_a_page_is_named_and_stops_only_who_reads_it() {
    let (storage, all) = with_pages();
    let files = FileCache::new(Arc::new(storage.clone()), 0);
    let path = Path::new(PATH);
    let segment = Segment::open(&files, path).unwrap();
    let bytes = storage.read(path).unwrap();
    let footer = Footer::decode(&bytes[bytes.len() - FOOTER_BYTES..]).unwrap();
    // A byte of the third page, which the series of tenant 3 have among them.
    let page = footer.blocks_offset + 2 * 112 * BLOCK_BYTES as u64;
    let inside = usize::try_from(page).unwrap() + 50 * BLOCK_BYTES;
    assert!(storage.damage(path, inside));
    for (tenant, series) in all {
        let read = read_of(
            &segment,
            TenantId(tenant),
            SeriesRef(series),
            &TimeRange::ALL,
        );
        match read {
            Ok(points) => assert!(!points.is_empty() && (tenant, series) != (3, 1)),
            Err(StoreError::Damaged { place, what }) => {
                assert_eq!((tenant, place.as_str()), (3, PATH));
                assert!(what.starts_with(&format!("at offset {page}: ")), "{what}");
                assert!(what.contains("page of the block directory"), "{what}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let listed: Result<Vec<_>, StoreError> = segment.series().collect();
    let Err(StoreError::Damaged { what, .. }) = listed else {
        panic!("{listed:?}");
    };
    assert!(what.starts_with(&format!("at offset {page}: ")), "{what}");
    assert!(matches!(
        Segment::open(&files, path),
        Err(StoreError::Damaged { .. })
    ));
}
