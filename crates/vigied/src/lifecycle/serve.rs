//! `vigied serve`: opens the data folder, serves requests, and shuts down without losing any.

use crate::boot::database;
use crate::boot::{self, Booted};
use crate::config::OperationsAddress;
use crate::config::Settings;
use crate::http::advertised_address::AdvertisedAddress;
use crate::lifecycle::background;
use crate::lifecycle::notify::{self, State};
use crate::lifecycle::reload::Reload;
use crate::lifecycle::shutdown::{self, Plan};
use crate::net::descriptors::{self, Connections};
use crate::net::hsts;
use crate::net::listener::{self, ListenerLimits, ListenerService};
use crate::net::proxies::Proxies;
use crate::net::times::Times;
use crate::net::tls::Tls;
use crate::operations::{self, token};
use crate::route;
use crate::senders::{self, ClientCertificates, Senders};
use anyhow::{Context, bail};
use arc_swap::ArcSwapOption;
use base::limit;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Longer times are cut to this: nobody waits that long, and clocks can still add it.
const SECONDS_MAX: u64 = 365 * 86_400;

/// Serves until `stop` resolves. Calls `ready` with the address once requests are answered.
pub(crate) async fn serve(
    settings: &Settings,
    ready: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    boot::require_initialised(settings)?;
    let listen = settings.listen();
    let tls = Tls::of(settings)?.map(Arc::new);
    // Lock the folder before taking the port: a second server on the folder must not answer a single request.
    let folder = boot::folder(settings)?;
    let mut stop = std::pin::pin!(stop);
    let wait = settings.database_wait;
    let database = database::address(settings, &folder.database());
    // Wait for the database before taking the port, so that no request waits for it.
    let db = tokio::select! {
        db = database::open_with_retries(&database, wait) => db?.ok_or_else(|| boot::not_initialised(settings))?,
        () = &mut stop => {
            tracing::info!("stopped while waiting for the database");
            return Ok(());
        }
    };
    let listener = listener::bind(listen).map_err(|error| not_bound(listen, error))?;
    let address = listener
        .local_addr()
        .context("cannot read the address taken")?;
    let listeners = senders::BoundListener::all(settings)?;
    let certificates = ClientCertificates::of(&settings.senders)?;
    let place = settings.operations();
    let tokens = Arc::new(ArcSwapOption::new(
        token::read(settings.data())?.map(Arc::new),
    ));
    let is_remote =
        matches!(place, OperationsAddress::Address(address) if !address.ip().is_loopback());
    require_token(settings, is_remote, tokens.load().is_some())?;
    operations::remove_stale(&place, settings.data());
    let operators = operations::Listener::bind(&place).await?;
    let advertised_address = AdvertisedAddress::new(settings, address);
    warn_if_unknown(&advertised_address, address);
    let control = operations::Listener::control(settings)?;
    let Booted { app, folder } = boot::boot(settings, folder, db, advertised_address).await?;
    let served = ListenerService {
        router: route::router(&app),
        tls: tls.clone(),
        proxies: Proxies::new(settings),
        hsts: hsts::value(settings, &app.public_url),
    };
    let can_be = descriptors::raise(Connections {
        clients: settings.limit(limit::CONNECTIONS),
        senders: match listeners.is_empty() {
            true => 0,
            false => settings.limit(limit::SENDER_CONNECTIONS),
        },
        operators: settings.limit(limit::OPERATIONS_CONNECTIONS),
    });
    let limits = limits(settings, can_be.clients);
    // Install the handler before the address is announced, and without TLS as well: an unhandled SIGHUP ends the process.
    let hangup = signal(SignalKind::hangup()).context("cannot watch for SIGHUP")?;
    let reload = Reload {
        tls: tls.clone(),
        certificates: certificates.clone(),
        iam: app.iam.clone(),
        tokens: Arc::clone(&tokens),
        settings: Arc::new(settings.clone()),
    };
    let reloading = tokio::spawn(reload.on_each(hangup));
    let background = background::start(&app);
    let operations_at = match (operators.address(), &place) {
        (Some(address), _) => address.to_string(),
        (None, OperationsAddress::Socket(path)) => path.display().to_string(),
        (None, OperationsAddress::Address(address)) => address.to_string(),
    };
    let remote_tls = tls.clone().filter(|_| is_remote);
    let operating = tokio::spawn(operations::serve(
        operators,
        Arc::clone(&app),
        remote_tls,
        tokens,
    ));
    let controlling = tokio::spawn(operations::serve(
        control,
        Arc::clone(&app),
        None,
        Arc::default(),
    ));
    tracing::info!(operations = operations_at, %address, public_url = app.public_url, tls = tls.is_some(), "serving");
    let senders = Senders::start(
        listeners,
        settings,
        &app,
        (tls.clone(), certificates),
        can_be.senders,
    )?;
    ready(address)?;
    notify::send_state(State::Ready);
    let stop = async {
        stop.await;
        senders.stop();
        notify::send_state(State::Stopping);
    };
    let counted = Arc::clone(&app);
    let on_limit = move |limit| counted.metrics.limited(limit);
    let plan = Plan::new(settings.shutdown);
    let deadline = shutdown::drained(plan, stop, |stop| {
        // In a task: the main thread, which runs this, is no worker of the runtime, and would have to wake one for each connection.
        let mut serving = JoinSet::new();
        serving.spawn(listener::serve(listener, served, limits, on_limit, stop));
        async move {
            if let Some(Err(failed)) = serving.join_next().await {
                std::panic::resume_unwind(failed.into_panic());
            }
        }
    })
    .await;
    let _ = tokio::time::timeout_at(deadline, senders.ended()).await;
    reloading.abort();
    drop(background);
    shut_down(Booted { app, folder }, [operating, controlling], deadline).await
}

