//! One [`Problem`], five bodies: every interface answers errors in the shape its clients read. An error may repeat what its caller
//! sent: here, once for all of them, what is not seen in it becomes visible.

use base::error::{self, Kind, Problem};
use base::invisible::escaped;
use base::time::Millis;
use serde::{Deserialize, Serialize};

fn printable(text: &str) -> String {
    escaped(text).into_owned()
}

/// The error body of the monitoring interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MonitoringBody {
    /// The errors; at least one.
    pub errors: Vec<MonitoringError>,
}

/// One error of the monitoring interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MonitoringError {
    /// A stable code, for example `BXNMSRI01E`.
    pub code: String,
    /// The error, in words.
    pub message: String,
    /// How to fix it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The field, parameter or header at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where in its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// Where in the value of a parameter the fault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Position {
    /// Which of the parameter's values, from 1 on.
    pub number: usize,
    /// The first character at fault, from 1 on.
    pub column: usize,
    /// The characters at fault; 0 where something is missing.
    pub length: usize,
}

impl From<error::Position> for Position {
    fn from(position: error::Position) -> Self {
        Self {
            number: position.number().into(),
            column: position.column().into(),
            length: position.length().into(),
        }
    }
}

impl From<&Problem> for MonitoringError {
    fn from(problem: &Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            message: printable(&problem.message),
            hint: problem.hint.as_deref().map(printable),
            field: problem.field.as_deref().map(printable),
            position: problem.position.map(Position::from),
        }
    }
}

impl From<&Problem> for MonitoringBody {
    fn from(problem: &Problem) -> Self {
        Self {
            errors: vec![problem.into()],
        }
    }
}

/// The error body of Graphite's routes: that of the monitoring interface, and the whole of it as one text, which is where
/// graphite-web has it and what its clients show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphiteBody {
    /// The error, and how to fix it.
    pub error: String,
    /// The errors; at least one.
    pub errors: Vec<MonitoringError>,
}

impl From<&Problem> for GraphiteBody {
    fn from(problem: &Problem) -> Self {
        let first = MonitoringError::from(problem);
        let error = match &first.hint {
            Some(hint) => format!("{}; {hint}", first.message),
            None => first.message.clone(),
        };
        Self {
            error,
            errors: vec![first],
        }
    }
}

/// The error body of the token service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenErrorBody {
    /// A stable code, for example `BXNIM0415E`.
    pub error_code: String,
    /// The error, in words.
    pub error_message: String,
    /// How to fix it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_details: Option<String>,
    /// The word of OAuth 2.0 for it, where clients of the standard grants read the answer; IBM's own grants have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error and how to fix it, beside `error`.
    #[serde(
        rename = "error_description",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub error_description: Option<String>,
    /// The same beside `error`, where IBM's SDKs look for a text before they show `error`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<MonitoringError>,
    /// Where and when it happened.
    #[serde(default)]
    pub context: ErrorContext,
}

impl TokenErrorBody {
    /// The body that says `problem`.
    #[must_use]
    pub fn new(problem: &Problem, context: ErrorContext) -> Self {
        Self {
            error_code: problem.code.to_owned(),
            error_message: printable(&problem.message),
            error_details: problem.hint.as_deref().map(printable),
            error: None,
            error_description: None,
            errors: Vec::new(),
            context,
        }
    }

    /// The body that says `problem`, also as RFC 6749 5.2 has it, with one of its words.
    #[must_use]
    pub fn for_oauth(word: &str, problem: &Problem, context: ErrorContext) -> Self {
        let mut body = Self::new(problem, context);
        body.error = Some(word.to_owned());
        body.error_description = Some(match &body.error_details {
            Some(details) => format!("{}; {details}", body.error_message),
            None => body.error_message.clone(),
        });
        body.errors = vec![problem.into()];
        body
    }
}

/// Where and when an error of the token service happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorContext {
    /// The transaction id.
    pub request_id: String,
    /// For example `incoming.Identity_Token`.
    pub request_type: String,
    /// The client's `User-Agent`.
    pub user_agent: String,
    /// The server's public address.
    pub url: String,
    /// Which process answered.
    pub instance_id: String,
    /// Which thread answered.
    pub thread_id: String,
    /// Which host answered.
    pub host: String,
    /// When the request arrived: UTC, as `01.11.2017 12:00:00:000 UTC`.
    pub start_time: String,
    /// When the answer left.
    pub end_time: String,
    /// Milliseconds between the two.
    pub elapsed_time: String,
    /// For example `en_US`.
    pub locale: String,
    /// Which cluster answered.
    pub cluster_name: String,
}

/// A time as the token service writes it in [`ErrorContext`]: `05.03.2024 09:08:07:006 UTC`.
#[must_use]
pub fn context_time(at: Millis) -> String {
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else {
        return String::new();
    };
    let utc = jiff::tz::TimeZone::UTC.to_datetime(instant);
    format!(
        "{:02}.{:02}.{:04} {:02}:{:02}:{:02}:{:03} UTC",
        utc.day(),
        utc.month(),
        utc.year(),
        utc.hour(),
        utc.minute(),
        utc.second(),
        utc.millisecond()
    )
}

