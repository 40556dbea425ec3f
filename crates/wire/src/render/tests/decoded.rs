//! Written documents are read by readers that know nothing of the writers, and hold the same.

use super::reader::{Plain, msgpack as read_msgpack, pickle as read_pickle};
use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A column that owns what it says.
#[derive(Debug, Clone)]
struct Given {
    name: String,
    is_unnamed: bool,
    tags: BTreeMap<String, String>,
    path_expression: String,
    start: i64,
    step: i64,
    values_per_point: usize,
    x_files_factor: f64,
    points: Vec<f64>,
}

impl Given {
    fn distance(&self) -> i64 {
        self.step * i64::try_from(self.values_per_point).unwrap()
    }

    fn column(&self) -> Column<'_> {
        let length = i64::try_from(self.points.len()).unwrap();
        Column {
            name: &self.name,
            is_unnamed: self.is_unnamed,
            tags: &self.tags,
            path_expression: &self.path_expression,
            start: self.start,
            end: self.start + length * self.distance(),
            step: self.step,
            values_per_point: self.values_per_point,
            consolidation: "average",
            x_files_factor: self.x_files_factor,
            points: &self.points,
            is_whole: false,
        }
    }

    /// Its name, if it has one.
    fn title(&self) -> Option<String> {
        (!self.is_unnamed).then(|| self.name.clone())
    }

    /// Its points, each value as its bits and none where there is none.
    fn meant(&self) -> Vec<(i64, Option<u64>)> {
        let instants = (0_i64..).map(|index| self.start + index * self.distance());
        instants
            .zip(self.points.iter().map(|point| bits(*point)))
            .collect()
    }

    /// The same as the binary forms show it.
    fn plain(&self) -> Plain {
        let column = self.column();
        let text = |value: &str| Plain::Text(value.to_owned());
        let point = |value: &f64| match value.is_nan() {
            true => Plain::None,
            false => Plain::Float(*value),
        };
        let fields = [
            // As in graphite-web, where only JSON knows that nobody named it.
            ("name", text(&self.name)),
            ("pathExpression", text(&self.path_expression)),
            ("consolidationFunc", text("average")),
            ("start", Plain::Integer(self.start)),
            ("end", Plain::Integer(column.end)),
            ("step", Plain::Integer(self.step)),
            (
                "valuesPerPoint",
                Plain::Integer(self.distance() / self.step),
            ),
            ("xFilesFactor", Plain::Float(self.x_files_factor)),
            (
                "values",
                Plain::List(self.points.iter().map(point).collect()),
            ),
        ];
        Plain::Map(fields.map(|(key, value)| (key.to_owned(), value)).into())
    }
}

fn bits(value: f64) -> Option<u64> {
    (!value.is_nan()).then_some(value.to_bits())
}

/// A number out of a text. Rust reads one that is too large as infinity, as Python and JavaScript do.
fn number(text: &str) -> Option<u64> {
    match text {
        "null" | "None" | "" => None,
        _ => Some(text.parse::<f64>().unwrap().to_bits()),
    }
}

fn point() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => any::<f64>(),
        2 => -1e4..1e4,
        2 => (-100_i64..100).prop_map(|integer| integer as f64),
        1 => Just(f64::NAN),
        1 => Just(-f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(-0.0),
    ]
}

/// Names with everything that any of the forms uses for itself.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z.]{1,12}",
        any::<String>(),
        "[\"\\\\,|;\r\n\t'\u{0}\u{1f}\u{7f}\u{2028}\u{feff}é😀]{0,8}",
        Just("null".to_owned()),
        Just("-Infinity],\"data\":[".to_owned()),
    ]
}

fn given() -> impl Strategy<Value = Given> {
    let tags = prop::collection::btree_map(text(), text(), 0..3);
    let index = (
        -10_000_000_000_i64..100_000_000_000,
        1_i64..100_000,
        1_usize..50,
    );
    let points = prop::collection::vec(point(), 0..30);
    (text(), any::<bool>(), tags, text(), index, 0.0..1.0, points).prop_map(
        |(
            name,
            is_unnamed,
            tags,
            path_expression,
            (start, step, values_per_point),
            x_files_factor,
            points,
        )| Given {
            name,
            is_unnamed,
            tags,
            path_expression,
            start,
            step,
            values_per_point,
            x_files_factor,
            points,
        },
    )
}

#[derive(Deserialize)]
struct JsonRow {
    target: Option<String>,
    tags: BTreeMap<String, String>,
    datapoints: Vec<(Box<RawValue>, i64)>,
}

#[derive(Deserialize)]
struct RickshawRow {
    target: Option<String>,
    datapoints: Vec<RickshawPoint>,
}

#[derive(Deserialize)]
struct RickshawPoint {
    x: i64,
    y: Box<RawValue>,
}

/// The records of a document by RFC 4180.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut rest) = (false, text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if is_quoted || field.is_empty() => is_quoted = !is_quoted,
            _ if is_quoted => field.push(c),
            ',' => record.push(std::mem::take(&mut field)),
            '\r' => {
                assert_eq!(rest.next(), Some('\n'));
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            _ => field.push(c),
        }
    }
    assert!(
        record.is_empty() && field.is_empty(),
        "the last line has no end"
    );
    records
}

