//! The time zone in which times are read and shown. All commands use the same one, so that `delete` means the times that `get`
//! has shown.

use crate::context::Context;
use crate::env;
use crate::error::Failure;
use jiff::tz::TimeZone;

/// The zone and its name: the argument's, else that of `TZ`, else UTC.
pub(crate) fn zone(named: Option<&str>, context: &Context) -> Result<(String, TimeZone), Failure> {
    if let Some(name) = named {
        let zone = base::time_expr::zone(name).ok_or_else(|| {
            Failure::usage(format!("`{name}` is no time zone"))
                .hint("zones are named as `UTC` or `Europe/Paris`")
        })?;
        return Ok((name.to_owned(), zone));
    }
    let utc = || ("UTC".to_owned(), TimeZone::UTC);
    let Some(name) = context.env.get(env::ZONE) else {
        return Ok(utc());
    };
    let name = name.trim_start_matches(':');
    Ok(match base::time_expr::zone(name) {
        Some(zone) => (name.to_owned(), zone),
        None => {
            context.output.note("`TZ` is no name of a zone, so times are of UTC: set it as `Europe/Paris`, or give `--tz`");
            utc()
        }
    })
}
