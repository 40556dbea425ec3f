//! `login`: from a credential to a session with an account, a region, an organization and a space.

mod credential;
mod credential_refusal;
mod half_way;
mod issuer;

use self::credential::{Credential, Flags};
use self::credential_refusal::rejected;
use crate::address;
use crate::client::{Reply, Request};
use crate::command::invitation::at_login;
use crate::config::{Config, DomainFields};
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind};
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use crate::prompt;
use crate::secret_argument;
use crate::session::{self, BOTH_TOKENS, checked, grant_in_turn};
use crate::targeting::{Prompting, TargetOutcome};
use crate::token::{Claims, Reach};
use crate::trust;
use base::secret::Secret;
use clap::Args;
use wire::iam::discovery::Discovery;
use wire::iam::invitation::is_code;
use wire::iam::token::TokenReply;

/// Completes "cannot …".
const DOING: &str = "log in";
/// The number of attempts at a question.
const TRIES: u32 = 3;
/// The code by which a Cloud Foundry token is refused to what is no person.
const NO_PERSON: &str = "insufficient_permissions";

/// Log in to a server, and to an account, region, organization and space
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie login -a https://metrics.example.org -u ada@example.org
  vigie login -u ada@example.org -p ONE_TIME_CODE --new-password @password.txt
  vigie login -a 127.0.0.1:8080 --apikey @key.json -o field-org -s dev
  VIGIE_API_KEY=@key.json vigie login -r us-south
  printf '%s\\n' ada@example.org \"$PASSWORD\" | vigie login -a https://HOST

Without a terminal, user, password and, after a one-time code, the new password are read from standard input, a line each, where no flag gives them.

The key is also taken from `VIGIE_API_KEY`, `IBMCLOUD_API_KEY` or `BLUEMIX_API_KEY`, as text or as `@FILE`.")]
pub(crate) struct LoginArgs {
    /// Address of the server; without a scheme `http` for this machine, `https` for any other
    #[arg(short, long, value_name = "API_ENDPOINT")]
    api: Option<String>,
    /// User; `passcode` and `apikey` say what `-p` is
    #[arg(short, long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Password: its text, or `@` and a file that holds it (`@-`: standard input), which other users of this machine
    /// cannot read in its list of processes; asked for when missing
    #[arg(short, long, value_name = "PASSWORD|@FILE", allow_hyphen_values = true, value_parser = secret_argument::argument)]
    pub(crate) password: Option<Secret<String>>,
    /// With a one-time code as the password: the password from now on, its text, or `@` and a file that holds it; asked for
    /// when missing
    #[arg(long, value_name = "PASSWORD|@FILE", value_parser = secret_argument::argument)]
    pub(crate) new_password: Option<Secret<String>>,
    /// API key: its text, or `@` and a file that holds it (`@-`: standard input)
    #[arg(long, value_name = "KEY|@FILE", value_parser = secret_argument::argument, conflicts_with_all = ["user", "sso"])]
    pub(crate) apikey: Option<Secret<String>>,
    /// Log in with a one-time code from the server's passcode page
    #[arg(long)]
    pub(crate) sso: bool,
    /// Account to work in: its id, its name or its owner's user id
    #[arg(
        short = 'c',
        long,
        value_name = "ACCOUNT_ID",
        conflicts_with = "no_account"
    )]
    account: Option<String>,
    /// Accept the invitation into the account of `-c`, or the only one that waits
    #[arg(long, conflicts_with = "no_account")]
    accept: bool,
    /// Target no account
    #[arg(long)]
    no_account: bool,
    /// Accepted for old scripts; no resource group is ever targeted
    #[arg(short = 'g', value_name = "RESOURCE_GROUP")]
    resource_group: Option<String>,
    /// Accepted for old scripts; the token service is always asked
    #[arg(long, hide = true)]
    no_iam: bool,
    /// Accepted for old scripts; the address alone says which way the server is reached
    #[arg(long, hide = true)]
    vpc: bool,
    /// Organization to work in
    #[arg(short, long, value_name = "ORG")]
    org: Option<String>,
    /// Space to work in
    #[arg(short, long, value_name = "SPACE")]
    space: Option<String>,
    /// Region to work in
    #[arg(short, long, value_name = "REGION", conflicts_with = "no_region")]
    region: Option<String>,
    /// Target no region, organization or space
    #[arg(long, conflicts_with_all = ["org", "space"])]
    no_region: bool,
    /// Do not check the server's certificate
    #[arg(long)]
    skip_ssl_validation: bool,
    /// Address of the token service, where it is not the server's own; credentials go to it, whatever the server calls
    /// itself
    #[arg(long, value_name = "URL")]
    iam_endpoint: Option<String>,
    /// Another address that this server may send passwords and tokens on to; can be given several times
    #[arg(long, value_name = "ORIGIN")]
    trust_origin: Vec<String>,
}

