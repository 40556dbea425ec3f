//! The identity routes: what is asked for is named in the path or the body, so the columns are the objects, and each is
//! tried with a request that is right in everything but, perhaps, the caller.

use super::families::FAMILIES;
use super::service_ids;
use super::users;
use super::world::{CREDENTIALS, ELSEWHERE, Key, OrgAndSpace, User, World};
use crate::harness::Request;
use serde_json::{Value, json};

/// One request of a person, with one of their credentials, to one route.
pub(crate) struct Attempt<'w> {
    pub(crate) world: &'w World,
    pub(crate) user: &'w User,
    pub(crate) credential: &'static str,
    pub(crate) method: &'w str,
    pub(crate) path: &'w str,
    /// Whether the rules allow it.
    pub(crate) may: bool,
}

impl Attempt<'_> {
    /// The request, its path's braces filled.
    pub(super) fn with(&self, parts: &[(&str, &str)]) -> Request {
        let path = parts
            .iter()
            .fold(self.path.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            });
        let (world, user) = (self.world, self.user);
        world.call(user, self.credential, self.method, &path)
    }

    /// The request, with a query.
    pub(super) fn asking(&self, query: &str) -> Request {
        let path = format!("{}?{query}", self.path);
        let (world, user) = (self.world, self.user);
        world.call(user, self.credential, self.method, &path)
    }

    fn clerk(&self) -> Value {
        json!({"username": self.world.clerk})
    }

    fn new_name(&self) -> Value {
        json!({"name": self.world.new_name()})
    }

    /// Lets the clerk hold the role that is to be taken away.
    fn appoint(&self, path: &str) {
        self.world.manage("PUT", path, &self.clerk());
    }
}

type Ask = Box<dyn Fn(&Attempt<'_>) -> Request + Send + Sync>;
pub(super) type Relation = fn(&User) -> bool;
type RequestFor<T> = fn(&Attempt<'_>, &T) -> Request;

/// A column of a route: what is asked for, and who gets it.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    ask: Ask,
    may_see: Relation,
    may: Relation,
    yes: u16,
}

impl Column {
    /// The request of this column.
    pub(crate) fn request(
        &self,
        world: &World,
        user: &User,
        credential: &'static str,
        method: &str,
        path: &str,
    ) -> Request {
        (self.ask)(&Attempt {
            world,
            user,
            credential,
            method,
            path,
            may: (200..300).contains(&self.rule(user)),
        })
    }

    /// The status by the rules, independent of the table: an object that the user may not see is not found, one that they see but
    /// may not change is forbidden.
    fn rule(&self, user: &User) -> u16 {
        match ((self.may_see)(user), (self.may)(user)) {
            (false, _) => 404,
            (true, false) => 403,
            (true, true) => self.yes,
        }
    }
}

pub(super) fn everyone(_: &User) -> bool {
    true
}

fn nobody(_: &User) -> bool {
    false
}

pub(super) fn at_home(user: &User) -> bool {
    user.domain != ELSEWHERE
}

fn stranger(user: &User) -> bool {
    user.domain == ELSEWHERE
}

pub(super) fn administrator(user: &User) -> bool {
    user.has_role("account", "Administrator")
}

/// Administrator of the account that the credential is for.
pub(super) fn administers_own(user: &User) -> bool {
    administrator(user) || stranger(user)
}

fn makes_orgs(user: &User) -> bool {
    administers_own(user) || user.has_role("account", "Editor")
}

/// Member of the organization: has a role in it or in one of its spaces.
fn in_org(user: &User) -> bool {
    administrator(user) || matches!(user.domain, "own org" | "own space")
}

fn manages_org(user: &User) -> bool {
    administrator(user) || user.has_role("own org", "Manager")
}

pub(super) fn in_space(user: &User) -> bool {
    manages_org(user) || user.domain == "own space"
}

fn manages_space(user: &User) -> bool {
    manages_org(user) || user.has_role("own space", "Manager")
}

pub(super) fn column(
    name: &'static str,
    (may_see, may): (Relation, Relation),
    yes: u16,
    ask: impl Fn(&Attempt<'_>) -> Request + Send + Sync + 'static,
) -> Column {
    Column {
        name,
        ask: Box::new(ask),
        may_see,
        may,
        yes,
    }
}

/// The effect of a request on its object.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Reads,
    Changes,
    /// Each attempt that may succeed gets a victim of its own.
    Destroys,
}

fn places(
    names: [&'static str; 2],
    does: Does,
    (may_see, changes): (Relation, Relation),
    yes: u16,
    ask: RequestFor<OrgAndSpace>,
) -> Vec<Column> {
    let (own_may, other_may): (Relation, Relation) = match does {
        Does::Reads => (everyone, everyone),
        Does::Changes | Does::Destroys => (changes, administrator),
    };
    let victim = move |attempt: &Attempt<'_>| does == Does::Destroys && attempt.may;
    let ask_own = move |attempt: &Attempt<'_>| match victim(attempt) {
        true => ask(attempt, &attempt.world.own_place(attempt.user)),
        false => ask(attempt, &attempt.world.home),
    };
    let other = move |attempt: &Attempt<'_>| match victim(attempt) {
        true => ask(attempt, &attempt.world.place()),
        false => ask(attempt, &attempt.world.other),
    };
    vec![
        column(names[0], (may_see, own_may), yes, ask_own),
        column(names[1], (administrator, other_may), yes, other),
    ]
}