/// Fails where the operators' listener is reached from other machines and there is no token for it.
fn require_token(settings: &Settings, is_remote: bool, has_token: bool) -> anyhow::Result<()> {
    if is_remote && !has_token {
        bail!(
            "`operations.listen` is reached from other machines, and there is no token for it\nhint: make one with `vigied operations token --data {}`",
            settings.data().display()
        );
    }
    Ok(())
}

/// Warns if callers get an address that was not set.
fn warn_if_unknown(advertised_address: &AdvertisedAddress, address: SocketAddr) {
    if advertised_address.is_unknown() {
        tracing::warn!(
            %address,
            hint = "set `public_url` to the address that clients reach the server under",
            "`public_url` is not set, and `listen` is every address of this machine: each caller is given the address that they used"
        );
    }
}

/// Ends what served the requests, of which the last is answered: queries, store and database, then the listeners of operators.
async fn shut_down(
    Booted { app, folder }: Booted,
    operations: [JoinHandle<()>; 2],
    deadline: Instant,
) -> anyhow::Result<()> {
    // The clients of these queries are disconnected by now.
    let _ = tokio::time::timeout_at(deadline, app.queries.end()).await;
    tracing::info!("shutting down: the last request is answered, flushing the store");
    // The operators' listener answers until the end. Close and flush run at once, so that a stuck flush leaves time for the
    // database.
    let closing = tokio::time::timeout_at(deadline, app.iam.close());
    let (flushed, closed) =
        tokio::join!(shutdown::flush(Arc::clone(&app.store), deadline), closing);
    operations.iter().for_each(JoinHandle::abort);
    // Wait, so that the sockets are removed before the process ends.
    for listener in operations {
        let _ = tokio::time::timeout_at(deadline, listener).await;
    }
    if closed.is_err() {
        tracing::warn!("the identity database was not closed in time");
    }
    if flushed.is_err() {
        // A stuck flush may still write until the process ends, so the lock must be kept that long.
        std::mem::forget(folder);
        return flushed;
    }
    drop(app);
    drop(folder);
    tracing::info!("stopped");
    Ok(())
}

fn limits(settings: &Settings, connections: u64) -> ListenerLimits {
    let size = |limit| usize::try_from(settings.limit(limit)).unwrap_or(usize::MAX);
    let time = |limit| Duration::from_secs(settings.limit(limit).min(SECONDS_MAX));
    ListenerLimits {
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
        connections_per_source: size(limit::CONNECTIONS_PER_SOURCE),
        // Four times the limit, so that we can answer a head that is too large with our own 431 and reason.
        head_buffer_bytes: size(limit::HEADER_BYTES).saturating_mul(4).max(64 * 1024),
        times: Times {
            head: time(limit::HEAD_SECONDS),
            idle: time(limit::IDLE_SECONDS),
            stall: time(limit::WRITE_STALL_SECONDS),
            rate: settings.limit(limit::ANSWER_BYTES_PER_SECOND),
            half_closed: time(limit::HALF_CLOSED_SECONDS),
        },
    }
}

fn not_bound(listen: SocketAddr, error: std::io::Error) -> anyhow::Error {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => {
            "another program is using the port; choose another with `--listen ADDRESS:PORT`, or port 0 for any free port"
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
