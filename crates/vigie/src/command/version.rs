//! `version`.

use crate::context::Context;
use crate::error::Failure;
use serde::Serialize;

#[derive(Serialize)]
struct Version {
    name: &'static str,
    version: &'static str,
}

/// Prints name, version and commit, in the one-line form of the original.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let version = Version {
        name: context.name.text(),
        version: env!("NAMED_VERSION"),
    };
    if context.output.is_json() {
        return context.output.json(&version);
    }
    context
        .output
        .line(format!("{} version {}", version.name, version.version))
}
