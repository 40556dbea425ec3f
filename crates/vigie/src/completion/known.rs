//! What the server knows: spaces, organizations, regions, accounts, users, keys and metrics.
//!
//! Asked with the token at hand and no other: none is renewed, and nobody is asked whether an address is to be trusted.

use super::grammar::Typed;
use super::{DEADLINE, OFFERS_MAX, Offer};
use crate::client::Request;
use crate::command::{api_key, user};
use crate::context::{Context, Name};
use crate::env::{self, Env};
use crate::error::Failure;
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::output::Format;
use crate::prompt;
use wire::find::list::NodeItem;

/// What sort of name is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Accounts,
    Keys,
    Metrics,
    Orgs,
    Regions,
    Spaces,
    Users,
}

/// Arguments that are called after what they are, whatever the command.
const BY_NAME: &[(&str, Kind)] = &[
    ("ORG", Kind::Orgs),
    ("SPACE", Kind::Spaces),
    ("REGION", Kind::Regions),
    ("ACCOUNT_ID", Kind::Accounts),
    ("NAME|UUID", Kind::Keys),
];

/// Arguments that are something else with each command.
const BY_COMMAND: &[(&str, &str, Kind)] = &[
    ("account org", "NAME", Kind::Orgs),
    ("account org-delete", "NAME", Kind::Orgs),
    ("account org-rename", "OLD_NAME", Kind::Orgs),
    ("account org-users", "NAME", Kind::Orgs),
    ("account space", "NAME", Kind::Spaces),
    ("account space-delete", "NAME", Kind::Spaces),
    ("account space-rename", "OLD_NAME", Kind::Spaces),
    ("account space-users", "NAME", Kind::Spaces),
    ("account user-remove", "EMAIL", Kind::Users),
    ("account role-set", "USER", Kind::Users),
    ("account role-unset", "USER", Kind::Users),
    ("account org-role-set", "USER", Kind::Users),
    ("account org-role-unset", "USER", Kind::Users),
    ("account space-role-set", "USER", Kind::Users),
    ("account space-role-unset", "USER", Kind::Users),
    ("iam api-keys", "NAME", Kind::Keys),
    ("metrics get", "TARGET", Kind::Metrics),
    ("metrics list", "QUERY", Kind::Metrics),
    ("metrics delete", "QUERY", Kind::Metrics),
];

/// Commands whose arguments name what the caller does not have yet.
const NOT_KNOWN: [&str; 3] = ["account accept", "account decline", "login"];

impl Kind {
    /// What an argument of a command is. The older names under `iam` are as those under `account`.
    pub(super) fn of(command: &str, argument: &str) -> Option<Self> {
        if NOT_KNOWN.contains(&command) {
            return None;
        }
        let newer = command.replacen("iam ", "account ", 1);
        let of_command = BY_COMMAND
            .iter()
            .find(|(path, name, _)| *name == argument && (*path == command || *path == newer));
        let of_name = BY_NAME.iter().find(|(name, _)| *name == argument);
        of_command
            .map(|(.., kind)| *kind)
            .or(of_name.map(|(_, kind)| *kind))
    }
}

/// The names, or none where they are not to be had.
pub(super) fn ask(name: Name, kind: Kind, typed: &Typed) -> Vec<Offer> {
    prompt::forbid();
    let mut env = Env::of_process();
    // A trace is for what a person has started.
    env.forget(env::TRACE);
    env.forget(env::HTTP_TIMEOUT);
    let Ok(context) = Context::new(name, env, Format::Text, true) else {
        return Vec::new();
    };
    let mut config = context.config().clone();
    config.trace.clear();
    config.http_timeout_s = i64::try_from(DEADLINE.as_secs()).ok().map(|s| s.max(1));
    context.set_config(config);
    if kind != Kind::Regions && !context.has_token_at_hand() {
        return Vec::new();
    }
    names(kind, typed, &context).unwrap_or_default()
}

fn names(kind: Kind, typed: &Typed, context: &Context) -> Result<Vec<Offer>, Failure> {
    Ok(match kind {
        Kind::Regions => (context.regions()?.into_iter())
            .map(|region| Offer::new(region.name, region.display_name))
            .collect(),
        Kind::Accounts => (context.accounts()?.into_iter())
            .map(|account| Offer::new(account.metadata.guid, account.entity.name))
            .collect(),
        Kind::Orgs => {
            let region = context.config().region.clone();
            (context.orgs(&region)?.into_iter())
                .map(|org| Offer::new(org.entity.name, org.entity.region))
                .collect()
        }
        Kind::Spaces => {
            let org = context.org_meant(typed.org.as_deref())?;
            (context.spaces(&org.guid)?.into_iter())
                .map(|space| Offer::new(space.entity.name, format!("space of {}", org.name)))
                .collect()
        }
        Kind::Users => (user::members_of_target(context)?.into_iter())
            .map(|user| Offer::new(user.user_id, user.state))
            .collect(),
        Kind::Keys => (api_key::keys(context)?.into_iter())
            .map(|key| Offer::new(key.name, key.description.unwrap_or_default()))
            .collect(),
        Kind::Metrics => metrics(typed, context)?,
    })
}

/// The metrics and branches one level below what is typed. Who types a pattern has no name in mind.
fn metrics(typed: &Typed, context: &Context) -> Result<Vec<Offer>, Failure> {
    if typed.current.contains(['*', '?', '[', ']', '{', '}']) {
        return Ok(Vec::new());
    }
    let scope = ScopeArgs {
        scope: typed.scope.clone(),
    };
    let monitoring = Monitoring::to_read(context, &scope)?;
    let request = Request::get(monitoring.url("/v1/metrics/list"))
        .query("query", &format!("{}*", typed.current))
        .query("format", "nodes");
    let nodes: Vec<NodeItem> = monitoring.attempt(request)?.parse("list metrics")?;
    let offers = nodes.into_iter().take(OFFERS_MAX * 2).flat_map(|node| {
        let branch = node.branch.then(|| format!("{}.", node.path));
        let leaf = node.leaf.then_some(node.path);
        let leaf = leaf.map(|word| Offer::new(word, "metric"));
        leaf.into_iter()
            .chain(branch.map(|word| Offer::new(word, "more below")))
    });
    Ok(offers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    /// A row for a command or an argument that is no more would offer nothing, and nobody would see it.
    #[test]
    fn every_row_is_of_an_argument_that_there_is() {
        let mut grammar = cli::grammar(Name::Vigie);
        grammar.build();
        for (path, name, _) in BY_COMMAND {
            let command = path
                .split(' ')
                .try_fold(&grammar, |command, word| command.find_subcommand(word))
                .unwrap_or_else(|| panic!("`{path}` is no command"));
            let is_there = command.get_arguments().any(|arg| {
                (arg.get_value_names().unwrap_or_default().iter()).any(|value| value == name)
            });
            assert!(is_there, "`{path}` has no `{name}`");
        }
    }
}
