//! The limit for guesses at introspection.

use super::{Server, hits};
use crate::hostile::login_limits::first_slowed;
use base::limit::{self, Limit};

pub(super) const LIMITS: [Limit; 1] = [limit::INTROSPECTION_MISSES];

#[test]
fn limit_of_introspection() {
    let [limit] = LIMITS;
    let server = Server::with(&["--set", "limits.introspection_misses_per_minute=2"]);
    let ask = || {
        let request = server.request("POST", "/identity/introspect");
        request.form(&[("token", "nonsense")]).send()
    };
    assert_eq!(ask().status, 200);
    assert_eq!(ask().status, 200);
    let refused = first_slowed(|_| ask());
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.text().contains(limit.name), "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    assert_eq!(hits(&server, limit), 1);
}
