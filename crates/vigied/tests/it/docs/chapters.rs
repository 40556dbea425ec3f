//! How the reference of the interfaces is divided.

/// The chapters: title, document, and how the paths in it begin. The first that fits takes a route.
pub(super) const CHAPTERS: &[(&str, &str, &[&str])] = &[
    ("Metrics", "vigie.json", &["/v1/metrics", "/v1/settings"]),
    (
        "Senders of other systems",
        "vigie.json",
        &[
            "/collectd",
            "/login",
            "/token",
            "/write",
            "/api/v2",
            "/query",
            "/ping",
            "/ready",
        ],
    ),
    (
        "Graphite",
        "vigie.json",
        &[
            "/render",
            "/metrics/",
            "/functions",
            "/tags",
            "/events",
            "/version",
        ],
    ),
    (
        "Tokens",
        "iam.json",
        &["/identity", "/oidc", "/.well-known"],
    ),
    ("API keys", "iam.json", &["/v1/apikeys"]),
    (
        "Service IDs",
        "iam.json",
        &["/v1/serviceids", "/v1/serviceid_groups"],
    ),
    ("Trusted profiles", "iam.json", &["/v1/profiles"]),
    (
        "Settings of accounts",
        "iam.json",
        &["/v1/accounts", "/v1/activity", "/v1/mfa"],
    ),
    ("Preferences", "iam.json", &["/v1/preferences"]),
    ("Login sessions", "iam.json", &["/v1/sessions"]),
    ("Access groups", "iam.json", &["/v2/groups"]),
    (
        "Access policies",
        "iam.json",
        &["/v1/policies", "/v2/policies", "/v2/roles", "/v2/authz"],
    ),
    (
        "Resource groups and instances",
        "iam.json",
        &["/v2/resource_", "/v2/quota_definitions"],
    ),
    (
        "Accounts and users",
        "iam.json",
        &[
            "/coe",
            "/v2/accounts",
            "/v2/users",
            "/v3/accounts",
            "/v4/accounts",
        ],
    ),
    (
        "Cloud Foundry: UAA, organizations and spaces",
        "iam.json",
        &["/oauth", "/v2"],
    ),
    (
        "The server",
        "vigie.json",
        &["/", "/openapi.json", "/health", "/metrics"],
    ),
];
