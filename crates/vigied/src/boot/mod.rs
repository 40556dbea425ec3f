//! Builds the services. The only place that chooses implementations: which database, which store, which clock.

pub(crate) mod database;
pub(crate) mod workloads;

use crate::app::arrivals::{self, Arrivals};
use crate::app::event_rates::EventRates;
use crate::app::quota::Quotas;
use crate::app::readiness::Probes;
use crate::app::supervised::supervised;
use crate::app::{App, Limits};
use crate::backup::state::Backups;
use crate::config::Settings;
use crate::data_dir::identity_mark;
use crate::data_dir::private_files;
use crate::data_dir::{self, DataDir};
use crate::failure;
use crate::http::advertised_address::AdvertisedAddress;
use crate::http::bodies::{Bodies, BodyLimits};
use crate::http::fair_share::{AccountShare, Shares};
use crate::http::guesses::{self, Guesses};
use crate::http::request_slots::RequestSlots;
use crate::http::request_turns::{self, RequestTurns};
use crate::mail;
use crate::query::rules::CompiledRules;
use crate::query::{Queries, QueryLimits};
use crate::route;
use crate::self_metrics::Metrics;
use crate::store::events;
use anyhow::Context;
use base::context::Budget;
use base::limit;
use base::store::{SampleStore, StoreError};
use base::time::{Clock, SystemClock};
use db::Db;
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
use iam::manage::invitation::InvitationConfig;
use iam::manage::quota::AccountLimits;
use iam::{Iam, IamConfig, IamLimits, PasswordCost, SigningConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The services and their data folder. The lock of the folder is released last.
#[derive(Debug)]
pub(crate) struct Booted {
    pub(crate) app: Arc<App>,
    pub(crate) folder: DataDir,
}

/// Opens and locks the data folder, and checks that this build reads the format of its samples.
pub(crate) fn folder(settings: &Settings) -> anyhow::Result<DataDir> {
    let folder = DataDir::open(settings.data(), settings.allow_readable_secrets())?;
    check_samples(settings)?;
    Ok(folder)
}

/// This check comes before the identity database is opened: opening migrates the database and imports files, and the older
/// build that can read the samples could not use it any more.
fn check_samples(settings: &Settings) -> anyhow::Result<()> {
    engine::check_format(&data_dir::samples(settings.data())).context("cannot open the store")
}

/// Opens the identity service.
pub(crate) async fn identity(
    settings: &Settings,
    folder: &DataDir,
    db: Db,
    public_url: &str,
) -> anyhow::Result<Iam> {
    let config = IamConfig {
        issuer: format!("{public_url}/identity"),
        uaa_issuer: format!("{public_url}/oauth/token"),
        access_token_seconds: settings.tokens.access_token_seconds.into(),
        logging_token_seconds: settings.tokens.logging_token_seconds.into(),
        refresh_token_seconds: settings.tokens.refresh_token_seconds.into(),
        signing: SigningConfig {
            algorithm: settings.tokens.signing_algorithm,
            key_days: settings.tokens.signing_key_days,
        },
        keys: folder.keys(),
        encryption_key: encryption_key(settings)?,
        account_limits: account_limits(settings),
        stale_seconds_max: settings.tokens.stale_seconds_max.into(),
        password_checks_max: size(settings.limit(limit::CONCURRENT_PASSWORD_CHECKS)),
        password_cost: PasswordCost::default(),
        limits: IamLimits::of(|limit| settings.limit(limit)),
        refusal_word: crate::failure::refused::word,
        deleted_milliseconds: deleted_milliseconds(settings),
        default_plan: settings.storage.default_plan,
        invitations: invitations(settings),
        workload_issuers: workloads::issuers(settings)?,
    };
    Ok(Iam::open(db, config, Arc::new(SystemClock)).await?)
}

/// How many senders and refused samples are listed.
fn arrival_limits(settings: &Settings) -> arrivals::Limits {
    let of = |limit| size(settings.limit(limit));
    arrivals::Limits {
        senders: of(limit::SENDERS_LISTED),
        senders_per_domain: of(limit::SENDERS_LISTED_PER_DOMAIN),
        rejects: of(limit::REJECTS_LISTED),
        rejects_per_domain: of(limit::REJECTS_LISTED_PER_DOMAIN),
    }
}

/// How long a deletion can be undone.
fn deleted_milliseconds(settings: &Settings) -> i64 {
    i64::from(settings.storage.deleted_seconds) * 1000
}

/// The file of the key that encrypts the signing keys. Other users must not be able to read it.
fn encryption_key(settings: &Settings) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = settings.tokens.encryption_key_file.as_deref() else {
        return Ok(None);
    };
    if path.exists() {
        private_files::check_secret(path, settings.allow_readable_secrets())?;
    }
    Ok(Some(path.to_owned()))
}

