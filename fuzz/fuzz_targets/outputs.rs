//! Any series is written in every form of `/render`, and any names in every form of `/metrics/find`: whole texts, JSON where it
//! says so, and pictures.

#![no_main]

use base::context::{Budget, Context};
use base::time_expr::zone;
use libfuzzer_sys::fuzz_target;
use query::draw::{Options, Picture, draw};
use query::series::Series;
use serde::de::IgnoredAny;
use wire::find::graphite::{self, GraphiteNode};
use wire::find::packed;
use wire::query::Query;
use wire::render::{Column, csv, dygraph, msgpack, pickle, raw, render_json, rickshaw};

/// The text written.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// A text, and JSON but for the names that dygraph's has for what is infinite.
fn is_json(out: &[u8]) {
    let text = std::str::from_utf8(out).expect("JSON is a text");
    serde_json::from_str::<IgnoredAny>(text).expect("JSON is read");
}

fn data(columns: &[Column<'_>]) {
    let is_finite = |column: &Column<'_>| column.points.iter().all(|value| !value.is_infinite());
    let list = |write: &dyn Fn(&mut Vec<u8>, &Column<'_>, bool)| {
        written(|out| {
            out.push(b'[');
            for (place, column) in columns.iter().enumerate() {
                write(out, column, place == 0);
            }
            out.push(b']');
        })
    };
    is_json(&list(&|out, column, is_first| {
        let Ok(_) = render_json::write(out, column, is_first, true);
    }));
    is_json(&list(&|out, column, is_first| {
        let Ok(()) = rickshaw::write(out, column, is_first);
    }));
    let text = written(|out| {
        let Ok(()) = dygraph::write(out, columns);
    });
    if columns.iter().all(is_finite) {
        is_json(&text);
    }
    let utc = zone("Europe/Berlin").expect("a zone that is built in");
    for column in columns {
        let rows = written(|out| {
            let Ok(()) = csv::write(out, column, &utc);
            let Ok(()) = raw::write(out, column);
        });
        assert!(std::str::from_utf8(&rows).is_ok());
        written(|out| {
            pickle::begin(out);
            let Ok(()) = pickle::write(out, column);
            pickle::end(out);
            msgpack::begin(out, 1);
            let Ok(()) = msgpack::write(out, column);
        });
    }
}

fn names(all: &[&str], query: &str) {
    let mut found: Vec<GraphiteNode<'_>> = (all.iter().zip(0_u8..))
        .map(|(path, place)| GraphiteNode {
            path,
            is_leaf: place % 2 == 0,
        })
        .collect();
    graphite::sort(&mut found);
    let json = |write: &dyn Fn(&mut Vec<u8>)| is_json(&written(write));
    json(&|out| {
        let Ok(()) = graphite::tree(out, &found, query, true);
    });
    json(&|out| {
        let Ok(()) = graphite::completer(out, &found, true);
    });
    json(&|out| {
        let Ok(()) = graphite::nodes(out, &found, (0, 1));
    });
    json(&|out| {
        let Ok(()) = graphite::node_list(out, &found, -1);
    });
    json(&|out| {
        let Ok(()) = graphite::expanded(out, [(query, found.clone())], true);
    });
    let _ = (
        packed::pickle(&found, (0, 1)),
        packed::msgpack(&found, (0, 1)),
    );
}

fuzz_target!(|input: (i32, u16, u8, Vec<u64>, &str, &str)| {
    let (start, step, per_point, bits, lines, query) = input;
    let (start, step) = (i64::from(start), i64::from(step) + 1);
    let values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
    let end = start + step * i64::try_from(values.len()).expect("few values");
    let all: Vec<&str> = lines.lines().take(4).collect();
    let series: Vec<Series> = all
        .iter()
        .map(|name| Series::new(*name, (start, end, step), values.clone()))
        .collect();
    let columns: Vec<Column<'_>> = series
        .iter()
        .map(|series| Column {
            name: &series.name,
            is_unnamed: per_point == 0,
            tags: &series.tags,
            path_expression: &series.path_expression,
            start,
            end,
            step,
            values_per_point: usize::from(per_point).max(1),
            consolidation: "average",
            x_files_factor: 0.5,
            points: &series.values,
            is_whole: per_point % 2 == 1,
        })
        .collect();
    data(&columns);
    names(&all, query);
    let Ok(parameters) = Query::parse_lenient(query.as_bytes()) else {
        return;
    };
    let Ok(options) = Options::parse(parameters.iter()) else {
        return;
    };
    let budget = Budget {
        steps: 10_000_000,
        bytes: 64 << 20,
        ..Budget::UNLIMITED
    };
    let picture = Picture {
        series,
        from: start,
        until: end.max(start + 1),
        zone: zone("Europe/Berlin").expect("a zone that is built in"),
        options: &options,
    };
    if let Ok(drawn) = draw(picture, &Context::new(budget)) {
        let begins = [&b"<?xml"[..], b"\x89PNG", b"%PDF"];
        assert!(begins.iter().any(|begin| drawn.starts_with(begin)));
    }
});
