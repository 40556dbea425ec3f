//! Shell completion of arguments. An argument names its kind where it is declared: `#[arg(add = Named::Orgs)]`. An argument without one
//! has possible values, is a file, or names what does not exist yet.

use clap::builder::ArgExt;

/// The argument is the name of something that the server lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Accounts,
    Functions,
    Keys,
    Metrics,
    Orgs,
    Regions,
    RulePatterns,
    Rules,
    Services,
    Spaces,
    Targets,
    Users,
}

impl ArgExt for Named {}

/// The argument is often one of these words, each with what it is; others are taken, too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub(crate) &'static [(&'static str, &'static str)]);

impl ArgExt for Words {}

/// The domains of the target, by their words.
pub(crate) const OF_TARGET: Words = Words(&[
    ("account", "of the target"),
    ("org", "of the target"),
    ("space", "of the target"),
]);