/// The error body of the identity interface (`/v1/apikeys`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityBody {
    /// The transaction id.
    pub trace: String,
    /// The errors; at least one.
    pub errors: Vec<IdentityError>,
    /// The HTTP status as a text.
    pub status_code: String,
}

/// One error of the identity interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityError {
    /// A word for the sort of failure, for example `not_found`.
    pub code: String,
    /// A stable code.
    pub message_code: String,
    /// The error, in words.
    pub message: String,
    /// How to fix it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl IdentityBody {
    /// The body that says `problem`; `trace` is the transaction id.
    #[must_use]
    pub fn new(problem: &Problem, trace: &str) -> Self {
        let code = match problem.kind {
            Kind::Invalid => "invalid_request",
            Kind::Unauthenticated => "invalid_token",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not_found",
            Kind::Method => "method_not_allowed",
            Kind::Timeout => "timeout",
            // The words that clients of policies and roles know.
            Kind::Conflict if problem.code.ends_with("_conflict_error") => problem.code,
            Kind::Conflict => "conflict",
            Kind::Precondition => "precondition_failed",
            Kind::TooLarge | Kind::HeadersTooLarge => "too_large",
            Kind::Busy => "too_many_requests",
            Kind::Internal => "internal_error",
            Kind::Unavailable => "unavailable",
        };
        Self {
            trace: trace.to_owned(),
            errors: vec![IdentityError {
                code: code.to_owned(),
                message_code: problem.code.to_owned(),
                message: printable(&problem.message),
                details: problem.hint.as_deref().map(printable),
            }],
            status_code: problem.kind.status().to_string(),
        }
    }
}

/// The error body of the UAA (`/oauth/token`), as OAuth 2 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UaaBody {
    /// A word of OAuth, for example `invalid_grant`.
    pub error: String,
    /// The error, in words.
    pub error_description: String,
}

impl UaaBody {
    /// The body that says `problem`, with the word that fits its kind.
    #[must_use]
    pub fn new(problem: &Problem) -> Self {
        let word = match problem.kind {
            Kind::Unauthenticated => "unauthorized",
            Kind::Forbidden => "access_denied",
            Kind::Busy | Kind::Unavailable | Kind::Timeout => "temporarily_unavailable",
            Kind::Internal => "server_error",
            Kind::Invalid
            | Kind::NotFound
            | Kind::Method
            | Kind::Conflict
            | Kind::Precondition
            | Kind::TooLarge
            | Kind::HeadersTooLarge => "invalid_request",
        };
        Self::with_word(word, problem)
    }

    /// The body that says `problem` with a word of the caller's choice, for example `invalid_grant`.
    #[must_use]
    pub fn with_word(word: &str, problem: &Problem) -> Self {
        Self {
            error: word.to_owned(),
            error_description: printable(&problem.message),
        }
    }
}

/// The code of a filter that a list of the Cloud Foundry interface does not have.
pub const BAD_QUERY_PARAMETER: &str = "bad_query_parameter";