impl LoginArgs {
    fn flags(&self) -> Flags<'_> {
        Flags {
            user: self.user.as_deref(),
            password: self.password.as_ref(),
            apikey: self.apikey.as_ref(),
            sso: self.sso,
        }
    }
}

/// Logs in.
pub(crate) fn run(args: &LoginArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let api = endpoint(args, context)?;
    // `api --skip-ssl-validation` applies to the configured server until another address is given.
    let is_configured = args.api.is_none() && context.config().api_endpoint == api;
    let unchecked = args.skip_ssl_validation || (is_configured && context.config().ssl_disabled);
    {
        let mut config = Config::clone(&context.config());
        config.api_endpoint.clone_from(&api);
        config.ssl_disabled = unchecked;
        context.set_config(config);
    }
    output.action(escaped!("API endpoint: {}\n", api))?;
    warn_of_insecure_transport(&api, unchecked, output);
    note_flags_without_effect(args, output);
    for given in &args.trust_origin {
        context.trust(&trust::origin(&address::complete(given)?)?)?;
    }
    let (iam, passcodes) = token_service(args, context, &api)?;
    context.require_room()?;
    let (reply, by_key) = authenticate(args, context, &iam, &passcodes)?;
    let claims = Claims::of(reply.access_token.expose()).unwrap_or_default();
    let is_named = [&args.account, &args.org, &args.space]
        .iter()
        .any(|name| name.is_some());
    if let Some(reach) = &claims.reach
        && (args.accept || is_named)
    {
        // The new tokens will not be used.
        drop(session::revoke(context, &iam, reply.refresh_token.expose()));
        return Err(reach.refuse_names("`-c`, `-o`, `-s` and `--accept`"));
    }
    output.ok()?;
    output.action("")?;

    let before = context.home.read()?.api_endpoint;
    context.begin_login(&reply)?;
    context.update(|config, cf| {
        if before != api {
            config.region.clear();
            config.region_id.clear();
            config.metrics_endpoint.clear();
            cf.target.clear();
            cf.uaa_endpoint.clear();
        }
        config.api_endpoint = api;
        config.iam_endpoint = iam;
        config.ssl_disabled = unchecked;
        if claims.reach.is_some() {
            config.account.guid.clone_from(&claims.account.bss);
        }
    })?;
    let targeted = target(args, by_key, claims.reach.as_ref(), context);
    // The login is valid, even if targeting failed.
    context.commit_login()?;
    context.remember_own_issuer()?;
    let outcome = targeted.map_err(|failure| half_way::explained(failure, context))?;
    output.action("")?;
    context.print_target(outcome)
}

/// Warns if anyone on the way to the server can read or pose.
fn warn_of_insecure_transport(api: &str, is_unchecked: bool, output: &Output) {
    if address::is_readable_on_the_way(api) {
        output.warn(
            "this address is not encrypted; anyone on the way can read the password and the token",
        );
    }
    if is_unchecked {
        output.warn(
            "the server's certificate is not checked; anyone on the way can pose as the server",
        );
    }
}

fn note_flags_without_effect(args: &LoginArgs, output: &Output) {
    if args.resource_group.is_some() {
        output.note("no resource group is ever targeted; `-g` has no effect");
    }
    for (given, flag) in [(args.no_iam, "--no-iam"), (args.vpc, "--vpc")] {
        if given {
            output.note(escaped!(
                "`{}` has no effect here",
                PrintableText::from(flag)
            ));
        }
    }
}

/// The address of the token service, and that of its one-time codes. Another program's login is copied before it is replaced.
fn token_service(
    args: &LoginArgs,
    context: &Context,
    api: &str,
) -> Result<(String, String), Failure> {
    let named = context.named_iam(args.iam_endpoint.as_deref())?;
    if let Some(named) = &named {
        context.trust_if_elsewhere(&trust::origin(named)?)?;
    }
    let discovery = discover(context, api, named.as_deref())?;
    // The issuer was not checked if the user named the token service.
    let issuer = if named.is_none() {
        discovery.issuer.as_str()
    } else {
        ""
    };
    context.back_up_foreign_login(issuer)?;
    let iam = match named {
        Some(named) => named,
        None => {
            let advertised = discovery.token_endpoint.strip_suffix("/identity/token");
            context.adopt(advertised.unwrap_or_default(), "its token service")?
        }
    };
    Ok((iam, discovery.passcode_endpoint))
}

