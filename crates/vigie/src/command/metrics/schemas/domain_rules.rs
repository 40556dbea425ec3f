//! The rules of a domain, as the server has them.

use super::conf::Conf;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy};
use wire::settings::DomainSettings;

/// The path of the settings that hold them.
pub(super) const PATH: &str = "/v1/settings/domain";

/// Says what is done, and where.
pub(super) fn announce(
    verb: &str,
    monitoring: &Monitoring<'_>,
    context: &Context,
) -> Result<(), Failure> {
    context.output.action(format!(
        "{verb} rules of {} as {}...",
        monitoring.described(),
        context.user()
    ))
}

/// The rules that the server has, and the step where none fits.
pub(super) fn stored(monitoring: &Monitoring<'_>) -> Result<(Option<u32>, [Conf; 2]), Failure> {
    let url = monitoring.url(PATH);
    let reply = monitoring.exchange(|| Request::get(&url), RetryPolicy::Once)?;
    Ok(confs(reply.parse("read the rules")?))
}

/// The two files of some settings, and the step where no rule fits.
pub(super) fn confs(settings: DomainSettings) -> (Option<u32>, [Conf; 2]) {
    let conf = |text: Option<String>| Conf::new(&text.unwrap_or_default());
    let both = [conf(settings.schemas), conf(settings.aggregation)];
    (settings.resolution_seconds, both)
}
