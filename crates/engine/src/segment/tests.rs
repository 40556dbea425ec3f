//! Whole segment files: what is written is read, in any range; any bytes give an answer.

use super::file::FileCache;
use super::layout::Header;
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
    let header = Header {
        day: DAY,
        more_days: 0,
        sequence: 3,
        purged: 4,
    };
    let mut writer = SegmentWriter::create(&storage, Path::new(PATH), header).unwrap();
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
        let files = FileCache::new(Arc::new(written(&content)));
        let segment = Segment::open(&files, Path::new(PATH)).unwrap();
        let listed: Vec<(u32, u32)> = segment.series().map(|(tenant, own)| (tenant.0, own.0)).collect();
        prop_assert_eq!(&listed, &content.keys().copied().collect::<Vec<_>>());
        let from = DAY.start() + from;
        let range = TimeRange { from: Millis(from), until: Millis(from + length) };
        for tenant in 1..4 {
            for series in 0..50 {
                let expected = content.get(&(tenant, series)).map(points).unwrap_or_default();
                for range in [TimeRange::ALL, range] {
                    let found = read_of(&segment, TenantId(tenant), SeriesRef(series), &range).unwrap();
                    prop_assert_eq!(bits(&found), bits(&expected.within(&range)));
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
        let files = FileCache::new(Arc::new(storage));
        if let Ok(segment) = Segment::open(&files, Path::new(PATH)) {
            for ((tenant, series), samples) in &content {
                if let Ok(found) = read_of(&segment, TenantId(*tenant), SeriesRef(*series), &TimeRange::ALL) {
                    prop_assert_eq!(bits(&found), bits(&points(samples)));
                }
            }
        }
    }
}
