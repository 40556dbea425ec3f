//! Whether whoever reads standard output has gone, while nothing is written to it: a program that waits long before it
//! writes again would not notice.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io;

/// Calls `tell` once they have gone. Where that cannot be found out, the next write tells.
pub(crate) fn when_stdout_closes(tell: impl FnOnce() + Send + 'static) {
    let watch = move || {
        if waits_for_the_end() {
            tell();
        }
    };
    drop(
        std::thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(watch),
    );
}

/// Nothing is asked for, so that there is nothing to hear but that the other end was closed: a file never says so.
fn waits_for_the_end() -> bool {
    let stdout = io::stdout();
    loop {
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut watched, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => {
                let heard = watched.first().map_or(PollFlags::empty(), PollFd::revents);
                return heard.intersects(PollFlags::ERR | PollFlags::HUP);
            }
        }
    }
}
