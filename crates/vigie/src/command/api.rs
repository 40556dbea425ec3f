//! `api`: the address of the server.

use crate::address;
use crate::context::Context;
use crate::error::Failure;
use crate::trust;
use clap::Args;
use serde::Serialize;

/// Show or set the address of the server
#[derive(Debug, Args)]
pub(crate) struct ApiArgs {
    /// Address to set; without it the address is shown
    #[arg(value_name = "URL", conflicts_with = "unset")]
    url: Option<String>,
    /// Forget the address and the region
    #[arg(long)]
    unset: bool,
    /// Do not check the server's certificate
    #[arg(long, requires = "url")]
    skip_ssl_validation: bool,
    /// Another address that the server may send passwords and tokens on to; can be given several times
    #[arg(long, value_name = "ORIGIN", conflicts_with = "unset")]
    trust_origin: Vec<String>,
    /// Remove an address that was allowed with `--trust-origin`
    #[arg(long, value_name = "ORIGIN", conflicts_with = "unset")]
    distrust_origin: Vec<String>,
}

/// The address of the server, for programs.
#[derive(Serialize)]
struct ServerRow<'a> {
    api_endpoint: Option<&'a str>,
    ssl_disabled: bool,
    trusted_origins: &'a [String],
}

/// Shows, sets or forgets the address. A new address ends the session, because its token is for the old server.
pub(crate) fn run(args: &ApiArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if let Some(url) = &args.url {
        let url = address::complete(url)?;
        output.action(format!("Setting api endpoint to {url}..."))?;
        if address::is_readable_on_the_way(&url) {
            output.warn("this address is not encrypted; anyone on the way can read the password and the token");
        }
        set(context, &url, args.skip_ssl_validation)?;
        output.ok()?;
        output.action("")?;
    }
    if args.unset {
        output.action("Unsetting api endpoint...")?;
        set(context, "", false)?;
        output.ok()?;
        output.action("")?;
    }
    for given in &args.trust_origin {
        context.trust(&trust::origin(&address::complete(given)?)?)?;
    }
    for given in &args.distrust_origin {
        context.remove_trusted_origin(&trust::origin(&address::complete(given)?)?)?;
    }
    let trusted = context.trusted_origins()?;
    let config = context.config();
    let endpoint = Some(config.api_endpoint.as_str()).filter(|text| !text.is_empty());
    let shown = match endpoint {
        None => format!("none set, use `{} api URL`", context.name.text()),
        Some(endpoint) => endpoint.to_owned(),
    };
    let mut pairs = vec![("API endpoint:", shown)];
    if !trusted.is_empty() {
        pairs.push(("Also trusted:", trusted.join(", ")));
    }
    let server = ServerRow {
        api_endpoint: endpoint,
        ssl_disabled: config.ssl_disabled,
        trusted_origins: &trusted,
    };
    output.details(&server, &pairs)
}

fn set(context: &Context, url: &str, ssl_disabled: bool) -> Result<(), Failure> {
    if context.config().api_endpoint != url {
        context.back_up_foreign_login("")?;
    }
    context.update(|config, cf| {
        if config.api_endpoint != url {
            config.clear_session();
            cf.clear_session();
            config.iam_endpoint.clear();
            config.metrics_endpoint.clear();
            config.region.clear();
            config.region_id.clear();
            cf.target.clear();
            cf.uaa_endpoint.clear();
        }
        url.clone_into(&mut config.api_endpoint);
        config.ssl_disabled = ssl_disabled;
        cf.ssl_disabled = ssl_disabled;
    })
}
