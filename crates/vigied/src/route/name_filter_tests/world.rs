//! A server of two callers: the owner, who reaches everything, and a caller with a key of their own who reaches some names alone.
//! It has all routes, with the guards and the engine of the real server; only the sockets are left out.

use crate::app::scopes::Scopes;
use crate::boot::{self, Booted, database};
use crate::cli::SettingArgs;
use crate::config::{self, Layers, Settings};
use crate::data_dir::DataDir;
use crate::http::advertised_address::AdvertisedAddress;
use crate::http::graphite_prefix::without_prefix;
use crate::operator::init;
use crate::route;
use axum::Router;
use axum::body::Body;
use base::id::AccountId;
use base::scope::{Action, Domain, Grants, Reach, Scope};
use base::selector::{NameFilter, Selector};
use base::time::Millis;
use http::Request;
use http_body_util::BodyExt;
use iam::bootstrap::{self, Created};
use iam::{AuthError, Credential, Proof, Verifier};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tower::ServiceExt;

/// Limits the scopes of one API key to a filter.
#[derive(Debug)]
struct Limited {
    verifier: Verifier,
    account: AccountId,
    key: Arc<OnceLock<String>>,
    filter: Arc<NameFilter>,
}

impl Limited {
    fn limit(&self, credential: Credential<'_>, scope: Scope) -> Scope {
        let key = self.key.get();
        if !matches!(credential, Credential::ApiKey(text) if key.is_some_and(|key| key == text)) {
            return scope;
        }
        let allowed = Action::ALL
            .iter()
            .filter(|action| scope.require(**action).is_ok());
        let grants = allowed.fold(Grants::default(), |all, action| {
            all.with(*action, Reach::Names(Arc::clone(&self.filter)))
        });
        #[expect(
            clippy::disallowed_methods,
            reason = "no credential is limited to names yet"
        )]
        let limited = Scope::granted(scope.principal(), scope.tenant(), scope.domain(), grants);
        limited.owned_by(self.account)
    }
}

impl Scopes for Limited {
    fn proven_scope(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
    ) -> (Result<Scope, AuthError>, Option<Proof>) {
        let (scope, proof) = self.verifier.proven_scope(credential, selector);
        (scope.map(|scope| self.limit(credential, scope)), proof)
    }

    fn scope_at(
        &self,
        credential: Credential<'_>,
        selector: Option<Domain>,
        asked_at: Millis,
    ) -> Result<Scope, AuthError> {
        let scope = self.verifier.scope_at(credential, selector, asked_at)?;
        Ok(self.limit(credential, scope))
    }
}

/// A request to a route of metrics.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) verb: &'static str,
    pub(super) path: &'static str,
    pub(super) query: String,
    pub(super) body: Option<Value>,
}

/// A body as it is sent: JSON, and lines as they are.
fn text(body: &Value) -> String {
    body.as_str()
        .map_or_else(|| body.to_string(), str::to_owned)
}

impl Asked {
    pub(super) fn new(verb: &'static str, path: &'static str, pairs: &[(&str, &str)]) -> Self {
        Self {
            verb,
            path,
            query: wire::query::encode(pairs),
            body: None,
        }
    }

    pub(super) fn with(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }
}

/// An answer, without the parts that differ between two servers: their ids, and the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

/// The server.
pub(super) struct World {
    router: Router,
    owner_key: String,
    key: String,
    ids: Vec<(String, &'static str)>,
    space: String,
    limited: Arc<OnceLock<String>>,
    _lock: DataDir,
    _folder: TempDir,
}

impl World {
    /// A server with these settings, whose limited caller reaches what the globs fit.
    pub(super) async fn start(globs: &[&str], set: &[&str]) -> Self {
        let world = Self::start_unlimited(globs, set).await;
        world.limit()();
        world
    }

    /// The same, and the caller reaches everything until [`Self::limit`].
    pub(super) async fn start_unlimited(globs: &[&str], set: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder, set);
        let lock = boot::folder(&settings).unwrap();
        let made = init::create(&settings, &lock, account()).await.unwrap();
        let address = database::address(&settings, &lock.database());
        let db = database::open_new(&address).await.unwrap();
        let advertised = AdvertisedAddress::new(&settings, settings.listen());
        let booted = boot::boot(&settings, lock, db, advertised).await.unwrap();
        let Booted { app, folder: lock } = booted;
        let mut app = Arc::into_inner(app).unwrap();
        let globs = globs.iter().map(|glob| Selector::parse(glob).unwrap());
        let key = Arc::<OnceLock<String>>::default();
        app.scopes = Arc::new(Limited {
            verifier: app.verifier.clone(),
            account: made.account,
            key: Arc::clone(&key),
            filter: Arc::new(NameFilter::any(globs.collect()).unwrap()),
        });
        let mut world = Self {
            router: route::router(&Arc::new(app)),
            owner_key: made.opening.as_ref().unwrap().api_key.expose().clone(),
            key: String::new(),
            ids: ids(&made),
            space: format!("s-{}", made.space),
            limited: Arc::clone(&key),
            _lock: lock,
            _folder: folder,
        };
        world.key = world.second_key(&made.owner.id.to_string()).await;
        world
    }