fn orgs(does: Does, yes: u16, ask: RequestFor<OrgAndSpace>) -> Vec<Column> {
    let names = ["own org", "other org"];
    places(names, does, (in_org, manages_org), yes, ask)
}

fn spaces(does: Does, yes: u16, ask: RequestFor<OrgAndSpace>) -> Vec<Column> {
    let names = ["own space", "other space"];
    places(names, does, (in_space, manages_space), yes, ask)
}

/// A key of the caller, and one of the owner.
fn keys(does: Does, yes: u16, ask: RequestFor<Key>) -> Vec<Column> {
    let victim = move |attempt: &Attempt<'_>| does == Does::Destroys && attempt.may;
    let ask_own = move |attempt: &Attempt<'_>| match victim(attempt) {
        true => ask(attempt, &attempt.world.key(attempt.user)),
        false => ask(attempt, &attempt.user.key),
    };
    let anothers = move |attempt: &Attempt<'_>| match victim(attempt) {
        true => ask(attempt, &attempt.world.new_owners_key()),
        false => ask(attempt, &attempt.world.owners_key),
    };
    vec![
        column("own key", (everyone, everyone), yes, ask_own),
        column(
            "another's key",
            (administrator, administrator),
            yes,
            anothers,
        ),
    ]
}

/// The account of all but the stranger, the stranger's, and none.
pub(super) fn accounts(may: Relation, yes: u16, ask: RequestFor<String>) -> Vec<Column> {
    let first = move |attempt: &Attempt<'_>| ask(attempt, &attempt.world.account);
    let second = move |attempt: &Attempt<'_>| ask(attempt, &attempt.world.elsewhere.0);
    let none = move |attempt: &Attempt<'_>| ask(attempt, &"0123456789abcdef".repeat(2));
    vec![
        column("the account", (at_home, may), yes, first),
        column("another", (stranger, stranger), yes, second),
        column("none such", (nobody, nobody), yes, none),
    ]
}

/// Deleted objects: those who may delete them may restore them; for others they do not exist.
fn deleted(
    names: [&'static str; 2],
    may: Relation,
    of: fn(&OrgAndSpace) -> (&str, &str),
) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>, place: &OrgAndSpace| {
        let (collection, guid) = of(place);
        let path = format!("/v2/{collection}/{guid}?recursive=true");
        attempt.world.manage("DELETE", &path, &Value::Null);
        attempt.with(&[("guid", guid)]).json(&json!({}))
    };
    let ask_own = move |attempt: &Attempt<'_>| ask(attempt, &attempt.world.own_place(attempt.user));
    let other = move |attempt: &Attempt<'_>| ask(attempt, &attempt.world.place());
    vec![
        column(names[0], (may, may), 201, ask_own),
        column(names[1], (administrator, administrator), 201, other),
    ]
}

