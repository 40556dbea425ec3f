//! Accepts connections, and starts a thread for each.

use super::listener::{CONNECTIONS_MAX, ListenerContext, TICK};
use super::{connection, datagrams};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::thread::{Builder, Scope};

/// Starts the threads of a listener.
pub(super) fn spawn<'scope>(
    threads: &'scope Scope<'scope, '_>,
    serving: ListenerContext<'scope>,
) -> io::Result<()> {
    Builder::new()
        .name("senders".to_owned())
        .spawn_scoped(threads, move || accept(threads, serving))?;
    Builder::new()
        .name("datagrams".to_owned())
        .spawn_scoped(threads, move || datagrams::serve(serving))?;
    Ok(())
}

fn accept<'scope>(threads: &'scope Scope<'scope, '_>, serving: ListenerContext<'scope>) {
    let (listener, socket) = (serving.listener, &serving.listener.sockets.tcp);
    while !serving.notifier.is_stopped() {
        if !wait(socket) {
            continue;
        }
        match socket.accept() {
            Ok((stream, _)) => spawn_connection(threads, serving, stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                listener
                    .counts
                    .refuse(1, || format!("a connection: {error}"));
                serving.notifier.sleep(TICK);
            }
        }
    }
}

/// Starts a thread for the connection, unless there are too many.
fn spawn_connection<'scope>(
    threads: &'scope Scope<'scope, '_>,
    serving: ListenerContext<'scope>,
    mut stream: TcpStream,
) {
    let listener = serving.listener;
    // From its first moment: a stream that is lost with a thread that cannot be started must not end without a word.
    connection::set_reset_when_dropped(&stream, true);
    let refused = if listener.connections.fetch_add(1, Ordering::Relaxed) < CONNECTIONS_MAX {
        let spawned = Builder::new()
            .name("sender".to_owned())
            .spawn_scoped(threads, move || {
                connection::serve(serving, stream);
                serving.listener.connections.fetch_sub(1, Ordering::Relaxed);
            });
        match spawned {
            Ok(_) => return,
            Err(error) => format!("a connection: {error}"),
        }
    } else {
        let _ = stream.set_write_timeout(Some(TICK));
        let sent = writeln!(
            stream,
            "ERR there are {CONNECTIONS_MAX} connections already"
        );
        if sent.is_ok() {
            connection::set_reset_when_dropped(&stream, false);
        }
        format!("a connection: there were {CONNECTIONS_MAX} already")
    };
    listener.connections.fetch_sub(1, Ordering::Relaxed);
    listener.counts.refuse(1, || refused);
}

/// Whether somebody came within a tick.
fn wait(socket: &TcpListener) -> bool {
    let timeout = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(TICK.subsec_nanos()),
    };
    let mut fds = [PollFd::new(socket, PollFlags::IN)];
    poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
}