/// Chooses where to work.
fn target(
    args: &LoginArgs,
    by_key: bool,
    reach: Option<&Reach>,
    context: &Context,
) -> Result<TargetOutcome, Failure> {
    let requested = args.account.as_deref();
    if args.accept {
        at_login::accept(requested, context)?;
    }
    if !by_key {
        at_login::announce(context);
    }
    if reach.is_some() {
        if !args.no_region {
            context.target_region(args.region.as_deref(), "Targeted")?;
        }
        let names_none = reach.is_some_and(|reach| reach.domain.is_none());
        if names_none && (args.no_region || !target_only_space(context)?) {
            context.output.note(session::reach::HINT);
        }
        return Ok(TargetOutcome::NoneTargeted);
    }
    if args.no_account {
        return Ok(TargetOutcome::NoneTargeted);
    }
    context
        .target_account(requested)
        .map_err(|failure| at_login::missing(failure, requested, context))?;
    if args.no_region {
        return Ok(TargetOutcome::NoneTargeted);
    }
    context.target_region(args.region.as_deref(), "Targeted")?;
    context.target_place(
        args.org.as_deref(),
        args.space.as_deref(),
        Prompting::Offered,
    )
}

/// Targets the only space that a key without a domain can mean; false where there is none, or several.
fn target_only_space(context: &Context) -> Result<bool, Failure> {
    let iam = context.iam_endpoint(&context.config())?;
    let found = session::only_space(context, &iam, context.token()?.expose());
    let Some(guid) = found.as_deref().and_then(|id| id.strip_prefix("s-")) else {
        return Ok(false);
    };
    context.update(|_, cf| {
        cf.space_fields = DomainFields {
            guid: guid.to_owned(),
            ..DomainFields::default()
        };
    })?;
    Ok(true)
}

/// The address: from the flag, else the environment, else the configuration, else a question.
fn endpoint(args: &LoginArgs, context: &Context) -> Result<String, Failure> {
    let configured = context.config().api_endpoint.clone();
    let known = args
        .api
        .as_deref()
        .or_else(|| context.env.get(env::API))
        .or_else(|| Some(configured.as_str()).filter(|text| !text.is_empty()));
    if let Some(known) = known {
        return address::complete(known);
    }
    if !prompt::is_possible() {
        return Err(Failure::usage("no API endpoint is set")
            .hint("name the server: `vigie login -a https://SERVER`, or set `VIGIE_API`"));
    }
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        let typed = prompt::text("API endpoint", "the address of the server", "`-a`")?;
        match address::complete(&typed) {
            Err(failure) if tries_left > 0 => context.output.failure(&failure),
            result => return result,
        }
    }
}

/// Reads the server's metadata and checks that it is its own (RFC 8414, 3.3). If the user named the token service, credentials go
/// there in any case, so the check is skipped.
fn discover(context: &Context, api: &str, named: Option<&str>) -> Result<Discovery, Failure> {
    let read_from = named.unwrap_or(api);
    let discovery: Discovery = context
        .send(Request::get(format!(
            "{read_from}/identity/.well-known/openid-configuration"
        )))?
        .parse("read the server's description of itself")
        .map_err(|failure| {
            if failure.kind == Kind::NotFound {
                failure.hint(format!("is `{read_from}` a Vigie server?"))
            } else {
                failure
            }
        })?;
    match named {
        Some(named) => context.note_other_name(named, issuer::root(&discovery.issuer))?,
        None => issuer::check(context, api, &discovery.issuer)?,
    }
    Ok(discovery)
}

/// Exchanges the credential for tokens; a user who was asked may try again. Also returns whether it was a key.
fn authenticate(
    args: &LoginArgs,
    context: &Context,
    iam: &str,
    passcode_page: &str,
) -> Result<(TokenReply, bool), Failure> {
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        let (mut credential, was_asked) = Credential::find(args.flags(), context, passcode_page)?;
        context.output.action("Authenticating...")?;
        if let Credential::Password(user, password) = &mut credential
            && is_code(password.expose())
        {
            *password = at_login::redeem(user, password, args.new_password.as_ref(), context)?;
        }
        let mut form = credential.fields();
        let fields = form.len();
        form.extend(BOTH_TOKENS);
        let mut reply = grant_in_turn(context, iam, &form)?;
        let by_key = matches!(credential, Credential::ApiKey(_));
        // Cloud Foundry knows people alone: with the key of a service ID there is IAM's token only.
        let no_person = |reply: &Reply| {
            reply.status == 403 && reply.refusal(DOING).code.as_deref() == Some(NO_PERSON)
        };
        if by_key && no_person(&reply) {
            form.truncate(fields);
            form.push(("response_type", "cloud_iam"));
            reply = grant_in_turn(context, iam, &form)?;
        }
        if reply.is_success() {
            return Ok((checked(reply.parse(DOING)?)?, by_key));
        }
        let refusal = reply.refusal(DOING);
        if !matches!(reply.status, 400 | 401 | 403) {
            return Err(refusal);
        }
        let rejected = rejected(&refusal, &credential);
        if !was_asked || tries_left == 0 {
            return Err(rejected);
        }
        context.output.failure(&rejected);
    }
}
