//! Candidates from the server: spaces, organizations, regions, accounts, users, keys, service IDs, metrics and rules; and functions,
//! which need none.
//!
//! Requests use the stored token as it is: completion neither renews a token nor asks whether an address is trusted.

use super::candidate::{CANDIDATES_MAX, Candidate, DEADLINE};
use super::grammar::CommandLine;
use super::target::{TypedTarget, functions};
use crate::argument::Named;
use crate::client::Request;
use crate::command::metrics::schemas::{KnownRule, known_rules};
use crate::command::{api_key, service_id, user};
use crate::config::Config;
use crate::context::{Context, Name};
use crate::env::{self, Env};
use crate::error::Failure;
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::output::Format;
use crate::prompt;
use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;
use wire::find::list::NodeItem;

/// The names, or none if they cannot be read. Functions are known without the server.
pub(super) fn ask(name: Name, named: Named, typed: &CommandLine) -> Vec<Candidate> {
    match named {
        Named::Functions => functions(),
        Named::Targets => match TypedTarget::of(&typed.current) {
            Some(part) => part.candidates(|written| ask_with_deadline(name, named, typed, written)),
            None => Vec::new(),
        },
        _ => ask_server(name, named, typed, &typed.current),
    }
}

/// The server's names, or none if it is slow: functions are there without it.
fn ask_with_deadline(
    name: Name,
    named: Named,
    typed: &CommandLine,
    written: &str,
) -> Vec<Candidate> {
    let (sender, receiver) = mpsc::channel();
    let (typed, written) = (typed.clone(), written.to_owned());
    thread::spawn(move || drop(sender.send(ask_server(name, named, &typed, &written))));
    receiver
        .recv_timeout(DEADLINE.mul_f64(0.8))
        .unwrap_or_default()
}

fn ask_server(name: Name, named: Named, typed: &CommandLine, written: &str) -> Vec<Candidate> {
    prompt::forbid();
    let mut env = Env::of_process();
    // Traces are for commands that the user started.
    env.forget(env::TRACE);
    env.forget(env::HTTP_TIMEOUT);
    let Ok(context) = Context::new(name, env, Format::Text, true) else {
        return Vec::new();
    };
    let mut config = Config::clone(&context.config());
    config.trace.clear();
    config.http_timeout_s = i64::try_from(DEADLINE.as_secs()).ok().map(|s| s.max(1));
    context.set_config(config);
    if named != Named::Regions && !context.has_valid_token() {
        return Vec::new();
    }
    let mut candidates = names(named, typed, written, &context).unwrap_or_default();
    // Several keys or service IDs may have one name; it is offered once.
    let mut offered = HashSet::new();
    candidates.retain(|candidate| offered.insert(candidate.word.clone()));
    candidates
}

fn names(
    named: Named,
    typed: &CommandLine,
    written: &str,
    context: &Context,
) -> Result<Vec<Candidate>, Failure> {
    Ok(match named {
        Named::Regions => (context.regions()?.into_iter())
            .map(|region| Candidate::new(region.name, region.display_name))
            .collect(),
        Named::Accounts => (context.accounts()?.into_iter())
            .map(|account| Candidate::new(account.metadata.guid, account.entity.name))
            .collect(),
        Named::Orgs => {
            let region = context.config().region.clone();
            (context.orgs(&region)?.into_iter())
                .map(|org| Candidate::new(org.entity.name, org.entity.region))
                .collect()
        }
        Named::Spaces => {
            let org = context.resolve_org(typed.org.as_deref())?;
            (context.spaces(&org.guid)?.into_iter())
                .map(|space| Candidate::new(space.entity.name, format!("space of {}", org.name)))
                .collect()
        }
        Named::Users => (user::members_of_target(context)?.into_iter())
            .map(|user| Candidate::new(user.user_id, user.state))
            .collect(),
        Named::Keys => (api_key::keys(context)?.into_iter())
            .map(|key| Candidate::new(key.name, key.description.unwrap_or_default()))
            .collect(),
        Named::Services => (service_id::services(None, context)?.into_iter())
            .map(|service| Candidate::new(service.name, service.description))
            .collect(),
        Named::Metrics | Named::Targets => metrics(typed, written, context)?,
        Named::Rules => (rules(typed, context)?.into_iter())
            .map(|rule| Candidate::new(rule.name, rule.pattern))
            .collect(),
        Named::RulePatterns => (rules(typed, context)?.into_iter())
            .map(|rule| Candidate::new(rule.pattern, format!("pattern of {}", rule.name)))
            .collect(),
        Named::Functions => functions(),
    })
}

/// The rules of the domain that the line names.
fn rules(typed: &CommandLine, context: &Context) -> Result<Vec<KnownRule>, Failure> {
    let scope = ScopeArgs {
        scope: typed.scope.clone(),
    };
    known_rules(&Monitoring::to_read(context, &scope)?)
}

/// The metrics and branches one level below the typed text. A pattern is not completed.
fn metrics(
    typed: &CommandLine,
    written: &str,
    context: &Context,
) -> Result<Vec<Candidate>, Failure> {
    if written.contains(['*', '?', '[', ']', '{', '}']) {
        return Ok(Vec::new());
    }
    let scope = ScopeArgs {
        scope: typed.scope.clone(),
    };
    let monitoring = Monitoring::to_read(context, &scope)?;
    let request = Request::get(monitoring.url("/v1/metrics/list"))
        .query("query", &format!("{written}*"))
        .query("format", "nodes");
    let nodes: Vec<NodeItem> = monitoring.attempt(request)?.parse("list metrics")?;
    let candidates = nodes.into_iter().take(CANDIDATES_MAX * 2).flat_map(|node| {
        let branch = node.branch.then(|| format!("{}.", node.path));
        let leaf = node.leaf.then_some(node.path);
        let leaf = leaf.map(|word| Candidate::new(word, "metric"));
        leaf.into_iter()
            .chain(branch.map(|word| Candidate::new(word, "more below")))
    });
    Ok(candidates.collect())
}