proptest! {
    #[test]
    fn json(all in prop::collection::vec(given(), 0..4), nulls: bool) {
        let (mut out, mut is_first) = (b"[".to_vec(), true);
        for series in &all {
            let Ok(is_written) = render_json::write(&mut out, &series.column(), is_first, nulls);
            is_first &= !is_written;
        }
        out.push(b']');
        let read: Vec<JsonRow> = serde_json::from_slice(&out).unwrap();
        let is_shown = |series: &&Given| nulls || series.points.iter().any(|point| !point.is_nan());
        let visible: Vec<&Given> = all.iter().filter(is_shown).collect();
        prop_assert_eq!(read.len(), visible.len());
        for (row, series) in read.into_iter().zip(visible) {
            prop_assert_eq!(row.target, series.title());
            prop_assert_eq!(&row.tags, &series.tags);
            let points: Vec<_> = row.datapoints.iter().map(|(value, at)| (*at, number(value.get()))).collect();
            let mut meant = series.meant();
            meant.retain(|(_, value)| nulls || value.is_some());
            prop_assert_eq!(points, meant);
        }
    }

    #[test]
    fn rickshaw_s_json(all in prop::collection::vec(given(), 0..4)) {
        let mut out = b"[".to_vec();
        for (index, series) in all.iter().enumerate() {
            let Ok(()) = rickshaw::write(&mut out, &series.column(), index == 0);
        }
        out.push(b']');
        let read: Vec<RickshawRow> = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(read.len(), all.len());
        for (row, series) in read.into_iter().zip(&all) {
            prop_assert_eq!(row.target, series.title());
            let points: Vec<_> = row.datapoints.iter().map(|datapoint| (datapoint.x, number(datapoint.y.get()))).collect();
            prop_assert_eq!(points, series.meant());
        }
    }

    #[test]
    fn dygraph_s_json(all in prop::collection::vec(given(), 0..4)) {
        let columns: Vec<Column<'_>> = all.iter().map(Given::column).collect();
        let mut out = Vec::new();
        let Ok(()) = dygraph::write(&mut out, &columns);
        let text = String::from_utf8(out).unwrap();
        let Some(first) = all.first() else {
            prop_assert_eq!(text, "{}");
            return Ok(());
        };
        // No text holds this: a quote in it is escaped.
        let (labels, data) = text.split_once("],\"data\":[").unwrap();
        let labels: Vec<Option<String>> = serde_json::from_str(&format!("{}]", labels.strip_prefix("{\"labels\":").unwrap())).unwrap();
        prop_assert_eq!(labels[0].as_deref(), Some("Time"));
        prop_assert!(labels[1..].iter().cloned().eq(all.iter().map(Given::title)));
        // A reader of JavaScript knows infinity by its name, one of JSON does not.
        let data = format!("[{}", data.strip_suffix('}').unwrap()).replace("Infinity", "1e9999");
        let rows: Vec<Vec<Box<RawValue>>> = serde_json::from_str(&data).unwrap();
        prop_assert_eq!(rows.len(), first.points.len());
        for (index, row) in rows.iter().enumerate() {
            let at: i64 = row[0].get().parse().unwrap();
            prop_assert_eq!(at, first.meant()[index].0 * 1000);
            let values: Vec<_> = row[1..].iter().map(|cell| number(cell.get())).collect();
            let meant = all.iter().map(|series| series.points.get(index).copied().and_then(bits));
            prop_assert_eq!(values, meant.collect::<Vec<_>>());
        }
    }

    #[test]
    fn raw_lines(series in given()) {
        let mut out = Vec::new();
        let Ok(()) = raw::write(&mut out, &series.column());
        let text = String::from_utf8(out).unwrap();
        // A name may hold every separator, and numbers none: it is read from the end.
        let (head, values) = text.strip_suffix('\n').unwrap().rsplit_once('|').unwrap();
        let head: Vec<&str> = head.rsplitn(4, ',').collect();
        let numbers = [series.step, series.column().end, series.start].map(|number| number.to_string());
        prop_assert_eq!(&head[..3], &numbers[..]);
        prop_assert_eq!(head[3], series.name.as_str());
        let values: Vec<_> = values.split(',').map(number).collect();
        let meant: Vec<_> = series.points.iter().map(|point| bits(*point)).collect();
        prop_assert_eq!(values, if meant.is_empty() { vec![None] } else { meant });
    }

    #[test]
    fn csv_records(all in prop::collection::vec(given(), 0..3)) {
        let mut out = Vec::new();
        for series in &all {
            let Ok(()) = csv::write(&mut out, &series.column(), &TimeZone::UTC);
        }
        let mut read = records(&String::from_utf8(out).unwrap()).into_iter();
        for series in &all {
            for (index, value) in (0_i64..).zip(&series.points) {
                let record = read.next().unwrap();
                prop_assert_eq!(record.len(), 3);
                prop_assert_eq!(&record[0], &series.title().unwrap_or_default());
                let local_time: jiff::civil::DateTime = record[1].parse().unwrap();
                let at = TimeZone::UTC.to_timestamp(local_time).unwrap().as_second();
                prop_assert_eq!(at, series.start + index * series.step);
                prop_assert_eq!(number(&record[2]), bits(*value));
            }
        }
        prop_assert_eq!(read.next(), None);
    }

    #[test]
    fn pickles(all in prop::collection::vec(given(), 0..4)) {
        let mut out = Vec::new();
        pickle::begin(&mut out);
        for series in &all {
            let Ok(()) = pickle::write(&mut out, &series.column());
        }
        pickle::end(&mut out);
        let meant = Plain::List(all.iter().map(Given::plain).collect());
        prop_assert_eq!(read_pickle(&out), Some(meant));
    }

    #[test]
    fn message_packs(all in prop::collection::vec(given(), 0..4)) {
        let mut out = Vec::new();
        msgpack::begin(&mut out, all.len());
        for series in &all {
            let Ok(()) = msgpack::write(&mut out, &series.column());
        }
        let meant = Plain::List(all.iter().map(Given::plain).collect());
        prop_assert_eq!(read_msgpack(&out), Some(meant));
    }
}