/// The settings for invitations.
fn invitations(settings: &Settings) -> InvitationConfig {
    InvitationConfig {
        lifetime_milliseconds: i64::from(settings.invitations.lifetime_hours) * 3_600_000,
        show_code: settings.invitations.show_code_to_inviter,
        by_mail: settings.mail().is_some(),
        per_request: settings.limit(limit::INVITATIONS_PER_REQUEST),
        mails_per_address: settings.limit(limit::MAILS_PER_ADDRESS),
    }
}

/// Opens the identity service for the operator's commands. It takes no lock, reads no key and creates nothing, so it works
/// beside a running server.
pub(crate) async fn identity_of_operator(settings: &Settings) -> anyhow::Result<Iam> {
    require_initialised(settings)?;
    if settings.data().exists() {
        private_files::check_folder(settings.data(), settings.allow_readable_secrets())?;
        private_files::check_single_names(settings.data())?;
    }
    check_samples(settings)?;
    let address = database::address(settings, &data_dir::database(settings.data()));
    let db = database::open(&address).await?;
    let db = db.ok_or_else(|| not_initialised(settings))?;
    let limits = account_limits(settings);
    let (invitations, kept) = (invitations(settings), deleted_milliseconds(settings));
    let clock = Arc::new(SystemClock);
    let iam = Iam::open_without_keys(db, limits, invitations, kept, clock).await?;
    if iam.is_initialised() {
        Ok(iam)
    } else {
        Err(not_initialised(settings))
    }
}

fn account_limits(settings: &Settings) -> AccountLimits {
    let all = limit::PER_ACCOUNT.iter();
    AccountLimits::new(all.map(|limit| (*limit, settings.limit(*limit))))
}

pub(crate) fn not_initialised(settings: &Settings) -> anyhow::Error {
    let data = settings.data().display();
    if settings.database().is_some() {
        return anyhow::anyhow!(
            "the database holds no account yet\nhint: run `vigied init --data {data}` first, or bring its dump back with `pg_restore` if there is one"
        );
    }
    let named = match data_dir::meant_by(settings.data()) {
        Some(meant) => format!("did you mean `--data {}`?", meant.display()),
        None => "name your server's folder with `--data DIR`.".to_owned(),
    };
    anyhow::anyhow!(
        "`{data}` holds no account\nhint: {named} `vigied init --data {data}` makes a new server; set `database` (`VIGIE_DATABASE`) \
         if its identity is in PostgreSQL; or see everything at once with `vigied quickstart`"
    )
}

/// Refuses a folder that `vigied init` has not initialised, before anything is created in it: its name may be a typo.
pub(crate) fn require_initialised(settings: &Settings) -> anyhow::Result<()> {
    let is_there = settings.database().is_some() || data_dir::database(settings.data()).exists();
    if is_there {
        Ok(())
    } else {
        Err(not_initialised(settings))
    }
}

/// Watches for changes of other nodes, and keeps the audit, the activity and the change log, until the service is closed.
fn watch(iam: &Iam, metrics: &Arc<Metrics>) {
    let watched = iam.clone();
    let begin = move || watched.change_watch();
    tokio::spawn(supervised("directory", Arc::clone(metrics), begin));
    let watched = iam.clone();
    let begin = move || watched.audit_watch();
    tokio::spawn(supervised("audit", Arc::clone(metrics), begin));
    let watched = iam.clone();
    let begin = move || watched.activity_watch();
    tokio::spawn(supervised("activity", Arc::clone(metrics), begin));
    let watched = iam.clone();
    let begin = move || watched.policy_watch();
    tokio::spawn(supervised("policies", Arc::clone(metrics), begin));
    let watched = iam.clone();
    let begin = move || watched.housekeeping_watch();
    tokio::spawn(supervised("housekeeping", Arc::clone(metrics), begin));
}

