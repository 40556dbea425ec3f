//! `login`: from a credential to a session with an account, a region, an organization and a space.

mod credential;
mod issuer;

use self::credential::{Credential, Flags};
use crate::address;
use crate::client::Request;
use crate::command::invitation;
use crate::config::Place;
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind};
use crate::given;
use crate::prompt;
use crate::session::{BOTH_TOKENS, IAM_CLIENT, checked, keep, keep_uaa};
use crate::shown::{Shown, shown};
use crate::targeting::{Asking, narrow};
use crate::trust;
use base::secret::Secret;
use clap::Args;
use wire::iam::discovery::Discovery;
use wire::iam::invitation::is_code;
use wire::iam::token::TokenReply;

/// How often a person may mistype.
const TRIES: u32 = 3;

/// What `login` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie login -a https://metrics.example.org -u ada@example.org
  vigie login -u ada@example.org -p ONE_TIME_CODE --new-password @password.txt
  vigie login -a 127.0.0.1:8080 --apikey @key.json -o field-org -s dev
  VIGIE_API_KEY=@key.json vigie login -r us-south
  printf '%s\\n' ada@example.org \"$PASSWORD\" | vigie login -a https://metrics.example.org

Without a terminal, user and password are read from standard input, a line each, where no flag gives them.
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
    #[arg(short, long, value_name = "PASSWORD|@FILE", allow_hyphen_values = true, value_parser = given::argument)]
    pub(crate) password: Option<Secret<String>>,
    /// With a one-time code as the password: the password from now on, its text, or `@` and a file that holds it; asked for
    /// when missing
    #[arg(long, value_name = "PASSWORD|@FILE", value_parser = given::argument)]
    pub(crate) new_password: Option<Secret<String>>,
    /// API key: its text, or `@` and a file that holds it (`@-`: standard input)
    #[arg(long, value_name = "KEY|@FILE", value_parser = given::argument, conflicts_with_all = ["user", "sso"])]
    pub(crate) apikey: Option<Secret<String>>,
    /// Log in with a one-time code from the server's passcode page
    #[arg(long)]
    pub(crate) sso: bool,
    /// Account to work in: its id or its owner's user id
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
    /// Accepted for old scripts; this server keeps no resource groups
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
    // What `api --skip-ssl-validation` has said of the configured server holds until one is named anew.
    let is_configured = args.api.is_none() && context.config().api_endpoint == api;
    let unchecked = args.skip_ssl_validation || (is_configured && context.config().ssl_disabled);
    {
        let mut config = context.config().clone();
        config.api_endpoint.clone_from(&api);
        config.ssl_disabled = unchecked;
        context.set_config(config);
    }
    output.action(shown!("API endpoint: {}\n", api))?;
    if address::is_readable_on_the_way(&api) {
        output.warn(
            "this address is not encrypted; anyone on the way can read the password and the token",
        );
    }
    if unchecked {
        output.warn(
            "the server's certificate is not checked; anyone on the way can pose as the server",
        );
    }
    if args.resource_group.is_some() {
        output.note("resource groups are not kept by this server; `-g` has no effect");
    }
    for (given, flag) in [(args.no_iam, "--no-iam"), (args.vpc, "--vpc")] {
        if given {
            output.note(shown!("`{}` has no effect here", Shown::from(flag)));
        }
    }
    for given in &args.trust_origin {
        context.trust(&trust::origin(&address::complete(given)?)?)?;
    }
    let named_iam = context.named_iam(args.iam_endpoint.as_deref())?;
    if let Some(named) = &named_iam {
        context.trust_if_elsewhere(&trust::origin(named)?)?;
    }
    let discovery = discover(context, &api, named_iam.as_deref())?;
    // Where the person has named the token service nobody has looked whose name the server gives as its own.
    let issuer = if named_iam.is_none() {
        discovery.issuer.as_str()
    } else {
        ""
    };
    context.spare_predecessor(issuer)?;
    let iam = match named_iam {
        Some(named) => named,
        None => {
            let learnt = discovery.token_endpoint.strip_suffix("/identity/token");
            context.adopt(learnt.unwrap_or_default(), "its token service")?
        }
    };
    context.require_room()?;
    let (reply, by_key) = authenticate(args, context, &iam, &discovery.passcode_endpoint)?;
    output.ok()?;
    output.action("")?;

    context.update(|config, cf| {
        config.clear_session();
        cf.clear_session();
        if config.api_endpoint != api {
            config.region.clear();
            config.region_id.clear();
            config.metrics_endpoint.clear();
            cf.target.clear();
            cf.uaa_endpoint.clear();
        }
        config.api_endpoint.clone_from(&api);
        config.iam_endpoint = iam;
        config.ssl_disabled = unchecked;
        config.login_at = Some(jiff::Timestamp::now().to_string());
        keep(config, &reply);
        if keep_uaa(cf, &reply) {
            cf.login_at.clone_from(&config.login_at);
        }
        cf.organization_fields = Place::default();
        cf.space_fields = Place::default();
    })?;
    context.own_login()?;
    if args.accept {
        invitation::accept_at_login(args.account.as_deref(), context)?;
    }
    if !by_key {
        invitation::tell(context);
    }
    if !args.no_account {
        let wish = args.account.as_deref();
        let (org, space) = (args.org.as_deref(), args.space.as_deref());
        let is_unasked = wish.or(org).or(space).is_none();
        let is_narrow = match context.target_account(wish) {
            Err(failure) if narrow::is_why(&failure) && is_unasked => {
                output.note(narrow::HINT);
                true
            }
            Err(failure) if narrow::is_why(&failure) => {
                return Err(failure
                    .hint(narrow::HINT)
                    .hint("it finds nothing by name: log in without `-c`, `-o` and `-s`"));
            }
            Err(failure) => return Err(invitation::missing(failure, wish, context)),
            Ok(_) => false,
        };
        if !args.no_region {
            context.target_region(args.region.as_deref(), "Targeted")?;
            if !is_narrow {
                context.target_place(org, space, Asking::Offered)?;
            }
        }
    }
    output.action("")?;
    context.print_target()
}

