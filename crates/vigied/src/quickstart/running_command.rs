//! The program that the tour runs, and how it is stopped: no command outlives the tour, and none starts after Ctrl-C.

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Ctrl-C in a terminal reaches the command as well. If it has not, the command gets a signal after this time.
const OWN_END: Duration = Duration::from_millis(500);
/// Time to end after the signal. Samples that an agent has not sent by then stay in its buffer.
const END_LIMIT: Duration = Duration::from_secs(3);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Ctrl-C was pressed.
#[derive(Debug, thiserror::Error)]
#[error("the tour was stopped")]
pub(super) struct Stopped;

/// Holds at most one program.
#[derive(Debug, Default)]
pub(super) struct RunningCommand(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_stopped: bool,
    child: Option<Child>,
}

impl RunningCommand {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Ctrl-C was pressed.
    pub(super) fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    /// Starts a program; `take` can take its pipes.
    pub(super) fn start<T>(
        &self,
        command: &mut Command,
        take: impl FnOnce(&mut Child) -> T,
    ) -> anyhow::Result<T> {
        let mut state = self.state();
        if state.is_stopped {
            return Err(Stopped.into());
        }
        let mut child = command.spawn().context("cannot run `vigie`")?;
        let taken = take(&mut child);
        state.child = Some(child);
        Ok(taken)
    }

    /// Waits until the program has ended.
    pub(super) fn wait(&self) -> anyhow::Result<ExitStatus> {
        loop {
            let mut state = self.state();
            let child = state.child.as_mut().ok_or(Stopped)?;
            if let Some(status) = child.try_wait().context("cannot wait for `vigie`")? {
                state.child = None;
                // An interrupted command has not failed; its exit code means nothing.
                return if state.is_stopped {
                    Err(Stopped.into())
                } else {
                    Ok(status)
                };
            }
            drop(state);
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Lets no further program start, and returns when the running one has ended.
    pub(super) async fn stop(&self) {
        self.state().is_stopped = true;
        if self.ended_within(OWN_END).await {
            return;
        }
        let id = self.state().child.as_ref().map(Child::id);
        if let Some(pid) = id
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
        {
            // It may have ended by now.
            let _ = kill_process(pid, Signal::TERM);
        }
        if !self.ended_within(END_LIMIT).await
            && let Some(mut child) = self.state().child.take()
        {
            // Both can only fail if the program has ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    async fn ended_within(&self, limit: Duration) -> bool {
        let begin = Instant::now();
        loop {
            let has_ended = match &mut self.state().child {
                Some(child) => !matches!(child.try_wait(), Ok(None)),
                None => true,
            };
            if has_ended || begin.elapsed() > limit {
                return has_ended;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}
