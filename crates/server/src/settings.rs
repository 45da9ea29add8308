//! Settings: a flag beats `VALETKEY_*`, which beats `valetkey.toml` in the data folder, which beats the default.
//! Flags and variables are read in [`crate::flags`], the file in `file`; here the layers meet.

mod file;
mod limits;
mod mcp;
mod urls;
mod watching;

pub(crate) use limits::Limits;
pub(crate) use urls::on_this_machine;
pub(crate) use watching::{Format, Listening, Logging, Traces};

use self::file::{SignOnFile, UserSignInFile};
use crate::data::{Folder, SETTINGS_FILE};
use crate::files;
use crate::flags::ServeFlags;
use crate::roots::Source;
use crate::secrets::Secrets;
use crate::tls;
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_app::{KnownBy, SignOn};
use valetkey_domain::Secret;
use valetkey_storage::Location;

/// The longest that any link may open, in seconds: a week.
const LONGEST_LINK: u64 = 7 * 24 * 60 * 60;

/// The settings a server runs with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Where browsers and MCP clients reach the server.
    pub(crate) public_url: Url,
    /// Where the SDKs reach it.
    pub(crate) sdk_url: Url,
    /// The clear-text listener.
    pub(crate) http: SocketAddr,
    /// The TLS listener.
    pub(crate) tls: SocketAddr,
    /// The listener of `/healthz`, `/readyz` and `/metrics` alone, if there is one.
    pub(crate) operations: Option<SocketAddr>,
    /// Which other listeners serve `/metrics`.
    pub(crate) metrics: Vec<Listening>,
    /// Which listeners serve the dashboard.
    pub(crate) dashboard: Vec<Listening>,
    /// The operator's own certificate, or a local one in the data folder.
    pub(crate) certificate: tls::Source,
    /// Where the database is.
    pub(crate) database: Location,
    /// Where root keys come from.
    pub(crate) roots: Source,
    /// A folder of connector files of one's own.
    pub(crate) connectors: Option<PathBuf>,
    /// What may be reached although it is private.
    pub(crate) allow: Vec<String>,
    /// Where members sign in, beside their passwords and links.
    pub(crate) sign_on: Option<Arc<SignOn>>,
    /// Where users sign in for their agents, by environment.
    pub(crate) user_sign_in: BTreeMap<String, Arc<SignOn>>,
    /// How long links from MCP answers open.
    pub(crate) chat_link_life: Duration,
    /// How long links open that are mailed.
    pub(crate) mail_link_life: Duration,
    /// How long the journal's records are kept; for ever if none.
    pub(crate) journal_kept: Option<Duration>,
    /// Which web pages may speak MCP, and how strictly.
    pub(crate) mcp: valetkey_mcp::Settings,
    /// How much anyone may take.
    pub(crate) limits: Limits,
    /// What is logged, and how.
    pub(crate) log: Logging,
    /// Where traces go, if anywhere.
    pub(crate) traces: Option<Traces>,
    /// Whether the provider lab runs too.
    pub(crate) lab: bool,
    /// Where it listens if it does.
    pub(crate) lab_address: SocketAddr,
}

impl Settings {
    /// The layers put together.
    ///
    /// # Errors
    /// The file cannot be read, has an unknown key or a wrong value, or only half of a certificate is named.
    pub(crate) fn load(data: &Path, flags: &ServeFlags, secrets: Secrets) -> Result<Self> {
        let file = file::read(&data.join(SETTINGS_FILE))?;
        let http = flags.http.or(file.http).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let tls = flags.tls.or(file.tls).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8443)));
        let given = (flags.public_url.clone().or(file.public_url), flags.sdk_url.clone().or(file.sdk_url));
        let (public_url, sdk_url) = urls::both(given, http, tls)?;
        let given = flags.database.as_deref().map(Secret::copy).or(secrets.database);
        let root_key_file = flags.root_key_file.clone().or(file.root_key_file);
        Ok(Self {
            data: data.to_owned(),
            http,
            tls,
            operations: flags.operations.or(file.operations),
            metrics: file.metrics.unwrap_or_else(|| operators_by_default(&public_url)),
            dashboard: file.dashboard.unwrap_or_else(|| operators_by_default(&public_url)),
            public_url,
            sdk_url,
            certificate: certificate(data, file.certificate, file.certificate_key)?,
            roots: Source {
                file: root_key_file.unwrap_or_else(|| Folder::at(data).root_key()),
                variable: secrets.root_key.map(Arc::new),
                transit: file.transit,
            },
            database: database(data, given, file.database, file.database_file)?,
            connectors: flags.connectors.clone().or(file.connectors),
            allow: file.outbound.allow,
            sign_on: file.sign_on.map(sign_on).transpose()?,
            user_sign_in: file.user_sign_in.into_iter().map(user_sign_in).collect::<Result<_>>()?,
            chat_link_life: link_life("links.chat_minutes", file.links.chat_minutes.unwrap_or(15), 60)?,
            mail_link_life: link_life("links.mail_hours", file.links.mail_hours.unwrap_or(24), 3600)?,
            journal_kept: file.journal.keep_days.map(kept).transpose()?,
            mcp: file.mcp.read()?,
            limits: file.limits.read()?,
            log: file.log.read(flags.log),
            traces: file.telemetry.read()?,
            lab: flags.lab,
            lab_address: flags.lab_address.0,
        })
    }
}

