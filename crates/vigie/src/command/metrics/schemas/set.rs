//! `metrics schemas set`.

use super::conf::{self, Conf, Rule};
use super::domain_rules::{announce, stored};
use super::rule_change::RuleChange;
use crate::argument::Named;
use crate::argument::Words;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::printable_text::escaped;

/// A key of a rule and its value.
type Setting = (&'static str, String);

/// Aggregation methods, as `storage-aggregation.conf` names them.
const METHODS: Words = Words(&[
    ("average", ""),
    ("avg_zero", ""),
    ("first", ""),
    ("last", ""),
    ("max", ""),
    ("min", ""),
    ("sum", ""),
]);

/// Make or change one rule
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A rule fits a name that its pattern, a regular expression, finds something in. Its retentions say how far apart values stand; \
its method and its share say what several samples become. What is not given stays as it is; a new rule needs a pattern.

Examples:
  vigie metrics schemas set shop --pattern '^shop\\.' --retentions 10s:6h,1m:30d
  vigie metrics schemas set orders --pattern '\\.orders$' --method sum
  vigie metrics schemas set all --pattern . --retentions 30s:1y --before shop")]
pub(crate) struct SetArgs {
    /// The rule, as it is named between brackets in the file
    #[arg(value_name = "RULE", add = Named::Rules)]
    name: String,
    /// A regular expression for the names that it fits
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true, add = Named::RulePatterns)]
    pattern: Option<String>,
    /// `STEP:KEPT`, with commas between several; the first that reaches back to `from` counts
    #[arg(long, value_name = "RETENTIONS")]
    retentions: Option<String>,
    /// How several samples are combined: `average`, `avg_zero`, `sum`, `min`, `max`, `first` or `last`
    #[arg(long, value_name = "METHOD", add = METHODS)]
    method: Option<String>,
    /// The share of values that a coarser one needs, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    x_files_factor: Option<String>,
    /// Put a new rule in front of this one; else it comes last, but in front of one that fits every name
    #[arg(long, value_name = "OTHER", add = Named::Rules)]
    before: Option<String>,
    /// Only let the server check it, and show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Makes or changes one rule.
pub(super) fn run(args: &SetArgs, context: &Context) -> Result<(), Failure> {
    let settings = args.settings()?;
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    announce("Changing", &monitoring, context)?;
    let (resolution_seconds, before) = stored(&monitoring)?;
    args.require_other(&before)?;
    let mut after = before.clone();
    let in_front_of = args.set(&mut after, settings)?;
    let change = RuleChange {
        resolution_seconds,
        before,
        after,
        files: None,
        dry_run: args.dry_run,
    };
    change.apply(&monitoring, context)?;
    if let Some(last) = in_front_of {
        context.output.note(escaped!(
            "`{}` stands in front of `{}`, which matches every name: after it, it would never count.",
            args.name.as_str(),
            last.name()
        ));
    }
    Ok(())
}

impl SetArgs {
    /// Its settings of steps, and of how several samples are aggregated.
    fn settings(&self) -> Result<[Vec<Setting>; 2], Failure> {
        if self.name.is_empty() || self.name.contains(['[', ']', '\n', '\r']) {
            return Err(Failure::usage("a rule has a name without brackets"));
        }
        let steps = given(&[("retentions", &self.retentions)]);
        let methods = given(&[
            ("xFilesFactor", &self.x_files_factor),
            ("aggregationMethod", &self.method),
        ]);
        let values = steps.iter().chain(&methods).map(|(_, value)| value);
        if values
            .chain(&self.pattern)
            .any(|value| value.contains(['\n', '\r']))
        {
            return Err(Failure::usage("a value of a rule is one line"));
        }
        if steps.is_empty() && methods.is_empty() && self.pattern.is_none() {
            let failure = Failure::usage("there is nothing to set");
            return Err(failure.hint("give `--pattern`, and `--retentions` or `--method`"));
        }
        Ok([steps, methods])
    }

    /// Fails if the rule of `--before` is not there.
    fn require_other(&self, confs: &[Conf; 2]) -> Result<(), Failure> {
        let Some(other) = &self.before else {
            return Ok(());
        };
        let mut all = confs.iter().flat_map(Conf::rules);
        if all.any(|rule| rule.name == *other) {
            return Ok(());
        }
        let message = format!("there is no rule `{other}` to stand in front of");
        let hint = "`vigie metrics schemas get` shows the rules";
        Err(Failure::usage(message).hint(hint))
    }

    /// Sets the rule in each file that it is in, or that it says something for. The rule that fits every name, if a new one was put
    /// in front of it unasked.
    fn set(
        &self,
        confs: &mut [Conf; 2],
        settings: [Vec<Setting>; 2],
    ) -> Result<Option<Rule>, Failure> {
        let name = self.name.as_str();
        let mut is_known = false;
        let mut in_front_of = None;
        for (conf, values) in confs.iter_mut().zip(settings) {
            let is_there = conf.rules().iter().any(|rule| rule.name == name);
            is_known |= is_there || !values.is_empty();
            if is_there || !values.is_empty() {
                let last = self.set_in(conf, values, is_there)?;
                in_front_of = in_front_of.or(last);
            }
        }
        if is_known {
            return Ok(in_front_of);
        }
        let failure = Failure::usage(format!("a new rule `{name}` needs more than a pattern"));
        Err(failure.hint("give `--retentions`, or `--method` or `--x-files-factor`"))
    }

    /// Sets the rule in one file.
    fn set_in(
        &self,
        conf: &mut Conf,
        mut values: Vec<Setting>,
        is_there: bool,
    ) -> Result<Option<Rule>, Failure> {
        let name = self.name.as_str();
        if let Some(pattern) = &self.pattern {
            values.insert(0, ("pattern", pattern.clone()));
        } else if !is_there {
            let failure = Failure::usage(format!(
                "there is no rule `{name}`, and a new one needs a pattern"
            ));
            return Err(
                failure.hint("give `--pattern`; `vigie metrics schemas get` shows the rules")
            );
        }
        let last = conf.catch_all().filter(|_| {
            let pattern = self.pattern.as_deref().unwrap_or_default();
            !is_there && self.before.is_none() && !conf::fits_all(pattern)
        });
        let before = self.before.as_deref();
        conf.set(name, &values, before.or(last.as_ref().map(Rule::name)));
        Ok(last)
    }
}

/// The keys that have a value.
fn given(pairs: &[(&'static str, &Option<String>)]) -> Vec<Setting> {
    let given = pairs.iter().filter_map(|(key, value)| {
        let value = value.as_ref()?;
        Some((*key, value.clone()))
    });
    given.collect()
}
