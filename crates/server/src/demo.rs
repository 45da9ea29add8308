//! `demo`: everything one needs to try Valetkey, offline. The provider lab plays Google, four connections point at it,
//! and a first proof runs the whole story before the demo says that it is ready.

mod proof;
mod visitor;

use crate::coding_agent;
use crate::compose::Server;
use crate::data::Folder;
use crate::files::write_private;
use crate::operator;
use crate::sdk_access::{SdkAccess, base, quoted};
use crate::serve::{self, Running};
use crate::settings::Settings;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use valetkey_app::entrance::{doors, sign_in};
use valetkey_app::tenancy::tokens;
use valetkey_app::tenancy::{clients, environments};
use valetkey_app::{App, connections};
use valetkey_domain::connection::{Connection, Settings as ConnectionSettings};
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_lab::Lab;

/// The demo's connections: the names of the seed's text, and the names that the vendor's samples use.
const CONNECTIONS: [(&str, &str); 4] = [
    ("MY_GMAIL", "gmail"),
    ("MY_CALENDAR", "googlecalendar"),
    ("gmail", "gmail"),
    ("googlecalendar", "googlecalendar"),
];

/// What the demo's consent pages show as the app, until the operator calls it something else.
const APP: &str = "Valetkey demo";

/// The OAuth client that the lab knows. It protects nothing: the lab's users are made up.
const LAB_CLIENT: (&str, &str) = ("valetkey-demo.apps.lab.example", "lab-client-secret");

/// Runs the demo until told to stop.
///
/// # Errors
/// Whatever kept it from starting, or the step of the proof that failed.
pub(crate) async fn run(mut settings: Settings) -> Result<()> {
    settings.lab = true;
    settings.allow.push(settings.lab_address.to_string());
    let running = serve::start(&settings).await?;
    let outcome = prove(&running, &settings).await;
    match outcome {
        Ok(text) => {
            let agent = coding_agent::how(&running.server().app, &settings.data)?.unwrap_or_default();
            let text = format!("{text}{agent}");
            std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
            running.until_stopped().await
        }
        Err(why) => {
            running.stop().await;
            Err(why.context("the demo's proof did not succeed"))
        }
    }
}

/// Where the dashboard is: it is what one does next.
async fn dashboard(running: &Running) -> Result<String> {
    let app = &running.server().app;
    let link = operator::login_url(app, &sign_in::first_link(app).await?);
    Ok(format!("\nOpen the dashboard (this link signs in once, within ten minutes):\n\n  {link}\n"))
}

/// Sets everything up, runs the proof, and gives the text to print.
async fn prove(running: &Running, settings: &Settings) -> Result<String> {
    let server = running.server();
    let folder = Folder::open(&settings.data)?;
    let lab = server.lab.as_ref().context("the demo runs with the lab")?;
    let environment = environments::ensure_first(&server.app).await?;
    if environment.display_name.is_none() {
        environments::rename(&server.app, &environment.name, Some(APP)).await?;
    }
    let ctx = doors::operator(&server.app, &environment.id);
    connect(&server.app, &ctx, lab, settings.lab_address).await?;
    let client = client(server, &ctx, &folder).await?;
    let story = proof::run(&base(&settings.public_url), &client, server.app.now()).await?;
    text(&story, settings, &dashboard(running).await?)
}

/// The demo's connections, made if they are missing, and known to the lab with their redirect URIs.
async fn connect(app: &App, ctx: &Ctx, lab: &Lab, address: SocketAddr) -> Result<()> {
    let mut redirects = Vec::new();
    for (name, connector) in CONNECTIONS {
        let wanted = at_lab(name, connector, address);
        let connection = match connections::by_name(app, ctx, name).await {
            Ok(existing) => follow_lab(app, ctx, existing, wanted).await?,
            Err(why) if why.kind() == Kind::NotFound => connections::create(app, ctx, wanted).await?,
            Err(why) => return Err(why.into()),
        };
        redirects.push(connections::redirect_uri(app, &connection.id));
    }
    lab.register_client(LAB_CLIENT.0, LAB_CLIENT.1, redirects).await?;
    Ok(())
}

