//! The verbs of each noun, as they are typed and as they travel to a running server.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EnvironmentVerb {
    /// Make one
    Create {
        /// What to call it
        name: String,
    },
    /// All of them
    List,
    /// One
    Get {
        /// Its name
        name: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientVerb {
    /// Make one; its secret is shown this once
    Create {
        /// What to call it
        name: String,
        /// Forbid it to read users' tokens
        #[arg(long)]
        no_secrets: bool,
    },
    /// Give one another secret; the earlier ones go on until `expire`
    Rotate {
        /// Its id (skc_...)
        id: String,
    },
    /// End every secret of one but the newest, and all tokens it holds
    Expire {
        /// Its id (skc_...)
        id: String,
    },
    /// Remove one: its secrets and tokens stop at once
    Delete {
        /// Its id (skc_...)
        id: String,
    },
    /// All of them
    List,
    /// One, without its secrets
    Get {
        /// Its id (skc_...)
        id: String,
    },
    /// A short-lived secret for a shell on this machine, which `env` prints
    #[command(hide = true)]
    Shell,
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConnectorVerb {
    /// All that are loaded
    List,
    /// One, with the tools it has
    Get {
        /// Its slug, such as googlecalendar
        slug: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToolVerb {
    /// All tools, or one connector's
    List {
        /// The connector's slug
        connector: Option<String>,
    },
    /// One, with the schema of its arguments
    Get {
        /// Its name, such as gmail_fetch_mails
        name: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConnectionVerb {
    /// Set a connector up
    Create(ConnectionFlags),
    /// Change one; what is not given stays
    Update {
        /// Its name
        name: String,
        #[command(flatten)]
        flags: EndpointFlags,
    },
    /// All of them
    List,
    /// One, with the redirect URI to register with its vendor
    Get {
        /// Its name
        name: String,
    },
    /// Remove one that no config uses, with its accounts
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Args, Serialize, Deserialize)]
pub(crate) struct ConnectionFlags {
    /// The connector's slug, such as gmail
    pub(super) connector: String,
    /// What to call it, such as MY_GMAIL
    #[arg(long)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) flags: EndpointFlags,
}

/// What can be set on a connection.
#[derive(Args, Default, Serialize, Deserialize)]
pub(crate) struct EndpointFlags {
    /// The OAuth client id that the vendor gave you
    #[arg(long)]
    pub(super) client_id: Option<String>,
    /// File with the OAuth client's secret; - reads it from standard input
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(super) client_secret_file: Option<String>,
    /// The secret, once read
    #[arg(skip)]
    pub(super) client_secret: Option<String>,
    /// A scope to ask for; may be given several times [default: the connector's]
    #[arg(long = "scope")]
    pub(super) scopes: Vec<String>,
    /// Where people sign in, if not at the vendor's own address
    #[arg(long)]
    pub(super) authorize_url: Option<String>,
    /// Where codes are exchanged, if not at the vendor's own address
    #[arg(long)]
    pub(super) token_url: Option<String>,
    /// Where tokens are revoked, if not at the vendor's own address
    #[arg(long)]
    pub(super) revoke_url: Option<String>,
    /// Who the account is, if not at the vendor's own address
    #[arg(long)]
    pub(super) identity_url: Option<String>,
    /// What replaces scheme, host and port of the vendor's API
    #[arg(long)]
    pub(super) api_base_url: Option<String>,
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountVerb {
    /// All of them, or one user's
    List {
        /// The user
        #[arg(long)]
        identifier: Option<String>,
    },
    /// One
    Get {
        /// Its id (ca_...)
        id: String,
    },
    /// A link for a user to sign in with
    Link {
        /// The connection's name
        connection: String,
        /// The user
        identifier: String,
    },
    /// Forget a user's tokens and revoke them at the vendor; the account stays
    Disconnect {
        /// Its id (ca_...)
        id: String,
    },
    /// Remove an account and revoke its tokens at the vendor
    Delete {
        /// Its id (ca_...)
        id: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfigVerb {
    /// Make one
    Create {
        /// What to call it
        name: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// A connection and its tools: MY_GMAIL, or MY_GMAIL=tool,tool; may be given several times
        #[arg(long = "connection", required = true)]
        connections: Vec<String>,
    },
    /// All of them
    List,
    /// One, with its tools
    Get {
        /// Its name
        name: String,
    },
    /// Remove one, with its instances
    Delete {
        /// Its id (cfg_...)
        id: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstanceVerb {
    /// A user's instance on a config, made if there is none; prints its URL
    Ensure {
        /// The config's name
        config: String,
        /// The user
        identifier: String,
        /// The instance's name
        #[arg(long)]
        name: Option<String>,
    },
    /// All of them, or one user's
    List {
        /// The user
        #[arg(long)]
        identifier: Option<String>,
    },
    /// One, with its URL
    Get {
        /// Its id (inst_...)
        id: String,
    },
    /// How far its user has signed in, with links
    Auth {
        /// Its id (inst_...)
        id: String,
    },
    /// Remove one: its URL stops at once
    Delete {
        /// Its id (inst_...)
        id: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogsVerb {
    /// The newest records
    List {
        /// How many
        #[arg(long, default_value_t = 30)]
        limit: u32,
        /// Only what concerns this id
        #[arg(long)]
        subject: Option<String>,
    },
}
