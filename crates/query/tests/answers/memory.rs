//! The datasets of a corpus, read by the window rule of whisper.

use base::pattern::Pattern;
use base::store::StoreError;
use query::series::Tags;
use query::source::{Event, Fetched, Path, Range, Source};
use serde_json::Value;
use std::path::Path as FilePath;

#[derive(Debug, Clone)]
struct Stored {
    name: String,
    start: i64,
    step: i64,
    values: Vec<f64>,
}

/// Series and events of all datasets.
#[derive(Debug)]
pub(crate) struct Memory {
    series: Vec<Stored>,
    events: Vec<Event>,
    /// The second after which nothing is read.
    now: i64,
}

fn tags(name: &str) -> Tags {
    let mut parts = name.split(';');
    let mut tags = Tags::from([("name".to_owned(), parts.next().unwrap().to_owned())]);
    for part in parts {
        let (tag, value) = part.split_once('=').unwrap();
        tags.insert(tag.to_owned(), value.to_owned());
    }
    tags
}

impl Source for Memory {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        Ok(paths
            .iter()
            .map(|path| self.fetch_one(path, range))
            .collect())
    }

    fn events(&self, tags: &[String], range: Range) -> Result<Vec<Event>, StoreError> {
        let fits = |event: &&Event| {
            range.from <= event.when
                && event.when <= range.until
                && tags.iter().all(|tag| event.tags.contains(tag))
        };
        Ok(self.events.iter().filter(fits).cloned().collect())
    }
}

impl Memory {
    /// The same at another time.
    pub(crate) fn at(&self, now: i64) -> Self {
        Self {
            series: self.series.clone(),
            events: self.events.clone(),
            now,
        }
    }

    fn fetch_one(&self, path: &Path, range: Range) -> Vec<Fetched> {
        let until = range.until.min(self.now);
        if range.from > self.now {
            return Vec::new();
        }
        let glob = match path {
            Path::Glob(text) => Pattern::parse(text).ok(),
            Path::Tags(_) => None,
        };
        let mut found: Vec<Fetched> = Vec::new();
        for series in &self.series {
            let tags = tags(&series.name);
            let is_meant = match path {
                // Tagged series are found by their tags alone.
                Path::Glob(_) if series.name.contains(';') => false,
                Path::Glob(_) => glob.as_ref().is_some_and(|glob| glob.matches(&series.name)),
                Path::Tags(expressions) => {
                    tags.len() > 1
                        && expressions
                            .iter()
                            .all(|expression| expression.condition().unwrap().fits_tags(&tags))
                }
            };
            if !is_meant {
                continue;
            }
            let first = range.from - range.from.rem_euclid(series.step) + series.step;
            let mut end = until - until.rem_euclid(series.step) + series.step;
            if first == end {
                end += series.step;
            }
            let value = |at: i64| {
                let place = usize::try_from((at - series.start).div_euclid(series.step)).ok();
                place
                    .and_then(|place| series.values.get(place))
                    .copied()
                    .unwrap_or(f64::NAN)
            };
            let values = (first..end)
                .step_by(usize::try_from(series.step).unwrap())
                .map(value)
                .collect::<Vec<_>>()
                .into();
            found.push(Fetched {
                name: series.name.clone(),
                tags,
                start: first,
                end,
                step: series.step,
                values,
            });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}

/// The datasets of a corpus.
pub(crate) fn load(folder: &FilePath) -> Memory {
    let (mut series, mut events) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder.join("datasets")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let data: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for one in data["series"].as_array().unwrap() {
            let values = one["values"].as_array().unwrap().iter();
            series.push(Stored {
                name: one["name"].as_str().unwrap().to_owned(),
                start: one["start"].as_i64().unwrap(),
                step: one["step"].as_i64().unwrap(),
                values: values
                    .map(|value| value.as_f64().unwrap_or(f64::NAN))
                    .collect(),
            });
        }
        for event in data["events"].as_array().into_iter().flatten() {
            let own_tags = match &event["tags"] {
                Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
                Value::Array(all) => all
                    .iter()
                    .map(|tag| tag.as_str().unwrap().to_owned())
                    .collect(),
                _ => Vec::new(),
            };
            events.push(Event {
                when: event["when"].as_i64().unwrap(),
                tags: own_tags,
            });
        }
    }
    Memory {
        series,
        events,
        now: i64::MAX / 2,
    }
}
