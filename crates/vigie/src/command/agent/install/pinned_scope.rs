//! The scope of an agent that is installed: the target as it is now, and not as it will be when the agent starts.

use super::super::run_args::RunArgs;
use crate::context::Context;
use crate::env;
use crate::error::Failure;
use crate::monitoring::{NO_DEFAULT_SCOPE, domain_id, targeted_space};

/// The agent's arguments, with ids in place of what would follow the target. A system unit has a configuration of its own, in which
/// nothing is targeted.
pub(super) fn arguments(
    given: &[String],
    run: &RunArgs,
    (server, is_system): (&str, bool),
    context: &Context,
) -> Result<Vec<String>, Failure> {
    // The target belongs to the server of the login.
    let is_elsewhere =
        context.env.get(env::API).is_some() && server != context.config().api_endpoint;
    match run.scope.scope.as_deref() {
        Some(what @ ("space" | "org")) if is_elsewhere => Err(Failure::usage(format!(
            "after `--`: no {what} is targeted at the server of `VIGIE_API`"
        ))
        .hint("name it by its id, `s-GUID` or `o-GUID`")),
        Some(named @ ("space" | "org" | "account")) if !is_elsewhere => {
            Ok(with_scope(given, &domain_id(context, named)?))
        }
        Some(_) => Ok(given.to_vec()),
        None if is_system || run.default_scope.is_some() => Ok(given.to_vec()),
        None => {
            let targeted = match is_elsewhere {
                true => None,
                false => targeted_space(context)?,
            };
            let scope = targeted.unwrap_or_else(|| NO_DEFAULT_SCOPE.to_owned());
            Ok([given, &["--default-scope".to_owned(), scope]].concat())
        }
    }
}

/// The arguments with this id wherever they name the scope.
fn with_scope(arguments: &[String], id: &str) -> Vec<String> {
    let mut is_scope = false;
    let named = arguments.iter().map(|argument| {
        if std::mem::take(&mut is_scope) {
            return id.to_owned();
        }
        is_scope = argument == "--scope";
        match argument.strip_prefix("--scope=") {
            Some(_) => format!("--scope={id}"),
            None => argument.clone(),
        }
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_named_by_its_id_however_it_was_given() {
        for (given, expected) in [
            ("--scope space --host h", "--scope s-1 --host h"),
            ("--host h --scope=space", "--host h --scope=s-1"),
            ("--host h", "--host h"),
        ] {
            let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(with_scope(&words(given), "s-1"), words(expected));
        }
    }
}