/// The connection, pointed at where the lab is this time. Credentials do not follow, so people sign in again. One that
/// the operator has pointed somewhere else has another client by now, and is left alone.
async fn follow_lab(app: &App, ctx: &Ctx, existing: Connection, wanted: connections::New) -> Result<Connection> {
    let settings = ConnectionSettings { scopes: existing.settings.scopes.clone(), ..wanted.settings };
    if existing.settings == settings || existing.settings.client_id != settings.client_id {
        return Ok(existing);
    }
    tracing::warn!(connection = %existing.name, "the lab is at another address than before: people sign in again");
    let change = connections::Change { settings: Some(settings), client_secret: wanted.client_secret, enabled: None };
    Ok(connections::update(app, ctx, &existing, change).await?)
}

fn at_lab(name: &str, connector: &str, address: SocketAddr) -> connections::New {
    let url = |path: &str| Some(format!("http://{address}{path}"));
    connections::New {
        name: Some(name.to_owned()),
        connector: connector.to_owned(),
        settings: ConnectionSettings {
            way: None,
            client_id: Some(LAB_CLIENT.0.to_owned()),
            scopes: vec![],
            authorize_url: url("/o/oauth2/v2/auth"),
            token_url: url("/token"),
            revoke_url: url("/revoke"),
            identity_url: url("/v1/userinfo"),
            api_base_url: url(""),
            basic_raw: None,
            proxy: None,
            found: None,
        },
        client_secret: Some(Secret::from(LAB_CLIENT.1)),
    }
}

/// The client whose secret `env` prints: the one kept in the data folder, or a new one if it no longer works.
async fn client(server: &Server, ctx: &Ctx, folder: &Folder) -> Result<SdkAccess> {
    let app = &server.app;
    let sdk_url = app.settings().sdk("");
    let ca_bundle = server.tls.bundle.clone();
    if let Ok(text) = std::fs::read_to_string(folder.demo_client()) {
        let kept: SdkAccess = serde_json::from_str(&text).context("demo-client.json is damaged: remove it")?;
        let secret = Secret::from(kept.client_secret.as_str());
        let same_place = kept.sdk_url == sdk_url && kept.ca_bundle == ca_bundle;
        if same_place && tokens::token(app, &kept.client_id, &secret).await.is_ok() {
            return Ok(kept);
        }
    }
    let issued = clients::create(app, ctx, "demo", vec![clients::SECRETS_SCOPE.to_owned()]).await?;
    let client = SdkAccess {
        sdk_url,
        client_id: issued.client.id.to_string(),
        client_secret: issued.secret.expose().to_owned(),
        ca_bundle,
    };
    write_private(&folder.demo_client(), &serde_json::to_string_pretty(&client)?)?;
    Ok(client)
}

fn text(story: &proof::Story, settings: &Settings, dashboard: &str) -> Result<String> {
    let binary = std::env::current_exe().context("cannot find the binary's own path")?;
    let data = std::fs::canonicalize(&settings.data)?;
    let mut text = format!(
        "\nValetkey is running.\n{dashboard}\nTo see that it works, it has just done this through its own doors:\n"
    );
    for line in story.lines() {
        text.push_str(&format!("  - {line}\n"));
    }
    text.push_str(&format!(
        "\nServing at {} (browsers, MCP clients) and {} (SDKs); the provider lab plays Google at http://{}.\n\
         Connections: {}. Data: {}\n\
         \nIn another shell, this points the official SDKs here:\n\n  eval \"$({} --data {} env)\"\n\
         \nThen run your AgentKit code unchanged. Stop with Ctrl-C; the next start goes on with the same data.\n\n",
        base(&settings.public_url),
        base(&settings.sdk_url),
        settings.lab_address,
        CONNECTIONS.map(|(name, _)| name).join(", "),
        data.display(),
        quoted(&binary.to_string_lossy()),
        quoted(&data.to_string_lossy()),
    ));
    Ok(text)
}