fn open(yes: u16, ask: fn(&Attempt<'_>) -> Request) -> Vec<Column> {
    vec![column("oneself", (everyone, everyone), yes, ask)]
}

/// A request that is forbidden with every credential tried here.
fn never(ask: fn(&Attempt<'_>) -> Request) -> Vec<Column> {
    vec![column("oneself", (everyone, nobody), 403, ask)]
}

/// How a route is tried; none when this file does not know it.
pub(crate) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    use Does::{Changes, Destroys, Reads};
    let columns = match (method, path) {
        (
            "GET",
            "/identity/userinfo" | "/coe/v2/accounts" | "/v2/organizations" | "/v2/spaces"
            | "/v2/deleted",
        ) => open(200, |a| a.with(&[])),
        ("POST", "/identity/userinfo") => open(200, |a| a.with(&[])),
        ("POST", "/oauth/token/disconnect") => open(200, |a| {
            let spare = a.world.spare(a.user, a.credential);
            let value = format!("{} {spare}", a.credential);
            let request = a.world.server.request(a.method, a.path);
            request.header("X-Auth-User-Token", &value)
        }),
        ("PUT", "/v2/users/self/password") => open(204, |a| {
            let password = &a.user.password;
            a.with(&[])
                .json(&json!({"current_password": password, "new_password": password}))
        }),

        // Needs a password login; all of these credentials are keys or come from one.
        ("GET", "/v2/users/self/invitations") => never(|a| a.with(&[])),
        (
            "POST",
            "/v2/users/self/invitations/{id}/accept" | "/v2/users/self/invitations/{id}/decline",
        ) => never(|a| a.with(&[("id", &a.user.iam_id)])),
        ("POST", "/v2/users/accept") => never(|a| {
            a.with(&[])
                .json(&json!({"account_id": a.world.elsewhere.0}))
        }),

        ("GET", "/coe/v2/accounts/{id}" | "/v4/accounts/{id}") => {
            accounts(everyone, 200, |a, id| a.with(&[("id", id)]))
        }
        ("GET", "/v2/accounts/{account}/users") => {
            accounts(administrator, 200, |a, id| a.with(&[("account", id)]))
        }
        ("POST", "/v2/accounts/{account}/users") => accounts(administrator, 202, |a, id| {
            let email = format!("{}@example.org", a.world.new_name());
            a.with(&[("account", id)])
                .json(&json!({"users": [{"email": email}]}))
        }),
        ("DELETE", "/v2/accounts/{account}/users/{iam_id}") => {
            accounts(administrator, 204, |a, id| {
                let whom = match a.may {
                    true => a.world.victim(a.user),
                    false => users::other(a, id).to_owned(),
                };
                a.with(&[("account", id), ("iam_id", &whom)])
            })
        }
        ("GET", "/v2/accounts/{account}/roles/{role}") => accounts(administrator, 200, |a, id| {
            a.with(&[("account", id), ("role", "Viewer")])
        }),
        ("PUT", "/v2/accounts/{account}/roles/{role}") => accounts(administrator, 204, |a, id| {
            a.with(&[("account", id), ("role", "Viewer")])
                .json(&a.clerk())
        }),
        ("DELETE", "/v2/accounts/{account}/roles/{role}") => {
            accounts(administrator, 204, |a, id| {
                a.appoint(&format!("/v2/accounts/{}/roles/Viewer", a.world.account));
                a.with(&[("account", id), ("role", "Viewer")])
                    .json(&a.clerk())
            })
        }

        ("GET", "/v1/apikeys") => vec![
            column("own", (everyone, everyone), 200, |a| a.with(&[])),
            column("another's", (everyone, administers_own), 200, |a| {
                a.asking(&format!("iam_id={}", a.world.owner_iam_id))
            }),
            column("all", (everyone, administers_own), 200, |a| {
                a.asking("scope=account")
            }),
            column("another account", (stranger, stranger), 200, |a| {
                a.asking(&format!("account_id={}", a.world.elsewhere.0))
            }),
        ],
        ("POST", "/v1/apikeys") => vec![
            column("for oneself", (everyone, everyone), 201, |a| {
                a.with(&[])
                    .json(&json!({"name": a.world.new_name(), "iam_id": a.user.iam_id}))
            }),
            column("for another", (everyone, nobody), 201, |a| {
                a.with(&[])
                    .json(&json!({"name": a.world.new_name(), "iam_id": a.world.owner_iam_id}))
            }),
            column("for a service", (administrator, administrator), 201, |a| {
                let service = service_ids::create_service_id(a.world);
                a.with(&[])
                    .json(&json!({"name": a.world.new_name(), "iam_id": service["iam_id"]}))
            }),
        ],
        ("GET", "/v1/apikeys/details") => keys(Reads, 200, |a, key| {
            a.with(&[]).header("IAM-ApiKey", &key.text)
        }),
        ("GET", "/v1/apikeys/{id}") => keys(Reads, 200, |a, key| a.with(&[("id", &key.id)])),
        ("PUT", "/v1/apikeys/{id}") => keys(Changes, 200, |a, key| {
            let request = a.with(&[("id", &key.id)]).header("If-Match", "*");
            request.json(&a.new_name())
        }),
        ("DELETE", "/v1/apikeys/{id}") => keys(Destroys, 204, |a, key| a.with(&[("id", &key.id)])),
        ("POST" | "DELETE", "/v1/apikeys/{id}/lock" | "/v1/apikeys/{id}/disable") => {
            keys(Changes, 204, |a, key| a.with(&[("id", &key.id)]))
        }

        ("POST", "/v2/organizations") => {
            let may: (Relation, Relation) = (everyone, makes_orgs);
            vec![column("own account", may, 201, |a| {
                a.with(&[]).json(&a.new_name())
            })]
        }
        ("GET", "/v2/organizations/{guid}" | "/v2/organizations/{guid}/spaces") => {
            orgs(Reads, 200, |a, place| a.with(&[("guid", &place.org)]))
        }
        ("PUT", "/v2/organizations/{guid}") => orgs(Changes, 201, |a, place| {
            a.with(&[("guid", &place.org)]).json(&a.new_name())
        }),
        ("DELETE", "/v2/organizations/{guid}") => orgs(Destroys, 204, |a, place| {
            let path = format!("/v2/organizations/{}?recursive=true", place.org);
            a.world.call(a.user, a.credential, a.method, &path)
        }),
        ("GET", "/v2/organizations/{guid}/{role}") => orgs(Reads, 200, |a, place| {
            a.with(&[("guid", &place.org), ("role", "auditors")])
        }),
        ("PUT", "/v2/organizations/{guid}/{role}") => orgs(Changes, 201, |a, place| {
            a.with(&[("guid", &place.org), ("role", "auditors")])
                .json(&a.clerk())
        }),
        ("DELETE", "/v2/organizations/{guid}/{role}") => orgs(Changes, 204, |a, place| {
            a.appoint(&format!("/v2/organizations/{}/auditors", place.org));
            a.with(&[("guid", &place.org), ("role", "auditors")])
                .json(&a.clerk())
        }),

        ("POST", "/v2/spaces") => orgs(Changes, 201, |a, place| {
            a.with(&[])
                .json(&json!({"name": a.world.new_name(), "organization_guid": place.org}))
        }),
        ("GET", "/v2/spaces/{guid}") => {
            spaces(Reads, 200, |a, place| a.with(&[("guid", &place.space)]))
        }
        ("PUT", "/v2/spaces/{guid}") => spaces(Changes, 201, |a, place| {
            a.with(&[("guid", &place.space)]).json(&a.new_name())
        }),
        ("DELETE", "/v2/spaces/{guid}") => {
            spaces(Destroys, 204, |a, place| a.with(&[("guid", &place.space)]))
        }
        ("POST", "/v2/spaces/{guid}/restore") => {
            let names = ["own space", "other space"];
            deleted(names, manages_space, |place| ("spaces", &place.space))
        }
        ("POST", "/v2/organizations/{guid}/restore") => {
            let names = ["own org", "other org"];
            deleted(names, manages_org, |place| ("organizations", &place.org))
        }
        ("GET", "/v2/spaces/{guid}/{role}") => spaces(Reads, 200, |a, place| {
            a.with(&[("guid", &place.space), ("role", "auditors")])
        }),
        ("PUT", "/v2/spaces/{guid}/{role}") => spaces(Changes, 201, |a, place| {
            a.with(&[("guid", &place.space), ("role", "auditors")])
                .json(&a.clerk())
        }),
        ("DELETE", "/v2/spaces/{guid}/{role}") => spaces(Changes, 204, |a, place| {
            a.appoint(&format!("/v2/spaces/{}/auditors", place.space));
            a.with(&[("guid", &place.space), ("role", "auditors")])
                .json(&a.clerk())
        }),
        _ => {
            return FAMILIES.iter().find_map(|of| of(method, path));
        }
    };
    Some(columns)
}

/// Where the right is a matter of what the body says, and the body is read first.
fn right_is_in_the_body(method: &str, path: &str) -> bool {
    method == "POST"
        && matches!(
            path,
            "/v1/apikeys" | "/v2/spaces" | "/v2/users/accept" | "/v2/authz"
        )
}

/// Where the kind of the credential matters: who has an account or a session only by an IAM token or a login.
fn by_credential(path: &str, credential: &str, otherwise: u16) -> u16 {
    match (path, credential) {
        ("/identity/userinfo", "apikey" | "uaa") => 401,
        ("/oauth/token/disconnect", "apikey") => 400,
        _ => otherwise,
    }
}

/// The cells of a person's line.
pub(crate) fn cells(
    world: &World,
    user: &User,
    method: &str,
    path: &str,
    columns: &[Column],
) -> Vec<String> {
    let of_column = |column: &Column| {
        let of_credential = |credential: &'static str| {
            let request = column.request(world, user, credential, method, path);
            let garbled = request.clone().body("{");
            let has_body = request.has_body();
            let reply = request.send();
            let what = format!(
                "{method} {path} as {} by {credential} at {}",
                user.name(),
                column.name
            );
            let rule = by_credential(path, credential, column.rule(user));
            assert_eq!(reply.status, rule, "{what}: {}", reply.text());
            // A forbidden caller learns nothing from how the request is parsed.
            if has_body && matches!(rule, 403 | 404) && !right_is_in_the_body(method, path) {
                let reply = garbled.send();
                assert_eq!(reply.status, rule, "{what}, garbled: {}", reply.text());
            }
            reply.status.to_string()
        };
        CREDENTIALS.map(of_credential).join("/")
    };
    columns.iter().map(of_column).collect()
}
