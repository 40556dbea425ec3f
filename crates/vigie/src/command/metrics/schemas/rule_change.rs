//! A change of a domain's rules: sent to the server and printed; a refusal names the file and line.

use super::comparison::{File, RulesComparison, text};
use super::conf::Conf;
use super::domain_rules::PATH;
use crate::client::{Reply, Request};
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy};
use crate::printable_text::escaped;
use std::path::Path;
use wire::settings::{DomainChange, DomainSettings};

/// Completes "cannot …".
const DOING: &str = "change the rules";

/// A change of rules.
pub(super) struct RuleChange<'a> {
    pub(super) resolution_seconds: Option<u32>,
    pub(super) before: [Conf; 2],
    pub(super) after: [Conf; 2],
    /// The files that they come from, where they come from files.
    pub(super) files: Option<[Option<&'a Path>; 2]>,
    pub(super) dry_run: bool,
}

impl RuleChange<'_> {
    /// Sends what is new, and shows what has changed. The server checks all of it, or nothing is changed.
    pub(super) fn apply(
        self,
        monitoring: &Monitoring<'_>,
        context: &Context,
    ) -> Result<(), Failure> {
        let [old_schemas, old_aggregation] = &self.before;
        let [schemas, aggregation] = &self.after;
        let change = DomainChange {
            schemas: (schemas != old_schemas).then(|| text(schemas)),
            aggregation: (aggregation != old_aggregation).then(|| text(aggregation)),
            ..DomainChange::default()
        };
        if change != DomainChange::default() {
            let body = serde_json::to_vec(&change)
                .map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
            let path = match self.dry_run {
                true => format!("{PATH}?dry_run=true"),
                false => PATH.to_owned(),
            };
            let url = monitoring.url(&path);
            let make = || Request::put(&url).body("application/json", body.clone());
            let reply = monitoring.exchange(make, RetryPolicy::Once)?;
            if reply.status == 400 {
                return Err(self.refusal(&reply));
            }
            let _: DomainSettings = reply.parse(DOING)?;
        }
        let comparison = RulesComparison {
            resolution_seconds: self.resolution_seconds,
            before: self.before,
            after: self.after,
            dry_run: Some(self.dry_run),
        };
        comparison.print(&context.output)
    }

    /// The refusal with the file, the line, and the text of the line.
    fn refusal(&self, reply: &Reply) -> Failure {
        let failure = reply.refusal(DOING);
        let Some((file, number, wrong)) = failure.text.as_deref().and_then(located) else {
            return failure;
        };
        let [schemas, aggregation] = &self.after;
        let (conf, place) = match file {
            File::Schemas => (schemas, 0),
            File::Aggregation => (aggregation, 1),
        };
        let path = self.files.and_then(|files| *files.get(place)?);
        let written = conf.line(number).unwrap_or_default();
        // The server has keys in lower case; show the key as it was written.
        let key = conf.key(number).unwrap_or_default();
        let wrong = &wrong.replacen(&format!("`{}`", key.to_lowercase()), &format!("`{key}`"), 1);
        let message = match (path, conf.rule_at(number)) {
            (Some(path), _) => escaped!(
                "{}:{}: {}",
                path.display().to_string(),
                number,
                wrong.as_str()
            ),
            (None, Some(rule)) => escaped!("the rule `{}`: {}", rule, wrong.as_str()),
            (None, None) => escaped!("{}:{}: {}", file.name(), number, wrong.as_str()),
        };
        let located = Failure { message, ..failure };
        let located = located.hint(escaped!(
            "the line reads `{}`; nothing was changed",
            written
        ));
        let is_of_aggregation = ["xfilesfactor", "aggregationmethod"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(key));
        if path.is_some() && file == File::Schemas && is_of_aggregation {
            return located.hint(escaped!(
                "it looks like a `{}`: give that with `--aggregation`",
                File::Aggregation.name()
            ));
        }
        located
    }
}

/// The file, the line, and what is wrong with it, of `line 3 of `FILE`: WRONG`.
fn located(text: &str) -> Option<(File, usize, &str)> {
    let (number, rest) = text.strip_prefix("line ")?.split_once(" of `")?;
    let (name, wrong) = rest.split_once("`: ")?;
    let file = [File::Schemas, File::Aggregation]
        .into_iter()
        .find(|change| change.name() == name)?;
    Some((file, number.parse().ok()?, wrong))
}
