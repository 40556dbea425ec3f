//! `vigied serve`: from the data folder to answered requests, and back down without losing any.

use crate::boot::{self, Booted};
use crate::config::Settings;
use crate::http::listener::{self, Event, ListenerLimits};
use crate::http::tls::Tls;
use crate::route;
use anyhow::Context;
use base::limit;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves until `stop` resolves; `ready` hears the address once requests are answered.
pub(crate) async fn serve(
    settings: &Settings,
    ready: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    boot::require_initialised(settings)?;
    let listen = settings.listen();
    let tls = settings.tls().map(Tls::load).transpose()?.map(Arc::new);
    // The lock comes before the port: a second server on the folder must not answer a single request.
    let folder = boot::folder(settings)?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| not_bound(listen, error))?;
    let address = listener
        .local_addr()
        .context("cannot read the address taken")?;
    let Booted { app, folder } = boot::boot(settings, folder, settings.public_url(address)).await?;
    let router = route::router(&app);
    let head_buffer_bytes =
        usize::try_from(settings.limit(limit::HEADER_BYTES)).unwrap_or(usize::MAX);
    let limits = ListenerLimits {
        connections: usize::try_from(settings.limit(limit::CONNECTIONS)).unwrap_or(usize::MAX),
        // Eight times the limit, so that a head that is too large is answered with our own 431 and reason.
        head_buffer_bytes: head_buffer_bytes.saturating_mul(8).max(64 * 1024),
    };
    // Watched before anybody learns that the server is there, and without TLS as well: a SIGHUP that nobody watches for
    // ends the process at once.
    let hangup = signal(SignalKind::hangup()).context("cannot watch for SIGHUP")?;
    let reloading = tokio::spawn(reload_on_hangup(tls.clone(), hangup));
    tracing::info!(%address, public_url = app.public_url, tls = tls.is_some(), "serving");
    ready(address)?;
    let counted = Arc::clone(&app);
    let heard = move |event| {
        counted.metrics.limited(match event {
            Event::Full => &limit::CONNECTIONS,
            Event::HeadTooLarge => &limit::HEADER_BYTES,
        });
    };
    listener::serve(listener, tls, router, limits, heard, stop).await;
    reloading.abort();
    app.queries.end().await;
    tracing::info!("shutting down: the last request is answered, flushing the store");
    let store = Arc::clone(&app.store);
    let flushed = tokio::task::spawn_blocking(move || store.flush()).await;
    app.iam.close().await;
    flushed.context("the flush broke off")?.context(
        "the log was not brought to segments; the next start recovers all that was acknowledged",
    )?;
    drop(app);
    drop(folder);
    tracing::info!("stopped");
    Ok(())
}

fn not_bound(listen: SocketAddr, error: std::io::Error) -> anyhow::Error {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => {
            "another program holds the port; choose one with `--listen ADDRESS:PORT`, port 0 takes a free one"
        }
        ErrorKind::PermissionDenied => {
            "this user may not take this port; choose one from 1024 up with `--listen ADDRESS:PORT`"
        }
        ErrorKind::AddrNotAvailable => {
            "this machine does not have this address; choose another with `--listen ADDRESS:PORT`"
        }
        _ => "choose another address with `--listen ADDRESS:PORT`",
    };
    anyhow::Error::new(error).context(format!("cannot listen on {listen}\nhint: {hint}"))
}

/// Resolves on SIGTERM or Ctrl-C.
pub(crate) async fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn reload_on_hangup(tls: Option<Arc<Tls>>, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        let Some(tls) = &tls else {
            tracing::info!("SIGHUP: there is no certificate to read again");
            continue;
        };
        match tls.reload() {
            Ok(()) => tracing::info!("certificate read again"),
            Err(error) => {
                tracing::error!(%error, "certificate not read again: the old one stays in use");
            }
        }
    }
}
