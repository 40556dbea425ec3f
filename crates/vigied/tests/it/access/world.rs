//! The data that the table is tried on: two organizations with a space each, one person per role, a stranger, and victims made
//! to order.

use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The kinds of credential, in the order of the table's cells.
pub(crate) const CREDENTIALS: [&str; 3] = ["iam", "apikey", "uaa"];

/// Every role, with the domain it is held in, and what it allows with the metrics there.
///
/// `nowhere none` is a person of the account without any role. The last one is the stranger, see [`ELSEWHERE`].
const ROLES: [(&str, &str, &str); 11] = [
    (
        "account",
        "Administrator",
        "write render find delete configure",
    ),
    ("account", "Editor", "write render find delete"),
    ("account", "Operator", "write delete"),
    ("account", "Viewer", "render"),
    ("own org", "Manager", "write render find delete configure"),
    ("own org", "BillingManager", ""),
    ("own org", "Auditor", "render find"),
    ("own space", "Manager", "write render find delete configure"),
    ("own space", "Developer", "write render find delete"),
    ("own space", "Auditor", "render find"),
    ("nowhere", "none", ""),
];

/// Where the stranger holds a role: in their own account on the same server, without other members. The stranger does
/// everything there, and finds nothing here.
pub(crate) const ELSEWHERE: &str = "elsewhere";

/// One person.
pub(crate) struct User {
    pub(crate) domain: &'static str,
    pub(crate) role: &'static str,
    pub(crate) allowed: &'static str,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) iam_id: String,
    pub(crate) credentials: BTreeMap<&'static str, String>,
    /// A second key of the person, not the one in the request.
    pub(crate) key: Key,
}

/// An API key.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) text: String,
}

impl User {
    /// The name of the person's line in the table.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.domain, self.role)
    }

    pub(crate) fn has_role(&self, domain: &str, role: &str) -> bool {
        self.domain == domain && self.role == role
    }
}

/// An organization with a space in it.
#[derive(Debug, Clone)]
pub(crate) struct OrgAndSpace {
    pub(crate) org: String,
    pub(crate) space: String,
}

/// Objects of the owner that no attempt uses up, each made when it is first needed: there is room for few.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) access_group: OnceLock<String>,
    pub(crate) trusted_profile: OnceLock<String>,
    /// The instance of everybody's own space.
    pub(crate) instance: OnceLock<Value>,
    pub(crate) resource_key: OnceLock<Value>,
}

/// The server with its people.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) owner_token: String,
    pub(crate) owner_iam_id: String,
    /// The values of `X-Auth-Scope-Id`, by the name of the table's column.
    pub(crate) domains: BTreeMap<&'static str, String>,
    pub(crate) account: String,
    pub(crate) home: OrgAndSpace,
    pub(crate) other: OrgAndSpace,
    /// The stranger's account, with its organization and space.
    pub(crate) elsewhere: (String, OrgAndSpace),
    pub(crate) users: Vec<User>,
    pub(crate) owners_key: Key,
    /// Someone whose roles come and go.
    pub(crate) clerk: String,
    pub(crate) kept: Kept,
    made: AtomicUsize,
}

