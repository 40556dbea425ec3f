//! Any target over a few made series is answered or refused, within its budget and in time.

#![no_main]

use base::context::{Budget, Context};
use base::store::StoreError;
use base::time_expr::zone;
use libfuzzer_sys::fuzz_target;
use query::evaluate::Evaluation;
use query::source::{Event, Fetched, Path, Range, Source};
use query::window::Window;
use std::time::{Duration, Instant};

/// More values than a series is made of.
const VALUES_MAX: i64 = 2_000;

/// Series made of a number: as many, as far apart and with such gaps as it says.
struct Made(u64);

impl Made {
    fn series(&self, place: u64, name: &str, range: Range) -> Result<Fetched, StoreError> {
        let step = [1, 7, 10, 60, 3600][(self.0.rotate_left(7) + place) as usize % 5];
        let start = range.from - range.from.rem_euclid(step) + step;
        let end = (range.until - range.until.rem_euclid(step) + step).max(start + step);
        if (end - start) / step > VALUES_MAX {
            return Err(StoreError::Damaged {
                place: name.to_owned(),
                what: "by too many values".to_owned(),
            });
        }
        let value = |at: i64| {
            let bits = (at as u64 ^ self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            match bits >> 60 {
                0 | 1 => f64::NAN,
                2 => 0.0,
                3 => f64::from_bits(bits.rotate_left(19)),
                _ => (bits >> 40) as f64 / 1024.0 - 8000.0,
            }
        };
        let values: Vec<f64> = (0..(end - start) / step)
            .map(|index| value(start + index * step))
            .collect();
        let name = format!("{}.{place}", name.replace(['*', '?'], "x"));
        Ok(Fetched {
            tags: [("name".to_owned(), name.clone())].into(),
            name,
            start,
            end,
            step,
            values: values.into(),
        })
    }
}

impl Source for Made {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        let found = |path: &Path| {
            let name = match path {
                Path::Glob(name) => name.as_str(),
                Path::Tags(_) => "a.b.c",
            };
            let count = (self.0 ^ name.len() as u64) % 4;
            (0..count)
                .map(|place| self.series(place, name, range))
                .collect()
        };
        paths.iter().map(found).collect()
    }

    fn events(&self, _: &[String], range: Range) -> Result<Vec<Event>, StoreError> {
        let whens = [range.from, range.until, i64::MIN, i64::MAX];
        let event = |when| Event {
            when,
            tags: vec!["deploy".to_owned()],
        };
        Ok(whens.map(event).to_vec())
    }
}

fuzz_target!(|input: (u64, u32, u16, &str)| {
    let (seed, from, span, text) = input;
    let targets: Vec<&str> = text.lines().take(3).collect();
    let from = i64::from(from);
    let until = from + i64::from(span) + 1;
    let zone = zone("Europe/Berlin").expect("a zone that is built in");
    let window = Window::new(from, until, until, zone);
    let began = Instant::now();
    let budget = Budget {
        steps: 1_000_000,
        ..Budget::UNLIMITED
    };
    let context = Context::new(budget).with_deadline(began + Duration::from_secs(5));
    let answer = Evaluation::new(&Made(seed), &context).targets(&targets, &window);
    assert!(began.elapsed() < Duration::from_secs(10), "{targets:?}");
    for series in answer.into_iter().flatten().flatten() {
        assert!(series.step > 0);
        let _ = series.datapoints().count();
    }
});