/// The operator's own certificate, or a local one.
fn certificate(data: &Path, certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<tls::Source> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(tls::Source::Own { certificate, key }),
        (None, None) => Ok(tls::Source::Local { folder: data.join("tls") }),
        _ => bail!("{SETTINGS_FILE}: certificate and certificate_key go together"),
    }
}

/// Where the database is: as `given` on the command line or in the environment, else as the file says or a file of it.
fn database(data: &Path, given: Option<Secret<str>>, text: Option<String>, file: Option<PathBuf>) -> Result<Location> {
    match (given, text, file) {
        (Some(given), _, _) => Ok(located(given)),
        (None, Some(_), Some(_)) => bail!("{SETTINGS_FILE}: database or database_file, not both"),
        (None, Some(text), None) => Ok(located(Secret::from(text))),
        (None, None, Some(path)) => Ok(located(files::read_private("database URL", &path)?)),
        (None, None, None) => Ok(Location::File(Folder::at(data).database())),
    }
}

/// A URL, or the path of a file.
fn located(database: Secret<str>) -> Location {
    if database.expose().contains("://") {
        return Location::from(database);
    }
    Location::File(PathBuf::from(database.expose()))
}

/// Metrics and the dashboard are for those who run the server: where the listeners are for the public, neither serves them
/// unless it is named.
fn operators_by_default(public_url: &Url) -> Vec<Listening> {
    if on_this_machine(public_url) { vec![Listening::Http, Listening::Tls] } else { vec![] }
}

/// The OpenID provider at which members sign in.
fn sign_on(file: SignOnFile) -> Result<Arc<SignOn>> {
    let claim = ("sign_on.member", file.member.as_deref().unwrap_or("email"));
    provider("sign_on.issuer", file.issuer, claim, (file.client_id, file.client_secret_file.as_deref()))
}

/// The OpenID provider at which an environment's users sign in for their agents.
fn user_sign_in((environment, file): (String, UserSignInFile)) -> Result<(String, Arc<SignOn>)> {
    let [issuer, claim] = ["issuer", "identifier"].map(|key| format!("user_sign_in.{environment}.{key}"));
    let client = (file.client_id, file.client_secret_file.as_deref());
    Ok((environment, provider(&issuer, file.issuer, (&claim, &file.identifier), client)?))
}

fn provider(
    key: &str,
    issuer: Url,
    (claim_key, claim): (&str, &str),
    (client_id, secret): (String, Option<&Path>),
) -> Result<Arc<SignOn>> {
    let known_by = match claim {
        "email" => KnownBy::Email,
        "sub" => KnownBy::Subject,
        other => bail!("{SETTINGS_FILE}: {claim_key} is '{other}'; it can be email or sub"),
    };
    let client_secret = secret.map(|path| files::read_private("secret of the OpenID client", path)).transpose()?;
    if !matches!(issuer.scheme(), "https" | "http") || !issuer.has_host() || issuer.query().is_some() {
        bail!("{SETTINGS_FILE}: {key} is {issuer}; it is a web address without a query (https://…)");
    }
    Ok(Arc::new(SignOn { issuer, client_id, client_secret, known_by }))
}

/// How long a link opens: never not at all, and not so long that it becomes a standing key to somebody's account.
fn link_life(key: &str, units: u64, seconds: u64) -> Result<Duration> {
    let most = LONGEST_LINK / seconds;
    if !(1..=most).contains(&units) {
        bail!("{SETTINGS_FILE}: {key} is {units}; it can be 1 to {most}");
    }
    Ok(Duration::from_secs(units * seconds))
}

