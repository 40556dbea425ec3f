//! `metrics settings`: how the samples of a space, organization or account are read.

use crate::client::Request;
use crate::context::Context;
use crate::duration;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs};
use base::grid::RESOLUTION_SECONDS_MAX;
use wire::settings::{DomainChange, DomainSettings};

const PATH: &str = "/v1/settings/domain";

/// How far apart the values of names stand that no rule fits, where there are rules about steps and no resolution.
const RULELESS_SECONDS: u32 = 60;

/// Show or change how samples are read
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  vigie metrics settings
  vigie metrics settings --resolution 1m
  vigie metrics settings --resolution none --scope account
  vigie metrics settings --key-before-names on")]
pub(crate) struct SettingsArgs {
    /// Read samples in slots of this length, from 1 second to a day, for everyone: `60`, `60s`, `1m`; `none`: as they were sent
    #[arg(long, value_name = "DURATION|none", allow_negative_numbers = true, value_parser = resolution)]
    resolution: Option<Resolution>,
    /// Take an API key before each name of Graphite's lines and statsd's (`KEY.name value time`), from senders that cannot show it
    /// otherwise: a key that may only send to this one domain
    #[arg(long, value_name = "on|off", value_parser = switch)]
    key_before_names: Option<bool>,
    #[command(flatten)]
    scope: ScopeArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolution {
    AsSent,
    Seconds(u32),
}

fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("`{text}` is neither `on` nor `off`")),
    }
}

fn resolution(text: &str) -> Result<Resolution, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Resolution::AsSent);
    }
    duration::parse(text)
        .ok()
        .and_then(|length| u32::try_from(length.as_secs()).ok())
        .filter(|seconds| (1..=RESOLUTION_SECONDS_MAX).contains(seconds))
        .map(Resolution::Seconds)
        .ok_or_else(|| {
            format!(
                "a resolution is `none` or a length of time from `1s` to `1d` (1 to {RESOLUTION_SECONDS_MAX} seconds), not `{text}`"
            )
        })
}

/// Applies the flags, then shows the settings.
pub(crate) fn run(args: &SettingsArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let change = change(args);
    let monitoring = match &change {
        None => Monitoring::to_read(context, &args.scope)?,
        Some(_) => Monitoring::to_change(context, &args.scope)?,
    };
    let (verb, doing) = if change.is_some() {
        ("Changing", "change the settings")
    } else {
        ("Getting", "read the settings")
    };
    output.action(format!(
        "{verb} settings of {} as {}...",
        monitoring.described(),
        context.user()
    ))?;
    let url = monitoring.url(PATH);
    let body = change.map(|change| serde_json::to_vec(&change));
    let body = body
        .transpose()
        .map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
    let make = || match &body {
        Some(body) => Request::put(&url).body("application/json", body.clone()),
        None => Request::get(&url),
    };
    let settings: DomainSettings = monitoring.exchange(make, RetryPolicy::Once)?.parse(doing)?;
    output.ok()?;
    let schemas = settings.schemas.as_deref().map_or(0, count_of_rules);
    let resolution = match (settings.resolution_seconds, schemas) {
        (None, 0) => "as sent".to_owned(),
        (Some(seconds), 0) => format!("{seconds} s"),
        (seconds, _) => format!(
            "{} s where no rule matches",
            seconds.unwrap_or(RULELESS_SECONDS)
        ),
    };
    let keys = if settings.key_before_names {
        "taken"
    } else {
        "refused"
    };
    let mut pairs = vec![
        ("Resolution:", resolution),
        ("Keys before names:", keys.to_owned()),
    ];
    for (title, text) in [
        ("Schemas:", &settings.schemas),
        ("Aggregation:", &settings.aggregation),
    ] {
        if let Some(text) = text {
            pairs.push((title, rules(text)));
        }
    }
    output.details(&settings, &pairs)
}

/// The change that the flags ask for.
fn change(args: &SettingsArgs) -> Option<DomainChange> {
    let resolution = args.resolution.map(|wanted| match wanted {
        Resolution::AsSent => None,
        Resolution::Seconds(seconds) => Some(seconds),
    });
    let is_change = resolution.is_some() || args.key_before_names.is_some();
    is_change.then(|| DomainChange {
        resolution_seconds: resolution,
        key_before_names: args.key_before_names,
        ..DomainChange::default()
    })
}

/// How many rules there are: each has a title in brackets.
fn count_of_rules(text: &str) -> usize {
    let lines = text.lines();
    lines
        .filter(|line| line.trim_start().starts_with('['))
        .count()
}

fn rules(text: &str) -> String {
    match count_of_rules(text) {
        1 => "1 rule".to_owned(),
        many => format!("{many} rules"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_is_a_length_of_time_and_its_range_is_named() {
        for (text, seconds) in [
            ("60", 60),
            ("60s", 60),
            ("1m", 60),
            ("1d", 86_400),
            ("1", 1),
        ] {
            assert_eq!(resolution(text), Ok(Resolution::Seconds(seconds)), "{text}");
        }
        assert_eq!(resolution("None"), Ok(Resolution::AsSent));
        for wrong in ["0", "0s", "2d", "86401", "x", "", "-1"] {
            let error = resolution(wrong).unwrap_err();
            assert!(error.contains("from `1s` to `1d`"), "{error}");
            assert!(error.contains("1 to 86400 seconds"), "{error}");
        }
    }

    #[test]
    fn rules_are_counted_by_their_titles() {
        assert_eq!(rules("[a]\npattern = ^[a]\nretentions = 60:1d\n"), "1 rule");
        assert_eq!(rules("# [no]\n[a]\nx = 1\n [b]\nx = 2\n"), "2 rules");
    }
}