/// The JSON of a good answer.
pub(crate) fn ok(reply: &Reply) -> Value {
    assert!(
        (200..300).contains(&reply.status),
        "{}: {}",
        reply.status,
        reply.text()
    );
    if reply.body.is_empty() {
        Value::Null
    } else {
        reply.json()
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

fn plural(role: &str) -> &'static str {
    match role {
        "Manager" => "managers",
        "BillingManager" => "billing_managers",
        "Auditor" => "auditors",
        _ => "developers",
    }
}

impl World {
    pub(crate) fn start() -> Self {
        // Wrong credentials are shown to every route, more than one source may show within the minutes of this test.
        let server = Server::with(&["--set", "limits.guesses_per_source=100000"]);
        let owner_token = server.token();
        let info = server
            .request("GET", "/identity/userinfo")
            .bearer(&owner_token);
        let owner_iam_id = text(&ok(&info.send())["iam_id"]);
        let home = OrgAndSpace {
            org: server.owner.org.clone(),
            space: server.owner.space.clone(),
        };
        let account = server.owner.account.clone();
        let mut world = Self {
            server,
            owner_token,
            owner_iam_id,
            domains: BTreeMap::new(),
            account,
            other: home.clone(),
            elsewhere: (String::new(), home.clone()),
            home,
            users: Vec::new(),
            owners_key: Key {
                id: String::new(),
                text: String::new(),
            },
            clerk: "clerk@example.org".to_owned(),
            kept: Kept::default(),
            made: AtomicUsize::new(0),
        };
        world.other = world.place();
        world.owners_key = world.new_owners_key();
        world.domains = BTreeMap::from([
            ("own space", format!("s-{}", world.home.space)),
            ("other space", format!("s-{}", world.other.space)),
            ("own org", format!("o-{}", world.home.org)),
            ("other org", format!("o-{}", world.other.org)),
            ("account", format!("a-{}", world.account)),
        ]);
        world.invite(&world.clerk);
        let home = world.home.clone();
        for (domain, role, allowed) in ROLES {
            let name = format!("{domain} {role}").to_lowercase().replace(' ', "-");
            let email = format!("{name}@example.org");
            let password = world.invite(&email);
            let (iam_id, credentials) = world.log_in(&email, &password);
            let key = world.new_key(&credentials["iam"], &iam_id);
            let user = User {
                domain,
                role,
                allowed,
                email,
                password,
                iam_id,
                credentials,
                key,
            };
            world.grant(&user, &home);
            if domain == "account" {
                let path = format!("/v2/accounts/{}/roles/{role}", world.account);
                world.manage("PUT", &path, &json!({"username": user.email}));
            }
            world.users.push(user);
        }
        world.let_stranger_in();
        world
    }

    /// Makes the second account as the operator does, beside the running server.
    fn let_stranger_in(&mut self) {
        let email = "stranger@elsewhere.example".to_owned();
        let output = std::process::Command::new(crate::harness::VIGIED)
            .args(["account", "create", "Elsewhere", "--owner", &email])
            .args(["--output", "json", "--data"])
            .arg(self.server.data())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        let place = OrgAndSpace {
            org: text(&made["org_guid"]),
            space: text(&made["space_guid"]),
        };
        let password = text(&made["password"]);
        let (url, api_key) = (self.server.serving.url(), text(&made["api_key"]));
        let begun = std::time::Instant::now();
        while !crate::harness::knows(&url, &api_key) {
            assert!(begun.elapsed() < std::time::Duration::from_secs(300));
        }
        let (iam_id, credentials) = self.log_in(&email, &password);
        let key = self.new_key(&credentials["iam"], &iam_id);
        let account = text(&made["account_guid"]);
        // The clerk is in one account and invited into the other, so that the stranger has someone to give roles to.
        let body = json!({"users": [{"email": self.clerk}]});
        let path = format!("/v2/accounts/{account}/users");
        let invited = self.server.request("POST", &path).json(&body);
        ok(&invited.bearer(&credentials["iam"]).send());
        self.elsewhere = (account, place);
        self.users.push(User {
            domain: ELSEWHERE,
            role: "Administrator",
            allowed: ROLES[0].2,
            email,
            password,
            iam_id,
            credentials,
            key,
        });
    }

    /// A new user in the caller's account, whom the caller may remove; returns the IAM id.
    pub(crate) fn victim(&self, user: &User) -> String {
        let account = match user.domain {
            ELSEWHERE => &self.elsewhere.0,
            _ => &self.account,
        };
        let email = format!("{}@example.org", self.new_name());
        let request = self
            .call(
                user,
                "iam",
                "POST",
                &format!("/v2/accounts/{account}/users"),
            )
            .json(&json!({"users": [{"email": email}]}));
        text(&ok(&request.send())["resources"][0]["id"])
    }

    /// The person with this role.
    pub(crate) fn user(&self, domain: &str, role: &str) -> &User {
        let found = self.users.iter().find(|user| user.has_role(domain, role));
        found.unwrap_or_else(|| panic!("nobody is {domain} {role}"))
    }

    /// A request by the owner, who may do everything.
    pub(crate) fn manage(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = self
            .server
            .request(method, path)
            .bearer(&self.owner_token)
            .json(body);
        ok(&request.send())
    }

    /// A request by a person with one of their credentials.
    pub(crate) fn call(&self, user: &User, credential: &str, method: &str, path: &str) -> Request {
        let value = format!("{credential} {}", user.credentials[credential]);
        self.server
            .request(method, path)
            .header("X-Auth-User-Token", &value)
    }

    /// A name that nobody has yet.
    pub(crate) fn new_name(&self) -> String {
        format!("made-{}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    fn invite(&self, email: &str) -> String {
        let path = format!("/v2/accounts/{}/users", self.account);
        let invited = self.manage("POST", &path, &json!({"users": [{"email": email}]}));
        let code = text(&invited["resources"][0]["one_time_code"]);
        let password = format!("of {email}, their own");
        let body = json!({"email": email, "one_time_code": code, "new_password": password});
        let redeem = self.server.request("POST", "/v2/users/redeem");
        ok(&redeem.json(&body).send());
        password
    }

    /// A new organization with a space, of the owner alone.
    pub(crate) fn place(&self) -> OrgAndSpace {
        let guid = |created: &Value| text(&created["metadata"]["guid"]);
        let name = json!({"name": self.new_name()});
        let org = guid(&self.manage("POST", "/v2/organizations", &name));
        let space = json!({"name": "prod", "organization_guid": org});
        let space = guid(&self.manage("POST", "/v2/spaces", &space));
        OrgAndSpace { org, space }
    }

    /// A new organization with a space, in which the person holds the same role as in their own.
    pub(crate) fn own_place(&self, user: &User) -> OrgAndSpace {
        let place = self.place();
        self.grant(user, &place);
        place
    }

    /// Gives a member of an organization or a space the same role in another.
    fn grant(&self, user: &User, place: &OrgAndSpace) {
        let path = match user.domain {
            "own org" => format!("/v2/organizations/{}/{}", place.org, plural(user.role)),
            "own space" => format!("/v2/spaces/{}/{}", place.space, plural(user.role)),
            _ => return,
        };
        self.manage("PUT", &path, &json!({"username": user.email}));
    }

    /// A new API key of the person.
    pub(crate) fn key(&self, user: &User) -> Key {
        self.new_key(&user.credentials["iam"], &user.iam_id)
    }

    /// A new API key of the owner.
    pub(crate) fn new_owners_key(&self) -> Key {
        self.new_key(&self.owner_token, &self.owner_iam_id)
    }

    fn new_key(&self, token: &str, iam_id: &str) -> Key {
        let request = self
            .server
            .request("POST", "/v1/apikeys")
            .bearer(token)
            .json(&json!({"name": self.new_name(), "iam_id": iam_id}));
        let key = ok(&request.send());
        Key {
            id: text(&key["id"]),
            text: text(&key["apikey"]),
        }
    }

    /// A credential that may be used up: of a session, or a key, of its own.
    pub(crate) fn spare(&self, user: &User, credential: &str) -> String {
        match credential {
            "apikey" => self.key(user).text,
            _ => self.token_by_key(credential, &user.credentials["apikey"]),
        }
    }

    /// A token of a session that rests on a key, and so outlives a new password.
    fn token_by_key(&self, kind: &str, key: &str) -> String {
        let grant = "urn:ibm:params:oauth:grant-type:apikey";
        let request = match kind {
            "uaa" => self
                .server
                .request("POST", "/oauth/token")
                .basic("cf", "")
                .form(&[
                    ("grant_type", "password"),
                    ("username", "apikey"),
                    ("password", key),
                ]),
            _ => self
                .server
                .request("POST", "/identity/token")
                .basic("bx", "bx")
                .form(&[("grant_type", grant), ("apikey", key)]),
        };
        text(&ok(&request.send())["access_token"])
    }

    fn log_in(&self, email: &str, password: &str) -> (String, BTreeMap<&'static str, String>) {
        let form = [
            ("grant_type", "password"),
            ("username", email),
            ("password", password),
        ];
        let request = self.server.request("POST", "/identity/token");
        let login = ok(&request.basic("bx", "bx").form(&form).send());
        let iam = text(&login["access_token"]);
        let info = self
            .server
            .request("GET", "/identity/userinfo")
            .bearer(&iam);
        let iam_id = text(&ok(&info.send())["iam_id"]);
        let key = self.new_key(&iam, &iam_id).text;
        let tokens = ["iam", "uaa"].map(|kind| (kind, self.token_by_key(kind, &key)));
        let mut credentials = BTreeMap::from(tokens);
        credentials.insert("apikey", key);
        (iam_id, credentials)
    }
}
