//! Accepts the operators' connections. Each carries one request under one time limit: clients that scrape once a minute lose
//! nothing, and slow, silent or unread connections do not accumulate.

use super::answer::{self, Tokens};
use super::peer::Peer;
use super::{OperationsAddress, control, socket};
use crate::app::App;
use crate::config::Settings;
use crate::control::COMMAND_TIME_MAX;
use crate::http::fair_share::{AccountShare, ShareOwner, Shares};
use crate::http::request_slots::RequestSlots;
use crate::net::tls::Tls;
use anyhow::Context;
use base::failure_streak::FailureStreak;
use base::limit;
use base::source::SourceKey;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Buffer for the head of a request; Prometheus sends a few hundred bytes.
const HEAD_BYTES: usize = 16 * 1024;

/// Percentage of all slots that one address may take, so that it cannot keep the scraper out.
const SOURCE_PERCENT: u64 = 25;

/// The listener, bound but not served yet.
#[derive(Debug)]
pub(crate) struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Socket(socket::Socket),
    Address(TcpListener),
    /// For the operator's commands.
    Control(socket::Socket, Arc<Settings>),
}

enum Accepted {
    Socket(UnixStream),
    Address(TcpStream, SocketAddr),
}

impl Listener {
    /// Binds the listener.
    pub(crate) async fn bind(place: &OperationsAddress) -> anyhow::Result<Self> {
        Ok(Self(match place {
            OperationsAddress::Socket(path) => Kind::Socket(socket::bind(path)?),
            OperationsAddress::Address(address) => {
                let bound = TcpListener::bind(address).await.with_context(|| {
                    format!("cannot listen for operators on {address}\nhint: choose another with `operations.listen = \"ADDRESS:PORT\"`")
                })?;
                Kind::Address(bound)
            }
        }))
    }

    /// Binds the control socket in the data folder.
    pub(crate) fn control(settings: &Settings) -> anyhow::Result<Self> {
        let socket = socket::bind(&crate::control::path(settings.data()))?;
        Ok(Self(Kind::Control(socket, Arc::new(settings.clone()))))
    }

    /// The bound address, if it is not a socket.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Socket(_) | Kind::Control(..) => None,
            Kind::Address(listener) => listener.local_addr().ok(),
        }
    }

    /// How long a connection may stay: as long as the limit for operators says, or as long as commands may take.
    fn time_max(&self, app: &App) -> Duration {
        match &self.0 {
            Kind::Socket(_) | Kind::Address(_) => app.limits.operations_time,
            Kind::Control(..) => COMMAND_TIME_MAX,
        }
    }

    async fn accept(&self) -> std::io::Result<Accepted> {
        Ok(match &self.0 {
            Kind::Socket(socket) | Kind::Control(socket, _) => {
                Accepted::Socket(socket.listener.accept().await?.0)
            }
            Kind::Address(listener) => {
                let (stream, peer) = listener.accept().await?;
                Accepted::Address(stream, peer)
            }
        })
    }
}

/// The slots, shared by address; accounts do not count here.
fn slots(total: u64) -> RequestSlots {
    let shares = Shares {
        account: AccountShare::new(|_| 100),
        source: SOURCE_PERCENT,
        unauthenticated: 100,
    };
    RequestSlots::new(&limit::OPERATIONS_CONNECTIONS, total, shares)
}

/// Serves until dropped; with `tls` if it is reachable from other machines.
pub(crate) async fn serve(
    listener: Listener,
    app: Arc<App>,
    tls: Option<Arc<Tls>>,
    tokens: Tokens,
) {
    let router = match &listener.0 {
        // Only the operator can open the socket.
        Kind::Socket(_) => answer::router(&app, None),
        Kind::Address(_) => answer::router(&app, Some(tokens)),
        Kind::Control(_, settings) => control::router(&app, settings),
    };
    let slots = Arc::new(slots(app.limits.operations_connections));
    let time_max = listener.time_max(&app);
    let is_limited = !matches!(listener.0, Kind::Control(..));
    let failing = FailureStreak::new();
    loop {
        let accepted = match listener.accept().await {
            Ok(accepted) => {
                let _ = failing.record_success();
                accepted
            }
            Err(error) => {
                // The connection waits, and fails again in a moment.
                if failing.record_failure() {
                    tracing::warn!(%error, "cannot accept a connection of an operator");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let owner = match &accepted {
            // All connections of the socket belong to the operator.
            Accepted::Socket(_) => ShareOwner::Proxy,
            Accepted::Address(_, peer) => ShareOwner::Source(SourceKey::of(peer.ip())),
        };
        let Ok(slot) = slots.take(owner) else {
            app.metrics.limited(&limit::OPERATIONS_CONNECTIONS);
            continue;
        };
        let (app, router, tls) = (Arc::clone(&app), router.clone(), tls.clone());
        let router = match &accepted {
            Accepted::Socket(stream) => {
                let peer = stream.peer_cred().ok().map(|credentials| credentials.uid());
                router.layer(axum::Extension(Peer(peer)))
            }
            Accepted::Address(..) => router,
        };
        tokio::spawn(async move {
            let _slot = slot;
            let answered = tokio::time::timeout(time_max, async {
                match (accepted, tls) {
                    (Accepted::Socket(stream), _) => answer_one(stream, router).await,
                    (Accepted::Address(stream, _), None) => answer_one(stream, router).await,
                    (Accepted::Address(stream, _), Some(tls)) => {
                        let acceptor = tokio_rustls::TlsAcceptor::from(tls.current_http1());
                        if let Ok(stream) = acceptor.accept(stream).await {
                            answer_one(stream, router).await;
                        }
                    }
                }
            });
            if answered.await.is_err() && is_limited {
                app.metrics.limited(&limit::OPERATIONS_SECONDS);
            }
        });
    }
}

async fn answer_one<S>(stream: S, router: axum::Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = served.await {
        tracing::debug!(%error, "an operator's connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_its_share_and_gives_it_back() {
        let slots = Arc::new(slots(8));
        let take =
            |text: &str| slots.take(ShareOwner::Source(SourceKey::of(text.parse().unwrap())));
        let first = take("192.0.2.1").unwrap();
        let second = take("192.0.2.1").unwrap();
        assert!(take("192.0.2.1").is_err());
        let other = take("192.0.2.2").unwrap();
        drop(first);
        let again = take("192.0.2.1").unwrap();
        drop((second, again, other));
        // The socket's slots are one owner's: all but the last eighth.
        let held: Vec<_> = std::iter::from_fn(|| slots.take(ShareOwner::Proxy).ok()).collect();
        assert_eq!(held.len(), 7);
    }
}
