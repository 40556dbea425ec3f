//! A proxy before PostgreSQL that cuts a connection around a COMMIT.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// The fate of the next COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextCommit {
    /// It is passed on.
    Pass,
    /// It is carried out, and its answer is lost.
    LoseAnswer,
    /// It is lost itself.
    LoseCommit,
    /// It is carried out, its answer is lost, and the server answers nobody any more.
    LoseAll,
    /// It is passed on when [`Proxy::release`] is called.
    Hold,
}

#[derive(Debug)]
struct State {
    server: String,
    next: Mutex<NextCommit>,
    is_unreachable: watch::Sender<bool>,
    /// How often all connections that there were have gone silent.
    silenced: watch::Sender<u32>,
    held: Notify,
    released: Notify,
}

/// The proxy; it works until the runtime ends.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    state: Arc<State>,
    /// The address of the database through it.
    pub(crate) address: String,
}

impl Proxy {
    /// A proxy before the server of this address.
    pub(crate) async fn before(address: &str) -> Self {
        let (rest, name) = address.rsplit_once('/').unwrap();
        let (user, server) = rest.rsplit_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            server: server.to_owned(),
            next: Mutex::new(NextCommit::Pass),
            is_unreachable: watch::Sender::new(false),
            silenced: watch::Sender::new(0),
            held: Notify::new(),
            released: Notify::new(),
        });
        let accepting = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(Arc::clone(&accepting), client));
            }
        });
        Self {
            state,
            address: format!("{user}@{address}/{name}?sslmode=disable"),
        }
    }

    pub(crate) fn next(&self, next: NextCommit) {
        *self.state.next.lock().unwrap() = next;
    }

    /// Cuts all connections and answers no new ones, or takes them again.
    pub(crate) fn set_unreachable(&self, is_unreachable: bool) {
        self.state.is_unreachable.send_replace(is_unreachable);
    }

    /// Passes nothing more over any connection that there is, and closes none; new ones are passed on.
    pub(crate) fn silence(&self) {
        self.state.silenced.send_modify(|times| *times += 1);
    }

    /// Returns when a COMMIT is held.
    pub(crate) async fn held(&self) {
        self.state.held.notified().await;
    }

    pub(crate) fn release(&self) {
        self.state.released.notify_one();
    }
}

async fn serve(state: Arc<State>, client: TcpStream) {
    let mut is_unreachable = state.is_unreachable.subscribe();
    if *is_unreachable.borrow() {
        let _ = is_unreachable
            .wait_for(|is_unreachable| !is_unreachable)
            .await;
        return;
    }
    let mut silenced = state.silenced.subscribe();
    tokio::select! {
        _ = is_unreachable.wait_for(|is_unreachable| *is_unreachable) => {}
        _ = pass(&state, client, &mut silenced) => {}
    }
}

/// Passes bytes on until either side closes, or a COMMIT ends it.
async fn pass(
    state: &State,
    mut client: TcpStream,
    silenced: &mut watch::Receiver<u32>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(&state.server).await?;
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            _ = silenced.changed() => std::future::pending().await,
            read = client.read(&mut up) => {
                let Some(bytes) = up.get(..read?).filter(|bytes| !bytes.is_empty()) else {
                    return Ok(());
                };
                let is_commit = bytes.windows(7).any(|part| part == b"COMMIT\0");
                let next = match is_commit {
                    true => std::mem::replace(&mut *state.next.lock().unwrap(), NextCommit::Pass),
                    false => NextCommit::Pass,
                };
                if next == NextCommit::LoseCommit {
                    return Ok(());
                }
                if next == NextCommit::Hold {
                    state.held.notify_one();
                    state.released.notified().await;
                }
                server.write_all(bytes).await?;
                if matches!(next, NextCommit::LoseAnswer | NextCommit::LoseAll) {
                    // The answer: it is carried out.
                    server.read_u8().await?;
                    if next == NextCommit::LoseAll {
                        state.is_unreachable.send_replace(true);
                    }
                    return Ok(());
                }
            }
            read = server.read(&mut down) => {
                let Some(bytes) = down.get(..read?).filter(|bytes| !bytes.is_empty()) else {
                    return Ok(());
                };
                client.write_all(bytes).await?;
            }
        }
    }
}
