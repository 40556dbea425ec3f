//! Targets a region: the one named, else the one configured, else the only one, else the one the user chooses, else the server's
//! home region. With it come the addresses of its services.

use crate::client::Request;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::printable_text::escaped;
use crate::prompt;
use wire::cf::info::Info;
use wire::cf::region::Region;

impl Context {
    /// Targets a region; the user may choose none. `verb` begins the message.
    pub(crate) fn target_region(&self, requested: Option<&str>, verb: &str) -> Result<(), Failure> {
        let regions = self.regions()?;
        let configured = self.config().region.clone();
        let Some(region) = choose(&regions, requested, &configured)? else {
            return Ok(());
        };
        self.store_region(region)?;
        self.output
            .action(escaped!("{} region {}\n", verb, region.name))
    }

    /// The name of the region that a flag names, by name or id; else the targeted one.
    pub(crate) fn region_named(&self, requested: Option<&str>) -> Result<String, Failure> {
        let Some(requested) = requested else {
            return Ok(self.config().region.clone());
        };
        let regions = self.regions()?;
        let region = named(&regions, requested).ok_or_else(|| unknown(&regions, requested))?;
        Ok(region.name.clone())
    }

    /// Stores a region with the addresses of its services.
    fn store_region(&self, region: &Region) -> Result<(), Failure> {
        let cf_api = self.adopt(&region.cf_api, "its Cloud Foundry API")?;
        let metrics_api = self.adopt(&region.metrics_api, "its metrics API")?;
        let info: Info = self
            .send(Request::get(format!("{cf_api}/v2/info")))?
            .parse("read about the region")?;
        let authorization = self.adopt(&info.authorization_endpoint, "its login")?;
        let uaa = self.adopt(&info.token_endpoint, "its token service")?;
        self.update(|config, cf| {
            if config.region != region.name {
                cf.clear_target();
            }
            region.name.clone_into(&mut config.region);
            region.id.clone_into(&mut config.region_id);
            config.metrics_endpoint = metrics_api;
            cf.authorization_endpoint = authorization;
            cf.uaa_endpoint = uaa;
            cf.api_version = info.api_version;
            cf.ssl_disabled = config.ssl_disabled;
            cf.target = cf_api;
        })
    }
}

/// The region to work in; `None` if there is none, or the user wants none.
fn choose<'a>(
    all: &'a [Region],
    requested: Option<&str>,
    configured: &str,
) -> Result<Option<&'a Region>, Failure> {
    if let Some(requested) = requested {
        return match named(all, requested) {
            Some(region) => Ok(Some(region)),
            None => Err(unknown(all, requested)),
        };
    }
    if let Some(region) = named(all, configured) {
        return Ok(Some(region));
    }
    match all {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several if prompt::is_possible() => prompt::choose_or_skip(
            "Select a region (or press Enter to skip):",
            several,
            |region| region.name.clone(),
        ),
        [first, ..] => Ok(all.iter().find(|region| region.home).or(Some(first))),
    }
}

fn named<'a>(all: &'a [Region], name: &str) -> Option<&'a Region> {
    all.iter()
        .find(|region| region.id == name || region.name == name)
}

fn unknown(all: &[Region], requested: &str) -> Failure {
    let known: Vec<&str> = all.iter().map(|region| region.name.as_str()).collect();
    Failure::new(Kind::NotFound, format!("no region `{requested}`")).hint(format!(
        "there is `{}`; see `vigie regions` (the operator names the region with `vigied init --region`)",
        known.join("`, `")
    ))
}
