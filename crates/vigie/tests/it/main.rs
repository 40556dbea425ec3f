//! The real binary against a server made for the test, told as transcripts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it should be"
)]

mod account;
mod agent;
mod agent_end;
mod agent_install;
mod agent_scope;
mod completion;
mod early_renewal;
mod exit_codes;
mod fixture;
mod folders;
mod given;
mod hostile;
mod import_graphite;
mod invitation;
mod json_style;
mod keys;
mod login;
mod login_input;
mod machine_errors;
mod members;
mod metrics_arrivals;
mod metrics_delete;
mod metrics_exports;
mod metrics_get;
mod metrics_list;
mod metrics_pipe;
mod metrics_retry;
mod metrics_send;
mod metrics_tail;
mod metrics_targets;
mod metrics_watch;
mod narrowed;
mod newcomer;
mod old_data;
mod origins;
mod packed;
mod paged;
mod person;
mod pinned;
mod placing;
mod prompts;
mod proxies;
mod recognised;
mod redirects;
mod renewed_on_the_way;
mod schemas;
mod service_ids;
mod session;
mod shared_files;
mod spoiled;
mod store;
mod terminal;
mod too_large;
mod unkept;
mod unseen;
mod unspecified;
mod unwritable;
mod usage;
