//! When somebody or an API key has authenticated last, and how often, as `include_activity` asks for it.

use crate::http::problem::Refusal;
use crate::request::params::Params;
use iam::manage::activity::Activity;
use wire::iam::activity::Activity as WireActivity;
use wire::iam::api_key::time_text;

/// Whether the answer tells it.
pub(super) fn is_asked_for(params: &Params) -> Result<bool, Refusal> {
    params.flag("include_activity")
}

/// In the interface's form.
pub(super) fn to_wire(activity: Activity) -> WireActivity {
    WireActivity {
        last_authn: activity.last_at.map(time_text),
        authn_count: activity.times,
    }
}
