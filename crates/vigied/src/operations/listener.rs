//! Accepts the operators' connections. One request each, and a time limit on the whole of it: what asks for metrics once a
//! minute loses nothing, and nothing that is slow, silent or unread stays.

use super::answer::{self, Tokens};
use super::{Place, control, socket};
use crate::app::App;
use crate::config::Settings;
use crate::http::tls::Tls;
use anyhow::Context;
use base::limit;
use base::source::SourceKey;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::Semaphore;

/// What is buffered of a request's head; Prometheus sends some hundred bytes.
const HEAD_BYTES: usize = 16 * 1024;

/// Of all places one address may take this part: it must not keep the scraper out.
const SHARE: usize = 4;

/// The listener, taken and not served yet.
#[derive(Debug)]
pub(crate) struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Socket(socket::Socket),
    Address(TcpListener),
    /// For the operator's commands.
    Control(socket::Socket, Arc<Settings>),
}

/// Places by address, given back when dropped.
#[derive(Debug, Default)]
struct Sources(Mutex<HashMap<SourceKey, usize>>);

struct Taken {
    sources: Arc<Sources>,
    key: SourceKey,
}

impl Sources {
    fn take(self: &Arc<Self>, key: SourceKey, most: usize) -> Option<Taken> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(key).or_default();
        if *own >= most {
            return None;
        }
        *own += 1;
        let sources = Arc::clone(self);
        Some(Taken { sources, key })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut taken = self
            .sources
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

enum Accepted {
    Socket(UnixStream),
    Address(TcpStream, SocketAddr),
}

impl Listener {
    /// Takes the place.
    pub(crate) async fn bind(place: &Place) -> anyhow::Result<Self> {
        Ok(Self(match place {
            Place::Socket(path) => Kind::Socket(socket::bind(path)?),
            Place::Address(address) => {
                let bound = TcpListener::bind(address).await.with_context(|| {
                    format!("cannot listen for operators on {address}\nhint: choose another with `operations.listen = \"ADDRESS:PORT\"`")
                })?;
                Kind::Address(bound)
            }
        }))
    }

    /// Takes the place in the data folder for the operator's commands.
    pub(crate) fn control(settings: &Settings) -> anyhow::Result<Self> {
        let socket = socket::bind(&control::path(settings.data()))?;
        Ok(Self(Kind::Control(socket, Arc::new(settings.clone()))))
    }

    /// The address taken, where it is one.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Socket(_) | Kind::Control(..) => None,
            Kind::Address(listener) => listener.local_addr().ok(),
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

/// Serves until it is dropped. `tls` where it is reached from other machines.
pub(crate) async fn serve(
    listener: Listener,
    app: Arc<App>,
    tls: Option<Arc<Tls>>,
    tokens: Tokens,
) {
    let router = match &listener.0 {
        // Who may open the socket is the operator.
        Kind::Socket(_) => answer::router(&app, None),
        Kind::Address(_) => answer::router(&app, Some(tokens)),
        Kind::Control(_, settings) => control::router(&app, settings),
    };
    let places_max = app.limits.operations_connections;
    let places = Arc::new(Semaphore::new(places_max));
    let sources = Arc::new(Sources::default());
    loop {
        let accepted = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection of an operator");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let share = match &accepted {
            Accepted::Socket(_) => Ok(None),
            Accepted::Address(_, peer) => {
                let most = places_max.div_ceil(SHARE);
                let taken = sources.take(SourceKey::of(peer.ip()), most);
                taken.map(Some).ok_or(())
            }
        };
        let place = Arc::clone(&places).try_acquire_owned();
        let (Ok(share), Ok(place)) = (share, place) else {
            app.metrics.limited(&limit::OPERATIONS_CONNECTIONS);
            continue;
        };
        let (app, router, tls) = (Arc::clone(&app), router.clone(), tls.clone());
        let router = match &accepted {
            Accepted::Socket(stream) => {
                let peer = stream.peer_cred().ok().map(|own| own.uid());
                router.layer(axum::Extension(control::Peer(peer)))
            }
            Accepted::Address(..) => router,
        };
        tokio::spawn(async move {
            let _held = (place, share);
            let limit = app.limits.operations_time;
            let answered = tokio::time::timeout(limit, async {
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
            if answered.await.is_err() {
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
        let sources = Arc::new(Sources::default());
        let key = |text: &str| SourceKey::of(text.parse().unwrap());
        let first = sources.take(key("192.0.2.1"), 2);
        let second = sources.take(key("192.0.2.1"), 2);
        assert!(first.is_some() && second.is_some());
        assert!(sources.take(key("192.0.2.1"), 2).is_none());
        assert!(sources.take(key("192.0.2.2"), 2).is_some());
        drop(first);
        assert!(sources.take(key("192.0.2.1"), 2).is_some());
        drop(second);
        assert!(sources.0.lock().unwrap().is_empty());
    }
}
