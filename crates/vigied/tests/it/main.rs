//! Black-box stories: each starts the real `vigied` on a free port and drives it from outside.

#![expect(missing_docs, reason = "a test binary has no readers of its API")]

mod harness;
mod central_path;
mod isolation;
mod lifecycle;
mod malformed;
mod sdk;
mod settings;
mod tokens;
