//! Late samples are folded in beside the writer.

use super::*;

proptest! {
    #[test]
    fn a_fold_that_catches_up_with_its_writer_has_the_same_samples(
        pieces in prop::collection::vec(prop::collection::vec((0_i64..400, -1.0..1.0), 0..300), 1..6),
    ) {
        let mut appender = new_series();
        let mut model = BTreeMap::new();
        let mut folded: Option<PreparedReplacement> = None;
        let mut cursor = SlabCursor::new();
        for (batch, piece) in (1..).zip(pieces) {
            for (at, value) in piece {
                appender.append(stamp(batch), at, value);
                model.insert(at, value);
            }
            match &mut folded {
                Some(folded) => {
                    folded.catch_up(&mut cursor);
                    prop_assert_eq!(folded.catch_up(&mut cursor), 0, "nothing has come in since");
                }
                none => *none = Some(SeriesAppender::prepare_fold(&mut cursor, appender.shared())),
            }
        }
        let mut folded = folded.unwrap();
        appender.append(stamp(99), 200, 9.0);
        model.insert(200, 9.0);
        prop_assert!(appender.appender.apply_fold(&mut appender.cursor, &mut folded).is_some());
        prop_assert_eq!(samples(&appender.all()), model.into_iter().collect::<Vec<_>>());
    }
}

/// A series of two million samples was folded in a tenth of a second, with its shard locked.
#[test]
fn a_long_series_is_folded_without_the_lock_beside_its_writer() {
    let mut appender = new_series();
    let mut model: Vec<(i64, f64)> = (0..80_000).map(|at| (2 * at, 1.0)).collect();
    for (at, value) in &model {
        appender.append(stamp(1), *at, *value);
    }
    for at in 0..10_000 {
        appender.append(stamp(1), 4 * at, 2.0);
        model[2 * at as usize].1 = 2.0;
    }
    assert!(appender.is_due_to_fold());
    let Writer {
        cursor,
        appender: inner,
    } = &mut appender;
    let Fold::Later(due) = inner.fold(cursor, LOCKED_SAMPLES_MAX) else {
        panic!("it is long");
    };
    assert!(!appender.is_due_to_fold(), "somebody is at it");
    let mut folded = SeriesAppender::prepare_fold(&mut SlabCursor::new(), &due);
    let (late, next) = ((77, 3.0), (200_000, 4.0));
    appender.append(stamp(2), late.0, late.1);
    appender.append(stamp(2), next.0, next.1);
    let mut other = SeriesAppender::prepare_fold(&mut SlabCursor::new(), &due);
    let Writer {
        cursor,
        appender: inner,
    } = &mut appender;
    assert_eq!(folded.catch_up(&mut SlabCursor::new()), 2);
    assert!(inner.apply_fold(cursor, &mut folded).is_some());
    let refused = inner.apply_fold(cursor, &mut other);
    assert!(refused.is_none() && other.is_copy(), "it is another");
    model.insert(39, late);
    model.push(next);
    assert_eq!(samples(&appender.all()), model);
    assert_eq!(appender.shared().visibility.all().late, 1);
}

/// What had come in while a deletion was prepared was added with everything locked, however much it was.
#[test]
fn a_prepared_deletion_catches_up_and_brings_nothing_back() {
    let mut appender = new_series();
    for at in 0..1000 {
        appender.append(stamp(1), at, 1.0);
    }
    let out = range(500, 1500);
    let mut prepared = appender.prepare(&out);
    for at in (1000..3000).chain([77, 600]) {
        appender.append(stamp(2), at, 2.0);
    }
    let mut cursor = SlabCursor::new();
    let (added, again) = (
        prepared.catch_up(&mut cursor),
        prepared.catch_up(&mut cursor),
    );
    assert_eq!(again, 0);
    appender.append(stamp(3), 3000, 3.0);
    appender.append(stamp(3), 501, 3.0);
    let kept: Vec<i64> = (0..3001).filter(|at| !out.contains(Millis(*at))).collect();
    assert_eq!(added, 2002);
    appender.remove_range(&out, prepared);
    let left = samples(&appender.all());
    assert_eq!(left.iter().map(|(at, _)| *at).collect::<Vec<_>>(), kept);
    assert_eq!(left[77], (77, 2.0));
}
