//! `metrics schemas`: how far apart the values of series stand in Graphite's view, and what several samples become, by name, in the
//! words of carbon's two files.

mod conf;
mod known;
mod shown;

pub(crate) use known::{KnownRule, known_rules};

use crate::client::{Reply, Request};
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs};
use crate::shown::shown;
use base::limit;
use clap::Subcommand;
use conf::{Conf, Rule};
use shown::{File, Shown, text};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use wire::settings::{DomainChange, DomainSettings};

const PATH: &str = "/v1/settings/domain";

/// The word after `schemas`.
#[derive(Debug, Subcommand)]
pub(crate) enum Schemas {
    /// Show the rules
    Get(GetArgs),
    /// Make or change one rule
    Set(SetArgs),
    /// Remove one rule, or all
    Unset(UnsetArgs),
    /// Take the rules of carbon's files
    Import(ImportArgs),
}

/// The arguments of `get`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  vigie metrics schemas get
  vigie metrics schemas get --file schemas > storage-schemas.conf
  vigie metrics schemas get --output json")]
pub(crate) struct GetArgs {
    /// Print one of the two files as it is written
    #[arg(long, value_name = "FILE", value_enum)]
    file: Option<Which>,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// `storage-schemas.conf`
    Schemas,
    /// `storage-aggregation.conf`
    Aggregation,
}

/// The arguments of `set`.
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
    #[arg(value_name = "RULE")]
    name: String,
    /// A regular expression for the names that it fits
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pattern: Option<String>,
    /// `STEP:KEPT`, with commas between several; the finest step counts
    #[arg(long, value_name = "RETENTIONS")]
    retentions: Option<String>,
    /// What several samples become: `average`, `avg_zero`, `sum`, `min`, `max`, `first` or `last`
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// The share of values that a coarser one needs, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    x_files_factor: Option<String>,
    /// Put a new rule in front of this one; else it comes last, but in front of one that fits every name
    #[arg(long, value_name = "OTHER")]
    before: Option<String>,
    /// Only let the server check it, and show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// The arguments of `unset`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["name", "all"]))]
#[command(after_long_help = "\
Examples:
  vigie metrics schemas unset shop
  vigie metrics schemas unset --all")]