/// The error body of the Cloud Foundry interface (`/v2`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CloudFoundryBody {
    /// Cloud Foundry's number for the failure.
    pub code: u32,
    /// Cloud Foundry's word for it.
    pub error_code: String,
    /// The error, in words.
    pub description: String,
    /// How to fix it (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl CloudFoundryBody {
    /// The body that says `problem`, with the number and word that fit its kind.
    #[must_use]
    pub fn new(problem: &Problem) -> Self {
        let (code, word) = match problem.kind {
            Kind::Invalid if problem.code == BAD_QUERY_PARAMETER => {
                (10_005, "CF-BadQueryParameter")
            }
            Kind::Invalid => (1001, "CF-MessageParseError"),
            Kind::Unauthenticated => (1000, "CF-InvalidAuthToken"),
            Kind::Forbidden => (10_003, "CF-NotAuthorized"),
            Kind::NotFound | Kind::Method => (10_000, "CF-NotFound"),
            Kind::Timeout => (10_007, "CF-Timeout"),
            Kind::Conflict if problem.limit.is_some() => (10_008, "CF-UnprocessableEntity"),
            Kind::Conflict => (10_016, "CF-UniquenessError"),
            Kind::Precondition => (10_018, "CF-PreconditionFailed"),
            Kind::TooLarge | Kind::HeadersTooLarge => (10_004, "CF-BadRequest"),
            Kind::Busy => (10_013, "CF-RateLimitExceeded"),
            Kind::Internal => (10_001, "CF-ServerError"),
            Kind::Unavailable => (10_015, "CF-ServiceUnavailable"),
        };
        Self {
            code,
            error_code: word.to_owned(),
            description: printable(&problem.message),
            hint: problem.hint.as_deref().map(printable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone() -> Problem {
        Problem::new(Kind::NotFound, "BXNMSRI13E", "there is no such space")
            .hint("run `vigie target`")
    }

    #[test]
    fn each_interface_has_its_shape() {
        let json = |value: serde_json::Value| value.to_string();
        assert_eq!(
            json(serde_json::to_value(MonitoringBody::from(&gone())).unwrap()),
            "{\"errors\":[{\"code\":\"BXNMSRI13E\",\"hint\":\"run `vigie target`\",\"message\":\"there is no such space\"}]}"
        );
        let graphite = serde_json::to_value(GraphiteBody::from(&gone())).unwrap();
        assert_eq!(
            graphite["error"],
            "there is no such space; run `vigie target`"
        );
        assert_eq!(graphite["errors"][0]["code"], "BXNMSRI13E");
        let context = ErrorContext {
            request_id: "r1".to_owned(),
            ..ErrorContext::default()
        };
        let token = serde_json::to_value(TokenErrorBody::new(&gone(), context)).unwrap();
        assert_eq!(token["errorCode"], "BXNMSRI13E");
        assert_eq!(token["errorDetails"], "run `vigie target`");
        assert_eq!(token["context"]["requestId"], "r1");
        assert_eq!(token["context"]["clusterName"], "");
        assert_eq!(
            (token.get("error"), token.get("error_description")),
            (None, None)
        );
        assert_eq!(token.get("errors"), None);
        let context = ErrorContext::default();
        let standard = TokenErrorBody::for_oauth("invalid_grant", &gone(), context);
        let standard = serde_json::to_value(standard).unwrap();
        assert_eq!(standard["errors"][0]["message"], "there is no such space");
        assert_eq!(standard["error"], "invalid_grant");
        assert_eq!(
            standard["error_description"],
            "there is no such space; run `vigie target`"
        );
        assert_eq!(standard["errorCode"], "BXNMSRI13E");
        let identity = serde_json::to_value(IdentityBody::new(&gone(), "t1")).unwrap();
        assert_eq!(identity["status_code"], "404");
        assert_eq!(identity["errors"][0]["code"], "not_found");
        assert_eq!(
            json(serde_json::to_value(UaaBody::with_word("invalid_grant", &gone())).unwrap()),
            "{\"error\":\"invalid_grant\",\"error_description\":\"there is no such space\"}"
        );
        let foundry = CloudFoundryBody::new(&gone());
        assert_eq!(foundry.code, 10_000);
        assert_eq!(foundry.hint.as_deref(), Some("run `vigie target`"));
        let taken = Problem::new(Kind::Conflict, "conflict", "the name is taken");
        assert_eq!(CloudFoundryBody::new(&taken).code, 10_016);
        let full = taken.limit(&base::limit::SPACES_PER_ACCOUNT);
        assert_eq!(CloudFoundryBody::new(&full).code, 10_008);
        let filter = Problem::new(Kind::Invalid, BAD_QUERY_PARAMETER, "no such filter");
        assert_eq!(CloudFoundryBody::new(&filter).code, 10_005);
    }

    #[test]
    fn what_is_not_seen_is_told_by_its_number_in_every_shape() {
        let unseen = "a\u{1b}\u{7f}\u{9b}\u{200b}\u{202e}\u{feff}b";
        let seen = r"a\u{1b}\u{7f}\u{9b}\u{200b}\u{202e}\u{feff}b";
        let mut problem = Problem::new(Kind::Invalid, "BXNMSRI13E", unseen).hint(unseen);
        problem.field = Some(unseen.into());
        let context = ErrorContext {
            user_agent: "x".to_owned(),
            ..ErrorContext::default()
        };
        let bodies = [
            (serde_json::to_value(MonitoringBody::from(&problem)), 3),
            (serde_json::to_value(GraphiteBody::from(&problem)), 3),
            (
                serde_json::to_value(TokenErrorBody::new(&problem, context)),
                2,
            ),
            (serde_json::to_value(IdentityBody::new(&problem, "t")), 2),
            (serde_json::to_value(UaaBody::new(&problem)), 1),
            (
                serde_json::to_value(UaaBody::with_word("invalid_grant", &problem)),
                1,
            ),
            (serde_json::to_value(CloudFoundryBody::new(&problem)), 2),
        ];
        for (body, times) in bodies {
            let text = body.unwrap().to_string();
            let written = serde_json::to_string(seen).unwrap();
            assert_eq!(text.matches(&written).count(), times, "{text}");
            assert!(!text.contains(base::invisible::is_invisible), "{text:?}");
        }
    }

    #[test]
    fn context_times_read_like_the_original() {
        assert_eq!(
            context_time(Millis(1_709_629_687_006)),
            "05.03.2024 09:08:07:006 UTC"
        );
        assert_eq!(context_time(Millis(i64::MAX)), "");
    }
}