    /// Limits the caller from the moment it is called.
    pub(super) fn limit(&self) -> impl FnOnce() + Send + use<> {
        let (limited, key) = (Arc::clone(&self.limited), self.key.clone());
        move || limited.set(key).unwrap()
    }

    async fn second_key(&self, user: &str) -> String {
        let asked = Asked::new("POST", "/v1/apikeys", &[]);
        let asked = asked.with(json!({"name": "limited", "iam_id": user}));
        let made = self.owner(&asked).await;
        assert_eq!(made.status, 201, "{made:?}");
        let made: Value = serde_json::from_str(&made.body).unwrap();
        made["apikey"].as_str().unwrap().to_owned()
    }

    /// Sends one sample of each name as the owner.
    pub(super) async fn fill(&self, names: &[&str], seconds: i64) {
        for names in names.chunks(1000) {
            let asked = Asked::new("POST", "/v1/metrics", &[]).with(samples(names, seconds));
            let sent = self.owner(&asked).await;
            assert_eq!(sent.status, 200, "{sent:?}");
        }
    }

    pub(super) async fn owner(&self, asked: &Asked) -> Answered {
        self.send(asked, &self.owner_key).await
    }

    pub(super) async fn limited(&self, asked: &Asked) -> Answered {
        self.send(asked, &self.key).await
    }

    /// The limited caller's request, from a client that can be told only an address, a name and a password.
    pub(super) async fn limited_by_path(&self, asked: &Asked) -> Answered {
        let path = format!("/graphite/{}{}?{}", self.space, asked.path, asked.query);
        let password = wire::credential::encode_basic("apikey", &self.key);
        let request = Request::builder()
            .method(asked.verb)
            .uri(path)
            .header("host", "vigie.example")
            .header("authorization", password);
        let body = asked.body.as_ref().map(text);
        let request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        self.answered(without_prefix(request)).await
    }

    async fn send(&self, asked: &Asked, key: &str) -> Answered {
        let body = asked.body.as_ref().map(text);
        let body = Body::from(body.unwrap_or_default());
        self.send_body(asked, key, body).await
    }

    /// Sends the limited caller's request with this body.
    pub(super) async fn limited_with(&self, asked: &Asked, body: Body) -> Answered {
        self.send_body(asked, &self.key, body).await
    }

    async fn send_body(&self, asked: &Asked, key: &str, body: Body) -> Answered {
        let mut request = Request::builder()
            .method(asked.verb)
            .uri(format!("{}?{}", asked.path, asked.query))
            .header("host", "vigie.example")
            .header("x-auth-user-token", format!("apikey {key}"));
        if !asked.path.contains("apikeys") {
            request = request.header("x-auth-scope-id", &self.space);
        }
        self.answered(request.body(body).unwrap()).await
    }

    async fn answered(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let mut text = String::from_utf8(body.to_vec()).unwrap();
        if let Some(id) = head.headers.get("transaction-id") {
            text = text.replace(id.to_str().unwrap(), "TRANSACTION");
        }
        let headers = head.headers.iter();
        let headers = headers.filter(|(name, _)| *name != "transaction-id");
        let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let normalized = |text: &str| {
            let ids = self.ids.iter();
            ids.fold(text.to_owned(), |text, (id, name)| text.replace(id, name))
        };
        Answered {
            status: head.status.as_u16(),
            headers: headers.map(|line| normalized(&line)).collect(),
            body: normalized(&text),
        }
    }
}

/// One sample of each name.
pub(super) fn samples(names: &[&str], seconds: i64) -> Value {
    let sample = |name: &&str| json!({"name": name, "value": 1.5, "timestamp": seconds});
    names.iter().map(sample).collect()
}

fn settings(folder: &TempDir, set: &[&str]) -> Settings {
    let pair = |text: &&str| {
        let (key, value) = text.split_once('=').unwrap();
        (key.to_owned(), value.to_owned())
    };
    let arguments = SettingArgs {
        data: Some(folder.path().join("data")),
        set: set.iter().map(pair).collect(),
        ..SettingArgs::default()
    };
    let layers = Layers {
        flags: arguments.flags(),
        ..Layers::default()
    };
    Settings::new(&config::resolve(&layers).unwrap()).unwrap()
}

fn account() -> bootstrap::Request {
    bootstrap::Request {
        account: "a".to_owned(),
        region: None,
        org: "o".to_owned(),
        space: "s".to_owned(),
        owner: "ada@example.org".to_owned(),
        password: None,
    }
}

fn ids(made: &Created) -> Vec<(String, &'static str)> {
    vec![
        (made.account.to_string(), "ACCOUNT"),
        (made.org.to_string(), "ORG"),
        (made.space.to_string(), "SPACE"),
        (made.owner.id.to_string(), "OWNER"),
    ]
}
