//! Notices that the reader of standard output has closed it while nothing is written: a program that waits long between writes
//! would not notice otherwise.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io;

/// Calls `on_close` when the reader has closed the pipe. Where this cannot be observed, the next write fails.
pub(crate) fn when_stdout_closes(on_close: impl FnOnce() + Send + 'static) {
    let watch = move || {
        if wait_until_closed() {
            on_close();
        }
    };
    drop(
        std::thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(watch),
    );
}

/// No events are requested, so `poll` reports only that the other end was closed; a file never reports it.
fn wait_until_closed() -> bool {
    let stdout = io::stdout();
    loop {
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut watched, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => {
                let revents = watched.first().map_or(PollFlags::empty(), PollFd::revents);
                return revents.intersects(PollFlags::ERR | PollFlags::HUP);
            }
        }
    }
}