/// Opens all services.
pub(crate) async fn boot(
    settings: &Settings,
    folder: DataDir,
    db: Db,
    advertised_address: AdvertisedAddress,
) -> anyhow::Result<Booted> {
    let public_url = advertised_address.fixed();
    let iam = identity(settings, &folder, db, &public_url).await?;
    if !iam.is_initialised() {
        return Err(not_initialised(settings));
    }
    let mark = identity_mark::read(settings.data())?;
    identity_mark::check(settings.data(), iam.identity_number(mark).await?)?;
    let concurrent_queries = concurrent_queries(settings);
    let metrics = Arc::new(Metrics::new(
        limit::ALL
            .iter()
            .map(|limit| (*limit, settings.limit(*limit)))
            .map(|(limit, value)| match limit {
                limit::CONCURRENT_QUERIES => (limit, concurrent_queries),
                _ => (limit, value),
            }),
        crate::route::table().into_iter().map(|route| route.path),
    ));
    watch(&iam, &metrics);
    if let Some(mail) = settings.mail() {
        mail::start(&mail, iam.clone(), public_url.clone(), &metrics)?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = store(settings, &folder, Arc::clone(&clock)).await?;
    let unknown = iam.unknown_tenants(&store.tenants()).await?;
    if !unknown.is_empty() {
        tracing::warn!(
            domains = unknown.len(),
            hint = "the database was brought back from an earlier copy, or these were deleted for good while this node was down: nobody finds their samples any more",
            "the store has samples of domains that the identity database does not know"
        );
    }
    let shares = Shares {
        account: account_share(&iam),
        source: settings.limit(limit::SOURCE_SHARE_PERCENT),
        unauthenticated: settings.limit(limit::STRANGER_SHARE_PERCENT),
    };
    let queries = query_limits(settings, concurrent_queries, shares.clone());
    let verifier = iam.verifier();
    let app = App {
        scopes: Arc::new(verifier.clone()),
        verifier,
        quotas: Quotas::new(iam.clone(), Arc::clone(&store), Arc::clone(&clock)),
        arrivals: Arrivals::new(arrival_limits(settings), clock.now()),
        event_rates: EventRates::new(settings.limit(limit::EVENTS_PER_MINUTE)),
        backups: Arc::new(Backups::new(
            settings.data(),
            settings.tokens.encryption_key_file.as_deref(),
        )),
        queries: Queries::new(&queries, iam.clone(), Arc::clone(&metrics)),
        rules: CompiledRules::new(settings.storage.compiled_rules_bytes),
        iam,
        store,
        metrics,
        clock,
        public_url,
        error_form_by_path: route::error_form_by_path(),
        origins: settings.origins.clone(),
        advertised_address,
        limits: Limits {
            body_bytes: settings.body_bytes(),
            management_body_bytes: size(settings.limit(limit::MANAGEMENT_BODY_BYTES)),
            header_bytes: size(settings.limit(limit::HEADER_BYTES)),
            request_time: Duration::from_secs(settings.limit(limit::REQUEST_SECONDS)),
            targets_per_query: size(settings.limit(limit::TARGETS_PER_QUERY)),
            events_per_answer: settings.limit(limit::EVENTS_PER_ANSWER),
            targets_per_render: size(settings.limit(limit::TARGETS_PER_RENDER)),
            operations_connections: settings.limit(limit::OPERATIONS_CONNECTIONS),
            operations_time: Duration::from_secs(settings.limit(limit::OPERATIONS_SECONDS)),
        },
        code_tries: Guesses::new(guesses::CODES, settings.limit(limit::CODE_TRIES_PER_MINUTE)),
        probes: Probes::default(),
        guesses: Guesses::new(
            guesses::CREDENTIALS,
            settings.limit(limit::INTROSPECTION_MISSES),
        ),
        request_slots: Arc::new(RequestSlots::new(
            &limit::CONCURRENT_REQUESTS,
            settings.limit(limit::CONCURRENT_REQUESTS),
            shares.clone(),
        )),
        list_turns: RequestTurns::new(&request_turns::LISTS),
        change_turns: RequestTurns::new(&request_turns::CHANGES),
        bodies: Arc::new(Bodies::new(&BodyLimits {
            arriving: settings.limit(limit::ARRIVING_BODIES),
            bytes: settings.limit(limit::BODIES_IN_FLIGHT_BYTES),
            stall: Duration::from_secs(settings.limit(limit::BODY_STALL_SECONDS)),
            bytes_per_second: settings.limit(limit::BODY_BYTES_PER_SECOND_MIN),
            shares,
        })),
    };
    Ok(Booted {
        app: Arc::new(app),
        folder,
    })
}

fn query_limits(settings: &Settings, concurrent: u64, shares: Shares) -> QueryLimits {
    QueryLimits {
        concurrent,
        queued: settings.limit(limit::QUEUED_QUERIES),
        bytes: settings.limit(limit::QUERIES_IN_FLIGHT_BYTES),
        kept_bytes: settings.limit(limit::RENDER_CACHE_BYTES),
        shares,
        budget: Budget {
            steps: settings.limit(limit::STEPS_PER_QUERY),
            nodes: settings.limit(limit::NODES_PER_LIST),
            series: settings.limit(limit::SERIES_PER_QUERY),
            samples: settings.limit(limit::SAMPLES_PER_QUERY),
            bytes: settings.limit(limit::BYTES_PER_QUERY),
        },
        time: Duration::from_secs(settings.limit(limit::REQUEST_SECONDS)),
    }
}

/// The share of an account: its own limit, or the default.
fn account_share(iam: &Iam) -> AccountShare {
    let iam = iam.clone();
    AccountShare::new(move |account| iam.account_limit(account, &limit::ACCOUNT_SHARE_PERCENT))
}

/// The configured number, or two per processor: while one query waits for a file, another can run.
fn concurrent_queries(settings: &Settings) -> u64 {
    match settings.limit(limit::CONCURRENT_QUERIES) {
        0 => std::thread::available_parallelism().map_or(2, |cores| 2 * cores.get() as u64),
        set => set,
    }
}

/// Opens the store.
pub(crate) async fn store(
    settings: &Settings,
    folder: &DataDir,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn SampleStore>> {
    let storage = &settings.storage;
    let config = EngineConfig {
        retention_days: storage.retention_days,
        future_allowed_minutes: storage.future_minutes,
        commit_interval_ms: storage.commit_interval_ms,
        flush_samples: storage.flush_samples,
        directory_cache_bytes: storage.directory_cache_bytes,
        head_bytes: settings.limit(limit::HEAD_BYTES),
        series_per_tenant: settings.limit(limit::SERIES_PER_TENANT),
        name_bytes_per_tenant: settings.limit(limit::NAME_BYTES_PER_TENANT),
        name_bytes_in_all: settings.limit(limit::NAME_BYTES_IN_ALL),
        pending_deletions: settings.limit(limit::PENDING_DELETIONS),
        reserve_bytes: storage.reserve_bytes,
        ..EngineConfig::new(folder.samples())
    };
    let samples = folder.samples();
    let opened = tokio::task::spawn_blocking(move || {
        Engine::open_with_events(config, clock, Arc::new(Disk), Arc::new(events::Log))
    });
    let (engine, report) = opened
        .await
        .context("opening the store broke off")?
        .map_err(|error| match error {
            StoreError::Damaged { .. } => anyhow::anyhow!(
                "cannot open the store: {error}\nhint: restore all of `{}` from a backup, or move it away to start with an empty one",
                samples.display()
            ),
            error => failure::of_store(error).context("cannot open the store"),
        })?;
    tracing::info!("recovered: {report}");
    if let Some(torn) = &report.torn {
        tracing::warn!(
            file = %torn.file.display(),
            bytes = torn.bytes,
            hint = "after a crash or a loss of power nothing needs to be done; otherwise check the disk",
            "the end of the log of samples was damaged, and was cut off"
        );
    }
    Ok(Arc::new(engine))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
