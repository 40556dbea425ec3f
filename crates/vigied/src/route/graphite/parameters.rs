//! The parameters of a request: those of the URL, then those of a form in the body. If one is given twice, the last one counts,
//! and a `%` that escapes nothing stands for itself, as in graphite-web.

use crate::app::App;
use crate::http::problem::Refusal;
use base::limit;
use base::time::Millis;
use base::time_expr;
use jiff::tz::TimeZone;
use wire::code;
use wire::query::{Query, QueryError};

/// All parameters of a request.
#[derive(Debug)]
pub(super) struct Parameters {
    url: Query,
    form: Query,
    /// The parameter in the path.
    path: Option<(&'static str, String)>,
}

/// The time and the time zone of a request.
pub(super) struct Clock {
    pub(super) now: Millis,
    pub(super) zone: TimeZone,
}

impl Parameters {
    pub(super) fn parse(url: Option<&str>, form: &[u8]) -> Result<Self, Refusal> {
        let parsed = |query: Result<Query, QueryError>| {
            query.map_err(|error| {
                let problem = code::REQUEST_MALFORMED.problem(error.to_string());
                Refusal(match error {
                    QueryError::TooMany => problem.limit(&limit::QUERY_PARAMETERS),
                    _ => problem,
                })
            })
        };
        Ok(Self {
            url: parsed(Query::parse_lenient(url.unwrap_or_default().as_bytes()))?,
            form: parsed(Query::parse_lenient(form))?,
            path: None,
        })
    }

    /// The same with a parameter that stood in the path.
    pub(super) fn with(self, name: &'static str, value: String) -> Self {
        Self {
            path: Some((name, value)),
            ..self
        }
    }

    /// Every parameter, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let path = self
            .path
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        self.url.iter().chain(self.form.iter()).chain(path)
    }

    /// The value of a parameter.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.iter()
            .filter(|(key, _)| *key == name)
            .last()
            .map(|(_, value)| value)
    }

    /// The values of a parameter that may be given often; where there are none, those with `[]` after the name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let of = |name: &str| -> Vec<&str> {
            let named = self.iter().filter(|(named, _)| *named == name);
            named.map(|(_, value)| value).collect()
        };
        let plain = of(name);
        if plain.is_empty() {
            of(&format!("{name}[]"))
        } else {
            plain
        }
    }

    /// Whether a flag is set: `1` or `true`, in any case.
    pub(super) fn is_set(&self, name: &str) -> bool {
        let is_yes = |text: &str| text == "1" || text.eq_ignore_ascii_case("true");
        self.last(name).is_some_and(is_yes)
    }

    /// A whole number, where one is given.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.last(name) else {
            return Ok(None);
        };
        let integer = text.trim().parse();
        integer.map(Some).map_err(|_| {
            let text = wire::excerpt::beginning(text);
            invalid(name, format!("`{name}` is a whole number, not `{text}`"))
        })
    }

    /// The zone of `tz` (UTC where there is none of that name) and the instant of `now`.
    pub(super) fn clock(&self, app: &App) -> Result<Clock, Refusal> {
        let zone = self
            .last("tz")
            .and_then(time_expr::zone)
            .unwrap_or(TimeZone::UTC);
        let clock = app.clock.now();
        let now = match self.last("now") {
            Some(text) => time(text, clock, &zone, "now")?,
            None => clock,
        };
        Ok(Clock { now, zone })
    }
}

/// A time of a parameter.
pub(super) fn time(
    text: &str,
    now: Millis,
    zone: &TimeZone,
    name: &'static str,
) -> Result<Millis, Refusal> {
    time_expr::parse(text, now, zone).map_err(|error| {
        let problem = code::TIME_MALFORMED.problem(error.to_string());
        let hint = "write times like `-24h`, `20170701`, `noon yesterday`, `now` or epoch seconds";
        Refusal(problem.hint(hint).field(name))
    })
}

/// The refusal of a parameter's value.
pub(super) fn invalid(name: &'static str, message: String) -> Refusal {
    Refusal(code::PARAMETER_INVALID.problem(message).field(name))
}