/// The flag, else the environment, else what is configured, else what the person says.
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

/// What the server says of itself, if it is itself that it speaks of (RFC 8414, 3.3). Where the person named the token
/// service, credentials go there whatever is said, so that nothing hangs on it.
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

/// Exchanges the credential for tokens; a person who was asked may try again. Also says whether it was a key.
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
            *password = invitation::redeem(user, password, args.new_password.as_ref(), context)?;
        }
        let mut form = credential.fields();
        form.extend(BOTH_TOKENS);
        let reply = context.send(
            Request::post(format!("{iam}/identity/token"))
                .basic(IAM_CLIENT.0, IAM_CLIENT.1)
                .form(&form),
        )?;
        if reply.is_success() {
            let by_key = matches!(credential, Credential::ApiKey(_));
            return Ok((checked(reply.parse("log in")?)?, by_key));
        }
        let refusal = reply.refusal("log in");
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

/// The words scripts know, and what to do.
fn rejected(refusal: &Failure, credential: &Credential) -> Failure {
    let message = shown!(
        "Credentials were rejected.\nCode: {}, message: {}",
        refusal.code.as_deref().unwrap_or("none"),
        refusal.text.as_deref().unwrap_or("none"),
    );
    let mut failure = Failure::new(Kind::NotLoggedIn, message);
    failure.status = refusal.status;
    failure.code.clone_from(&refusal.code);
    failure.transaction_id.clone_from(&refusal.transaction_id);
    // What was shown is right, and opens nothing any more: to check it would not help, and the server says what does.
    let is_right = refusal.code.as_deref() == Some("BXNIM0141E")
        || (refusal.text.as_deref()).is_some_and(|text| text.contains("cannot be used:"));
    if is_right {
        failure.hints.clone_from(&refusal.hints);
        return failure;
    }
    match credential {
        Credential::ApiKey(_) => failure.hint("is it the whole key, and not deleted or disabled? a new one: `vigie iam api-key-create NAME`"),
        Credential::Password(..) => failure.hint("check the user and the password"),
        Credential::Passcode(_) => failure.hint("a code is good once and for a few minutes; get a new one with `vigie login --sso`"),
    }
}
