//! A small world for the tests of functions: a minute of a few series.

use crate::evaluate::Evaluation;
use crate::series::{Series, Tags, tags_of};
use crate::source::{Event, Fetched, Path, Range, Source};
use crate::window::Window;
use base::context::Context;
use base::pattern::Pattern;
use base::store::StoreError;
use jiff::tz::TimeZone;

const NAN: f64 = f64::NAN;

/// Name, start, step and values; all begin after 0 and reach 60.
const WORLD: &[(&str, i64, &[f64])] = &[
    ("a.x", 10, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    ("a.y", 10, &[2.0, NAN, 4.0, NAN, 6.0, NAN]),
    ("b.null", 10, &[NAN; 6]),
    ("b.x", 20, &[10.0, -20.0, 30.0]),
    ("n.web10", 60, &[0.5]),
    ("n.web9", 60, &[-1500.0]),
    ("t;dc=eu;host=a", 60, &[1.0]),
    ("t;dc=eu;host=b", 60, &[2.0]),
    ("t;dc=us;host=a", 60, &[4.0]),
];

struct TestSource;

impl Source for TestSource {
    fn fetch(&self, paths: &[Path], _: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        Ok(paths.iter().map(found).collect())
    }

    fn events(&self, _: &[String], _: Range) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }
}

fn found(path: &Path) -> Vec<Fetched> {
    let fits = |name: &str, tags: &Tags| match path {
        Path::Glob(text) => Pattern::parse(text).is_ok_and(|pattern| pattern.matches(name)),
        Path::Tags(all) => all
            .iter()
            .all(|expression| expression.condition().unwrap().fits_tags(tags)),
    };
    let all = WORLD.iter().map(|(name, step, values)| Fetched {
        name: (*name).to_owned(),
        tags: tags_of(name).unwrap_or_default(),
        start: *step,
        end: 60 + step,
        step: *step,
        values: values.to_vec().into(),
    });
    all.filter(|series| fits(&series.name, &series.tags))
        .collect()
}

/// The series of a target.
pub(crate) fn series(target: &str) -> Result<Vec<Series>, String> {
    let context = Context::unlimited();
    let window = Window::new(0, 60, 60, TimeZone::UTC);
    let answers = Evaluation::new(&TestSource, &context).targets(&[target], &window);
    let answers = answers.map_err(|(_, error)| error.to_string())?;
    Ok(answers.into_iter().flatten().collect())
}

/// The series of a target: `name@start/step=[values]`, with `-` where there is none; or `error: ...`.
pub(crate) fn answer(target: &str) -> String {
    let describe = |series: &Series| {
        let value = |value: &f64| {
            if value.is_nan() {
                "-".to_owned()
            } else {
                value.to_string()
            }
        };
        let values: Vec<String> = series.points().iter().map(value).collect();
        format!(
            "{}@{}/{}=[{}]",
            series.name,
            series.start,
            series.step,
            values.join(",")
        )
    };
    match series(target) {
        Ok(series) => series.iter().map(describe).collect::<Vec<_>>().join("; "),
        Err(error) => format!("error: {error}"),
    }
}

/// The names of a target's series with `; ` between them.
pub(crate) fn names(target: &str) -> String {
    match series(target) {
        Ok(series) => series
            .into_iter()
            .map(|series| series.name)
            .collect::<Vec<_>>()
            .join("; "),
        Err(error) => format!("error: {error}"),
    }
}
