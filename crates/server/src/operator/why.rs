//! `why`: what stands in the way of a call, and what would mend it.

use super::given;
use super::reply::Reply;
use crate::flags::GLOBAL;
use anyhow::{Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use valetkey_app::App;
use valetkey_app::insight::why::{self, Question, RemedyPlace, State, Step};
use valetkey_domain::account::Owner;
use valetkey_domain::id::{AccountId, InstanceId};
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Secret};

/// What is asked about.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Flags {
    /// An account (ca_...), an instance (inst_...), an MCP URL, or a connection's name; - reads it from standard input
    what: String,
    /// The user, where a connection is named
    user: Option<String>,
    /// The tool that is to be called [default: any]
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// File with the session token that is sent to a static MCP URL
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    session_token_file: Option<String>,
    /// The token, once read
    #[arg(skip)]
    session_token: Option<String>,
    /// The environment, by name [default: the first]
    #[arg(long, value_name = "NAME", help_heading = GLOBAL)]
    pub(super) environment: Option<String>,
    /// Print JSON instead of lines
    #[arg(long, help_heading = GLOBAL)]
    pub(super) json: bool,
}

impl Flags {
    /// Takes what is secret from where it doesn't stand on a command line.
    ///
    /// # Errors
    /// Standard input or the file cannot be read.
    pub(super) fn read_secrets(&mut self) -> Result<()> {
        if self.what == "-" {
            given::text("-")?.trim().clone_into(&mut self.what);
        }
        if let Some(file) = self.session_token_file.take() {
            self.session_token = Some(given::text(&file)?.trim().to_owned());
        }
        Ok(())
    }

    fn question(&mut self) -> Result<Question> {
        let what = std::mem::take(&mut self.what);
        let is_url = what.contains('/') || what.starts_with("vkm_");
        if let Some(user) = self.user.take() {
            ensure!(!is_url, "a URL says by itself whose it is: leave the user '{user}' out");
            return Ok(Question::User(what, Identifier::parse(&user)?));
        }
        match (AccountId::parse(&what), InstanceId::parse(&what)) {
            _ if is_url => Ok(Question::Url(Secret::from(what), self.session_token.take().map(Secret::from))),
            (Ok(id), _) => Ok(Question::Account(id)),
            (_, Ok(id)) => Ok(Question::Instance(id)),
            _ => anyhow::bail!(
                "'{what}' is no account (ca_...), no instance (inst_...) and no MCP URL; behind a connection's name comes \
                 the user: valetkey why {what} USER"
            ),
        }
    }
}

/// Looks.
///
/// # Errors
/// What is asked about isn't there.
pub(super) async fn perform(app: &App, ctx: &Ctx, mut flags: Flags) -> Result<Reply> {
    let question = flags.question()?;
    let why = why::why(app, ctx, question, flags.tool.as_deref()).await?;
    let stops = why.hindrances().count();
    let fault = (stops > 0).then(|| format!("{stops} of these stand in the way of a call"));
    let note = fault.is_none().then(|| "nothing here stands in the way of a call".to_owned());
    let rows = why.steps.iter().map(row).collect();
    Ok(Reply { rows, report: true, note, fault, ..Reply::default() })
}

fn row(step: &Step) -> Value {
    let result = match step.state {
        State::Fine => "ok",
        State::Care => "note",
        State::Stops => "stops",
    };
    let todo = step.mend.as_ref().map(|mend| match command(&mend.at) {
        Some(command) => format!("{} ({command})", mend.words.trim_end_matches('.')),
        None => mend.words.clone(),
    });
    let of = if step.of.is_empty() { String::new() } else { format!("{}: ", step.of) };
    let found = format!("{of}{}", step.words.trim_end_matches('.'));
    json!({"result": result, "part": step.what.label(), "found": found, "todo": todo.unwrap_or_default()})
}

/// What does it at the command line.
fn command(at: &RemedyPlace) -> Option<String> {
    match at {
        RemedyPlace::Link(connection, owner, _) => {
            // The command knows users by their identifier alone.
            let user = &owner.identifier;
            (*owner == Owner::of(user.clone())).then(|| format!("valetkey account link {connection} {user}"))
        }
        RemedyPlace::Connection(id) => Some(format!("valetkey connection get {id}")),
        RemedyPlace::Config(id) => Some(format!("valetkey config get {id}")),
        RemedyPlace::Instance(id) => Some(format!("valetkey instance get {id}")),
        RemedyPlace::Elsewhere => None,
    }
}
