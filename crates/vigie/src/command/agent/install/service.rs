//! The agent that is installed.

/// The program to run, and the key with which it sends.
#[derive(Debug)]
pub(super) struct AgentService<'a> {
    pub(super) program: String,
    pub(super) server: String,
    /// Where the key is, as the agent will see it.
    pub(super) key_file: String,
    pub(super) ca_file: Option<String>,
    pub(super) arguments: &'a [String],
}
