//! Everything a person or CI runs, so that nobody needs to install a task runner or remember a flag.
//!
//! It ships nothing. It may print (that is its job), it may install Debian packages when it runs as root, and it
//! leaves no process behind.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner talks to the person in front of it"
)]

mod bench;
mod check_deps;
mod check_repo;
mod ci;
mod deny;
mod dist;
mod error_causes;
mod graphite;
mod lint;
mod modules;
mod npm;
mod packages;
mod postgres;
mod process;
mod python;
mod quickstart;
mod schemathesis;
mod services;
mod suites;
mod test;
mod test_results;

use clap::{Parser, Subcommand};
use process::step;
use std::ffi::OsString;
use std::process::ExitCode;

/// Everything a person or CI runs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build the server and the command line, then run the whole path on real data
    Quickstart {
        /// Passed on to `vigied quickstart` (try `--help`)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Install and start what the tests need, run all of them, stop it again
    Test {
        /// Passed on to `cargo test`, for example `-p db` or `-- name_of_a_test`; `--lints` alone: all lints beside the tests, as CI
        /// does
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Start what the tests need and print the variables they read, until Ctrl-C
    Services,
    /// Make the tarball that people install, in `target/dist`; `--try` installs and runs it in a fresh Debian
    Dist(dist::DistArgs),
    /// Measure what the documentation promises; fails where the promise is broken
    #[command(args_conflicts_with_subcommands = true)]
    Bench {
        #[command(subcommand)]
        bench: Option<bench::Bench>,
        #[command(flatten)]
        table: Box<bench::TableArgs>,
    },
    /// Ask graphite-web and us the same random targets; fails where an answer differs
    Graphite(graphite::GraphiteArgs),
    /// Make requests of both OpenAPI documents; fails where the server answers what they do not say
    Schemathesis(schemathesis::SchemathesisArgs),
    /// fmt, clippy, check-deps, check-repo and deny
    Lint,
    /// Do the crates use only what the layering lets them?
    CheckDeps,
    /// Is every tracked file fit to be published?
    CheckRepo,
    /// Licences, banned crates, sources and, if the database can be reached, advisories
    Deny,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Quickstart { arguments } => step("quickstart", || quickstart::run(&arguments)),
        Task::Test { arguments } if arguments == ["--lints"] => step("test", ci::run),
        Task::Test { arguments } => step("test", || test::run(&arguments)),
        Task::Dist(arguments) => step("dist", || dist::run(&arguments)),
        Task::Bench { bench, table } => step("bench", || {
            bench::run(&bench.unwrap_or(bench::Bench::Table(table)))
        }),
        Task::Graphite(arguments) => step("graphite", || graphite::run(&arguments)),
        Task::Schemathesis(arguments) => step("schemathesis", || schemathesis::run(&arguments)),
        Task::Services => step("services", services::run_until_interrupted),
        Task::Lint => step("lint", lint::run),
        Task::CheckDeps => step("check-deps", check_deps::run),
        Task::CheckRepo => step("check-repo", check_repo::run),
        Task::Deny => step("deny", deny::run),
    };
    // What went wrong has been said by the step.
    if outcome.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
