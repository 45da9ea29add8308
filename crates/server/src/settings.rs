//! Settings: a flag beats `VALETKEY_*`, which beats `valetkey.toml` in the data folder, which beats the default.
//! (Flags and variables are clap's business, in [`crate::cli`]; here is the file and how the layers meet.)

use crate::cli::ServeFlags;
use crate::tls;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_domain::Secret;

/// The file's name in the data folder.
pub(crate) const FILE: &str = "valetkey.toml";

/// The longest that any link may open, in seconds: a week.
const LONGEST_LINK: u64 = 7 * 24 * 60 * 60;

/// What `valetkey.toml` may say. A key that is not here is an error, so that a typo is not a silent default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    public_url: Option<Url>,
    sdk_url: Option<Url>,
    http: Option<SocketAddr>,
    tls: Option<SocketAddr>,
    certificate: Option<PathBuf>,
    certificate_key: Option<PathBuf>,
    root_key_file: Option<PathBuf>,
    connectors: Option<PathBuf>,
    outbound: OutboundFile,
    links: LinksFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OutboundFile {
    /// `host:port` or CIDR that may be reached although it is private; metadata addresses never.
    allow: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LinksFile {
    /// Minutes that a link opens which came with an MCP answer.
    chat_minutes: Option<u64>,
    /// Hours that a link opens which was made to be mailed.
    mail_hours: Option<u64>,
}

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
    /// The operator's own certificate, or a local one in the data folder.
    pub(crate) certificate: tls::Source,
    /// Where the root key is, if not in the data folder.
    pub(crate) root_key_file: Option<PathBuf>,
    /// The root key itself, if the environment held it.
    pub(crate) root_key: Option<Arc<Secret<str>>>,
    /// A folder of connector files of one's own.
    pub(crate) connectors: Option<PathBuf>,
    /// What may be reached although it is private.
    pub(crate) allow: Vec<String>,
    /// How long links from MCP answers open.
    pub(crate) chat_link_life: Duration,
    /// How long links open that are mailed.
    pub(crate) mail_link_life: Duration,
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
    pub(crate) fn load(data: &Path, flags: &ServeFlags, root_key: Option<Secret<str>>) -> Result<Self> {
        let file = read(&data.join(FILE))?;
        let http = flags.http.or(file.http).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let tls = flags.tls.or(file.tls).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8443)));
        let given_public = flags.public_url.clone().or(file.public_url);
        let public_url = match &given_public {
            Some(url) => url.clone(),
            None => local("http", http.port())?,
        };
        // Behind one public hostname both URLs are the same; on this machine the SDKs need the TLS port.
        let sdk_url = match (flags.sdk_url.clone().or(file.sdk_url), given_public) {
            (Some(url), _) => url,
            (None, Some(public)) if public.scheme() == "https" => public,
            _ => local("https", tls.port())?,
        };
        for url in [&public_url, &sdk_url] {
            check_base(url)?;
        }
        let certificate = match (file.certificate, file.certificate_key) {
            (Some(certificate), Some(key)) => tls::Source::Own { certificate, key },
            (None, None) => tls::Source::Local { folder: data.join("tls") },
            _ => bail!("{FILE}: certificate and certificate_key go together"),
        };
        Ok(Self {
            data: data.to_owned(),
            public_url,
            sdk_url,
            http,
            tls,
            certificate,
            root_key_file: flags.root_key_file.clone().or(file.root_key_file),
            root_key: root_key.map(Arc::new),
            connectors: flags.connectors.clone().or(file.connectors),
            allow: file.outbound.allow,
            chat_link_life: link_life("links.chat_minutes", file.links.chat_minutes.unwrap_or(15), 60)?,
            mail_link_life: link_life("links.mail_hours", file.links.mail_hours.unwrap_or(24), 3600)?,
            lab: flags.lab,
            lab_address: flags.lab_address.0,
        })
    }
}

/// How long a link opens: never not at all, and not so long that it becomes a standing key to somebody's account.
fn link_life(key: &str, units: u64, seconds: u64) -> Result<Duration> {
    let most = LONGEST_LINK / seconds;
    if !(1..=most).contains(&units) {
        bail!("{FILE}: {key} is {units}; it can be 1 to {most}");
    }
    Ok(Duration::from_secs(units * seconds))
}

fn read(path: &Path) -> Result<File> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(why) => return Err(why).with_context(|| format!("cannot read {}", path.display())),
    };
    toml::from_str(&text).with_context(|| format!("{} is not right", path.display()))
}

fn local(scheme: &str, port: u16) -> Result<Url> {
    Ok(Url::parse(&format!("{scheme}://localhost:{port}"))?)
}

fn check_base(url: &Url) -> Result<()> {
    let clean = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if !clean || url.path() != "/" {
        bail!("{url}: public_url and sdk_url are scheme, host and port alone (gRPC cannot live under a path)");
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        bail!("{url}: must begin with https:// (http:// only for localhost): tokens and links travel over it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_in_the_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "publik_url = \"https://a.example\"").unwrap();
        let why = Settings::load(folder.path(), &ServeFlags::default(), None).unwrap_err();
        assert!(format!("{why:#}").contains("publik_url"), "{why:#}");
    }

    #[test]
    fn layers() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "http = \"127.0.0.1:1\"\ntls = \"127.0.0.1:2\"").unwrap();
        let flags = ServeFlags { tls: "127.0.0.1:3".parse().ok(), ..ServeFlags::default() };
        let settings = Settings::load(folder.path(), &flags, None).unwrap();
        assert_eq!(settings.public_url.as_str(), "http://localhost:1/");
        assert_eq!(settings.sdk_url.as_str(), "https://localhost:3/");
    }

    #[test]
    fn links_open_for_a_while_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let load = |links: &str| {
            std::fs::write(folder.path().join(FILE), format!("[links]\n{links}")).unwrap();
            Settings::load(folder.path(), &ServeFlags::default(), None)
        };
        assert_eq!(load("chat_minutes = 1").unwrap().chat_link_life, Duration::from_secs(60));
        assert_eq!(load("mail_hours = 168").unwrap().mail_link_life, Duration::from_secs(LONGEST_LINK));
        for (wrong, says) in [("chat_minutes = 0", "1 to 10080"), ("mail_hours = 9223372036854775807", "1 to 168")] {
            let why = load(wrong).unwrap_err().to_string();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn clear_text_is_for_this_machine_alone() {
        for wrong in ["http://a.example", "https://a.example/path", "https://u@a.example", "ftp://localhost"] {
            assert!(check_base(&wrong.parse().unwrap()).is_err(), "{wrong}");
        }
        assert!(check_base(&"https://a.example".parse().unwrap()).is_ok());
    }
}
