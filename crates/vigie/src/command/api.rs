//! `api`: the address of the server.

use crate::address;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use serde_json::json;

/// What `api` takes.
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
}

/// Shows, sets or forgets the address. A session at another address ends here: its token is not for that server.
pub(crate) fn run(args: &ApiArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if let Some(url) = &args.url {
        let url = address::complete(url)?;
        output.action(&format!("Setting api endpoint to {url}..."))?;
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
    let config = context.config();
    if output.is_json() {
        return output.json(
            &json!({"api_endpoint": config.api_endpoint, "ssl_disabled": config.ssl_disabled}),
        );
    }
    let shown = if config.api_endpoint.is_empty() {
        format!("none set, use `{} api URL`", context.name.text())
    } else {
        config.api_endpoint.clone()
    };
    output.pairs(&[("API endpoint:", shown)])
}

fn set(context: &Context, url: &str, ssl_disabled: bool) -> Result<(), Failure> {
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