/// How long records are kept: a day at least, so that a slip of the pen does not empty the journal.
fn kept(days: u32) -> Result<Duration> {
    if days == 0 {
        bail!("{SETTINGS_FILE}: journal.keep_days is 0; it can be 1 or more, or left out to keep everything");
    }
    Ok(Duration::from_secs(u64::from(days) * 24 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_SECRETS: Secrets = Secrets { root_key: None, database: None, credential: None };

    #[test]
    fn the_database_is_a_url_or_a_file_and_no_debug_text_shows_a_password() {
        let folder = tempfile::tempdir().unwrap();
        let load = |file: &str, variable: Option<&str>| {
            std::fs::write(folder.path().join(SETTINGS_FILE), file).unwrap();
            let secrets = Secrets { root_key: None, database: variable.map(Secret::from), credential: None };
            Settings::load(folder.path(), &ServeFlags::default(), secrets)
        };
        let url = "postgres://valetkey:hunter2@db/valetkey";
        let held = |settings: &Settings| match &settings.database {
            Location::Postgres(url) => url.expose().to_owned(),
            other => format!("{other:?}"),
        };
        let settings = load(&format!("database = \"{url}\""), None).unwrap();
        assert_eq!(held(&settings), url);
        assert!(!format!("{settings:?}").contains("hunter2"));
        let settings = load("database = \"elsewhere.sqlite\"", Some(url)).unwrap();
        assert_eq!(held(&settings), url, "the variable beats the file");
        let default = folder.path().join("valetkey.sqlite");
        assert_eq!(held(&load("", None).unwrap()), format!("{:?}", Location::File(default)));
        let file = folder.path().join("url");
        files::write_private(&file, url).unwrap();
        assert_eq!(held(&load(&format!("database_file = {file:?}"), None).unwrap()), url);
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let why = load(&format!("database_file = {file:?}"), None).unwrap_err().to_string();
        assert!(why.contains("chmod 600"), "{why}");
        assert!(load("database = \"a\"\ndatabase_file = \"b\"", None).is_err());
    }

    #[test]
    fn layers() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SETTINGS_FILE), "http = \"127.0.0.1:1\"\ntls = \"127.0.0.1:2\"").unwrap();
        let flags = ServeFlags { tls: "127.0.0.1:3".parse().ok(), ..ServeFlags::default() };
        let settings = Settings::load(folder.path(), &flags, NO_SECRETS).unwrap();
        assert_eq!(settings.public_url.as_str(), "http://localhost:1/");
        assert_eq!(settings.sdk_url.as_str(), "https://localhost:3/");
    }

    #[test]
    fn users_sign_in_where_their_environment_says() {
        let folder = tempfile::tempdir().unwrap();
        let load = |claim: &str, issuer: &str| {
            let text = format!("[user_sign_in.\"my app\"]\nissuer = \"{issuer}\"\nclient_id = \"vk\"\n{claim}");
            std::fs::write(folder.path().join(SETTINGS_FILE), text).unwrap();
            Settings::load(folder.path(), &ServeFlags::default(), NO_SECRETS).map(|settings| settings.user_sign_in)
        };
        let issuer = "https://login.example";
        for (claim, known_by) in [("sub", KnownBy::Subject), ("email", KnownBy::Email)] {
            let found = load(&format!("identifier = \"{claim}\""), issuer).unwrap();
            assert_eq!((found.len(), found["my app"].known_by), (1, known_by));
        }
        // Which claim it is nobody guesses: with the wrong one other people are let in.
        assert!(load("", issuer).is_err());
        let why = load("identifier = \"name\"", issuer).unwrap_err().to_string();
        assert!(why.contains("user_sign_in.my app.identifier is 'name'"), "{why}");
        let why = load("identifier = \"sub\"", "file:///etc").unwrap_err().to_string();
        assert!(why.contains("user_sign_in.my app.issuer"), "{why}");
    }

    #[test]
    fn links_open_for_a_while_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let load = |links: &str| {
            std::fs::write(folder.path().join(SETTINGS_FILE), format!("[links]\n{links}")).unwrap();
            Settings::load(folder.path(), &ServeFlags::default(), NO_SECRETS)
        };
        assert_eq!(load("chat_minutes = 1").unwrap().chat_link_life, Duration::from_secs(60));
        assert_eq!(load("mail_hours = 168").unwrap().mail_link_life, Duration::from_secs(LONGEST_LINK));
        for (wrong, says) in [("chat_minutes = 0", "1 to 10080"), ("mail_hours = 9223372036854775807", "1 to 168")] {
            let why = load(wrong).unwrap_err().to_string();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn records_are_kept_for_ever_or_a_day_at_least() {
        let folder = tempfile::tempdir().unwrap();
        let load = |journal: &str| {
            std::fs::write(folder.path().join(SETTINGS_FILE), format!("[journal]\n{journal}")).unwrap();
            Settings::load(folder.path(), &ServeFlags::default(), NO_SECRETS)
        };
        assert_eq!(load("").unwrap().journal_kept, None);
        assert_eq!(load("keep_days = 1").unwrap().journal_kept, Some(Duration::from_secs(86_400)));
        assert!(load("keep_days = 0").unwrap_err().to_string().contains("1 or more"));
    }

    #[test]
    fn metrics_and_the_dashboard_are_off_public_listeners_unless_named() {
        let folder = tempfile::tempdir().unwrap();
        let load = |text: &str| {
            std::fs::write(folder.path().join(SETTINGS_FILE), text).unwrap();
            let settings = Settings::load(folder.path(), &ServeFlags::default(), NO_SECRETS).unwrap();
            (settings.metrics, settings.dashboard)
        };
        let both = || vec![Listening::Http, Listening::Tls];
        let public = "public_url = \"https://keys.example.com\"";
        assert_eq!(load(""), (both(), both()));
        assert_eq!(load(public), (vec![], vec![]));
        assert_eq!(load(&format!("{public}\nmetrics = [\"http\"]")), (vec![Listening::Http], vec![]));
        assert_eq!(load(&format!("{public}\ndashboard = [\"tls\"]")), (vec![], vec![Listening::Tls]));
    }
}