pub(crate) struct UnsetArgs {
    /// The rule
    #[arg(value_name = "RULE")]
    name: Option<String>,
    /// Remove all rules
    #[arg(long)]
    all: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// The arguments of `import`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The file takes the place of all rules about steps. Without `--aggregation`, the rules about what several samples become stay.

Examples:
  vigie metrics schemas import storage-schemas.conf --dry-run
  vigie metrics schemas import storage-schemas.conf \\
      --aggregation storage-aggregation.conf")]
pub(crate) struct ImportArgs {
    /// A file as carbon's `storage-schemas.conf`
    #[arg(value_name = "SCHEMAS", value_hint = clap::ValueHint::FilePath)]
    schemas: PathBuf,
    /// A file as carbon's `storage-aggregation.conf`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    aggregation: Option<PathBuf>,
    /// Only let the server check it, and show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Runs one of them.
pub(crate) fn run(command: &Schemas, context: &Context) -> Result<(), Failure> {
    match command {
        Schemas::Get(args) => get(args, context),
        Schemas::Set(args) => set(args, context),
        Schemas::Unset(args) => unset(args, context),
        Schemas::Import(args) => import(args, context),
    }
}

fn get(args: &GetArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    if args.file.is_none() {
        announce("Getting", &monitoring, context)?;
    }
    let (resolution_seconds, own) = stored(&monitoring)?;
    let Some(which) = args.file else {
        let shown = Shown {
            resolution_seconds,
            before: own.clone(),
            after: own,
            dry_run: None,
        };
        return shown.print(output);
    };
    let [schemas, aggregation] = own;
    let conf = match which {
        Which::Schemas => schemas,
        Which::Aggregation => aggregation,
    };
    let text = conf.text();
    match output.is_json() {
        true => output.json(&text),
        false => output.text(&crate::shown::Shown::lines(&text)),
    }
}

fn set(args: &SetArgs, context: &Context) -> Result<(), Failure> {
    let name = args.name.as_str();
    if name.is_empty() || name.contains(['[', ']', '\n', '\r']) {
        return Err(Failure::usage("a rule has a name without brackets"));
    }
    let steps = given(&[("retentions", &args.retentions)]);
    let methods = given(&[
        ("xFilesFactor", &args.x_files_factor),
        ("aggregationMethod", &args.method),
    ]);
    let values = steps.iter().chain(&methods).map(|(_, own)| own);
    if values
        .chain(&args.pattern)
        .any(|own| own.contains(['\n', '\r']))
    {
        return Err(Failure::usage("a value of a rule is one line"));
    }
    if steps.is_empty() && methods.is_empty() && args.pattern.is_none() {
        let failure = Failure::usage("there is nothing to set");
        return Err(failure.hint("give `--pattern`, and `--retentions` or `--method`"));
    }
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    announce("Changing", &monitoring, context)?;
    let (resolution_seconds, before) = stored(&monitoring)?;
    if let Some(other) = &args.before {
        let mut all = before.iter().flat_map(Conf::rules);
        if !all.any(|own| own.name == *other) {
            let message = format!("there is no rule `{other}` to stand in front of");
            let hint = "`vigie metrics schemas get` shows the rules";
            return Err(Failure::usage(message).hint(hint));
        }
    }
    let mut after = before.clone();
    let mut is_known = false;
    let mut placed = None;
    for (conf, mut values) in after.iter_mut().zip([steps, methods]) {
        let is_there = conf.rules().iter().any(|own| own.name == name);
        is_known |= is_there || !values.is_empty();
        if !is_there && values.is_empty() {
            continue;
        }
        if let Some(pattern) = &args.pattern {
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
            let pattern = args.pattern.as_deref().unwrap_or_default();
            !is_there && args.before.is_none() && !conf::fits_all(pattern)
        });
        let before = args.before.as_deref();
        conf.set(name, &values, before.or(last.as_ref().map(Rule::name)));
        placed = placed.or(last);
    }
    if !is_known {
        let failure = Failure::usage(format!("a new rule `{name}` needs more than a pattern"));
        return Err(failure.hint("give `--retentions`, or `--method` or `--x-files-factor`"));
    }
    let change = Changing {
        resolution_seconds,
        before,
        after,
        files: None,
        dry_run: args.dry_run,
    };
    change.apply(&monitoring, context)?;
    if let Some(last) = placed {
        context.output.note(shown!(
            "`{}` stands in front of `{}`, which fits every name: behind it, it would never count.",
            name,
            last.name()
        ));
    }
    Ok(())
}

/// The keys that have a value.
fn given(pairs: &[(&'static str, &Option<String>)]) -> Vec<(&'static str, String)> {
    let own = pairs.iter().filter_map(|(key, own)| {
        let own = own.as_ref()?;
        Some((*key, own.clone()))
    });
    own.collect()
}

fn unset(args: &UnsetArgs, context: &Context) -> Result<(), Failure> {
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    announce("Changing", &monitoring, context)?;
    let (resolution_seconds, before) = stored(&monitoring)?;
    let mut after = before.clone();
    match &args.name {
        None => after = [Conf::default(), Conf::default()],
        Some(name) => {
            let [schemas, aggregation] = &mut after;
            let was_there = [schemas.unset(name), aggregation.unset(name)];
            if !was_there.contains(&true) {
                let failure = Failure::new(
                    crate::error::Kind::NotFound,
                    shown!("there is no rule `{}`", name),
                );
                return Err(failure.hint("`vigie metrics schemas get` shows the rules"));
            }
        }
    }
    let change = Changing {
        resolution_seconds,
        before,
        after,
        files: None,
        dry_run: args.dry_run,
    };
    change.apply(&monitoring, context)
}

fn import(args: &ImportArgs, context: &Context) -> Result<(), Failure> {
    // Before anything is asked of a server.
    let schemas = read(&args.schemas)?;
    let aggregation = args.aggregation.as_deref().map(read).transpose()?;
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    announce("Changing", &monitoring, context)?;
    let (resolution_seconds, before) = stored(&monitoring)?;
    for conf in [Some(&schemas), aggregation.as_ref()].into_iter().flatten() {
        if let Some((all, first)) = conf.uncounted() {
            context.output.warn(shown!(
                "`{}` stands before `{}` and fits every name: what stands behind it never counts",
                all.name(),
                first.name()
            ));
        }
    }
    let [_, kept] = before.clone();
    let change = Changing {
        resolution_seconds,
        before,
        after: [schemas, aggregation.unwrap_or(kept)],
        files: Some([Some(&args.schemas), args.aggregation.as_deref()]),
        dry_run: args.dry_run,
    };
    change.apply(&monitoring, context)
}

fn announce(verb: &str, monitoring: &Monitoring<'_>, context: &Context) -> Result<(), Failure> {
    context.output.action(format!(
        "{verb} rules of {} as {}...",
        monitoring.described(),
        context.user()
    ))
}

/// A file of rules.
fn read(path: &Path) -> Result<Conf, Failure> {
    let cannot = |error: std::io::Error| Failure::file("read", path, &error);
    let most = limit::SCHEMA_BYTES.default;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    let shown = path.display().to_string();
    if bytes.len() as u64 > most {
        return Err(Failure::failed(shown!(
            "`{}` has more bytes than `{}` = {}",
            shown,
            limit::SCHEMA_BYTES.name,
            most
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::failed(shown!("`{}` is no text in UTF-8", shown)))?;
    Ok(Conf::new(&text))
}

/// The rules that the server has, and the step where none fits.
fn stored(monitoring: &Monitoring<'_>) -> Result<(Option<u32>, [Conf; 2]), Failure> {
    let url = monitoring.url(PATH);
    let reply = monitoring.exchange(|| Request::get(&url), RetryPolicy::Once)?;
    Ok(confs(reply.parse("read the rules")?))
}

fn confs(settings: DomainSettings) -> (Option<u32>, [Conf; 2]) {
    let conf = |text: Option<String>| Conf::new(&text.unwrap_or_default());
    let both = [conf(settings.schemas), conf(settings.aggregation)];
    (settings.resolution_seconds, both)
}

/// A change of rules.
struct Changing<'a> {
    resolution_seconds: Option<u32>,
    before: [Conf; 2],
    after: [Conf; 2],
    /// The files that they come from, where they come from files.
    files: Option<[Option<&'a Path>; 2]>,
    dry_run: bool,
}

impl Changing<'_> {
    /// Sends what is new, and shows what has changed. The server checks all of it, or nothing is changed.
    fn apply(self, monitoring: &Monitoring<'_>, context: &Context) -> Result<(), Failure> {
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
            let _: DomainSettings = reply.parse("change the rules")?;
        }
        let shown = Shown {
            resolution_seconds: self.resolution_seconds,
            before: self.before,
            after: self.after,
            dry_run: Some(self.dry_run),
        };
        shown.print(&context.output)
    }

    /// The refusal with the file, the line, and what stands there.
    fn refusal(&self, reply: &Reply) -> Failure {
        let failure = reply.refusal("change the rules");
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
        // The server has keys in small letters, and whoever wrote them may look for their own.
        let key = conf.key(number).unwrap_or_default();
        let wrong = &wrong.replacen(&format!("`{}`", key.to_lowercase()), &format!("`{key}`"), 1);
        let message = match (path, conf.rule_at(number)) {
            (Some(path), _) => shown!(
                "{}:{}: {}",
                path.display().to_string(),
                number,
                wrong.as_str()
            ),
            (None, Some(rule)) => shown!("the rule `{}`: {}", rule, wrong.as_str()),
            (None, None) => shown!("{}:{}: {}", file.name(), number, wrong.as_str()),
        };
        let located = Failure { message, ..failure };
        let located = located.hint(shown!("there stands `{}`; nothing was changed", written));
        let is_of_aggregation = ["xfilesfactor", "aggregationmethod"]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(key));
        if path.is_some() && file == File::Schemas && is_of_aggregation {
            return located.hint(shown!(
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
        .find(|own| own.name() == name)?;
    Some((file, number.parse().ok()?, wrong))
}
