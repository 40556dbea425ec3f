//! Series are read in parts: in any order, more than once, by several threads, and each time as one reader reads them.

use crate::support::{DAY, MINUTE, NOON, delete, open, range, scope, send};
use base::context::{Context, Resource};
use base::cursor::Cursor;
use base::selector::Selector;
use base::store::{FetchQuery, ReadPart, SampleStore, Shape, StoreError};
use base::time::TimeRange;
use engine::Engine;
use engine::storage::faulty::Faulty;
use std::ops::ControlFlow;
use std::thread;

type Read = Vec<(usize, String, Vec<(i64, u64)>)>;

fn one(cursor: &mut dyn Cursor, read: &mut Read) -> Result<ControlFlow<()>, StoreError> {
    let mut samples = Vec::new();
    while let Some(piece) = cursor.next()? {
        samples.extend(piece.iter().map(|(at, value)| (at.0, value.to_bits())));
    }
    read.push((cursor.query(), cursor.key().as_str().to_owned(), samples));
    Ok(ControlFlow::Continue(()))
}

/// Samples in files of several days, late ones, deleted ones, and such that are in memory alone.
fn world() -> Engine {
    let engine = open(&Faulty::new(1));
    let write = |at: i64, value: f64| {
        let names: Vec<String> = (0..100).map(|number| format!("a.s{number:03}")).collect();
        let samples: Vec<_> = names.iter().map(|name| (&**name, at, value)).collect();
        send(&engine, 1, &samples);
    };
    write(NOON - DAY, 1.0);
    write(NOON - DAY + MINUTE, 2.0);
    engine.flush().unwrap();
    write(NOON - DAY, 3.0);
    write(NOON - MINUTE, 4.0);
    engine.flush().unwrap();
    delete(&engine, 1, "a.s01*", Some(range(NOON - DAY, NOON - DAY)));
    write(NOON, 5.0);
    send(&engine, 1, &[("b.only", NOON, 6.0)]);
    engine
}

#[test]
fn parts_are_what_one_reader_reads_in_any_order_however_often_and_on_any_thread() {
    let engine = world();
    let selectors =
        ["a.*", "no-such", "b.*", "a.s00*"].map(|pattern| Selector::parse(pattern).unwrap());
    let queries: Vec<FetchQuery<'_>> = selectors
        .iter()
        .map(|selector| FetchQuery {
            selector,
            shape: Shape::Raw(TimeRange::ALL),
        })
        .collect();
    let context = Context::unlimited();
    let mut expected = Vec::new();
    engine
        .read_all(&scope(1), &queries, &context, &mut |cursor| {
            one(cursor, &mut expected)
        })
        .unwrap();
    assert_eq!(expected.len(), 111);
    let spent = [Resource::Samples, Resource::Steps, Resource::Bytes];
    let alone = spent.map(|resource| context.spent(resource));

    let context = Context::unlimited();
    let whole = &context;
    let mut read = Vec::new();
    let mut visit = |parts: Vec<Box<dyn ReadPart + '_>>| {
        assert!(parts.len() > 4, "{} parts of 111 series", parts.len());
        assert!(parts.iter().all(|part| part.cost() > 0));
        // What is written from here on is in none of them.
        send(
            &engine,
            1,
            &[("a.s000", NOON + 1, 7.0), ("a.new", NOON, 8.0)],
        );
        engine.flush().unwrap();
        let by_threads: Vec<Read> = thread::scope(|threads| {
            let reading: Vec<_> = parts
                .iter()
                .rev()
                .map(|part| {
                    threads.spawn(move || {
                        let (share, spent) = whole.part();
                        let mut first = Vec::new();
                        let _ = part
                            .read(&share, &mut |cursor| one(cursor, &mut first))
                            .unwrap();
                        spent.undo();
                        first
                    })
                })
                .collect();
            let read = reading.into_iter().rev();
            read.map(|handle| handle.join().unwrap()).collect()
        });
        for (part, before) in parts.into_iter().zip(by_threads) {
            let mut again = Vec::new();
            let _ = part.read_out(whole, &mut |cursor| one(cursor, &mut again))?;
            assert_eq!(again, before);
            read.extend(again);
        }
        Ok(())
    };
    engine
        .read_parts(&scope(1), &queries, whole, &mut visit)
        .unwrap();
    assert_eq!(read, expected);
    assert_eq!(spent.map(|resource| context.spent(resource)), alone);
}
