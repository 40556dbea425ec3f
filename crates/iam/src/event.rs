//! What the operator reads in the log, at `info`, about people and credentials: who did what, from where. Never a secret;
//! also not what was typed as a name nobody has, for it may be a password typed into the wrong field.
//!
//! The source of what a person does stands in the request's span; that of logins is said here, for a check goes on when its
//! request has ended. What strangers can cause is bounded: beyond that it is counted, and the count is told.

use base::id::UserId;
use base::source::Source;
use base::time::Millis;
use std::sync::{Mutex, PoisonError};

/// Lines that strangers can cause in a [`WINDOW_MILLISECONDS`].
const STRANGERS_LINES_MAX: u32 = 100;

const WINDOW_MILLISECONDS: i64 = 10_000;

#[derive(Debug, Default)]
struct Window {
    begun: i64,
    lines: u32,
    left_out: u64,
}

/// The log of what strangers try.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Window>);

impl Events {
    /// Whether one more line may be written.
    fn has_room(&self, now: Millis) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 < window.begun || now.0.saturating_sub(window.begun) >= WINDOW_MILLISECONDS {
            let left_out = window.left_out;
            *window = Window {
                begun: now.0,
                ..Window::default()
            };
            if left_out > 0 {
                tracing::info!(
                    event = "events_left_out",
                    left_out,
                    "more logins failed than are written down one by one"
                );
            }
        }
        let has_room = window.lines < STRANGERS_LINES_MAX;
        if has_room {
            window.lines += 1;
        } else {
            window.left_out += 1;
        }
        has_room
    }

    /// A password was wrong.
    pub(crate) fn login_failed(&self, now: Millis, user: Option<UserId>, source: Source) {
        if self.has_room(now) {
            let user = shown(user);
            tracing::info!(event = "login_failed", user, %source, "a password was wrong");
        }
    }

    /// A password was not looked at.
    pub(crate) fn login_slowed(
        &self,
        now: Millis,
        user: Option<UserId>,
        source: Source,
        limit: &str,
    ) {
        if self.has_room(now) {
            let user = shown(user);
            tracing::info!(event = "login_slowed", user, %source, limit, "a login has to wait");
        }
    }

    /// A source sends many wrong keys, codes or refresh tokens.
    pub(crate) fn guesses_slowed(&self, now: Millis, source: Source) {
        if self.has_room(now) {
            tracing::info!(event = "guesses_slowed", %source, "many wrong keys, codes or tokens");
        }
    }
}

fn shown(user: Option<UserId>) -> String {
    user.map_or_else(|| "unknown".to_owned(), |user| user.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_fill_no_log() {
        let events = Events::default();
        let lines = (0..5000).filter(|_| events.has_room(Millis(50_000)));
        assert_eq!(lines.count(), 100);
        assert!(events.has_room(Millis(60_000)));
        assert!(events.has_room(Millis(0)), "a clock that was set back");
    }
}
