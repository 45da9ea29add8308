//! Custom providers: apps that no connector file is about. What is said of signing in is the API's own JSON; a new one
//! begins with an example of the way that was chosen.

use super::frame::{Pager, Section};
use super::imports::{self, Picked};
use super::pages::{ProviderForm, Providers};
use super::provider_forms::{Named, STARTS, blank, find, pretty, row};
use super::visit::{Answer, Fields, Posted, Visit, WithDocument};
use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use valetkey_app::Error;
use valetkey_app::connections::imports::Effects;
use valetkey_app::connections::providers::{self, Entry, New, ProviderFilter, Update};
use valetkey_domain::member::Right;
use valetkey_domain::provider::Provider;
use valetkey_domain::{Ctx, Kind};

/// How many a page shows.
const SIZE: u32 = 50;

/// All custom ones.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let page = visit.list_page(SIZE);
    let listed = providers::list(&visit.web.app, &ctx, ProviderFilter::Custom, None, &page).await;
    let listed = listed.map_err(|error| visit.fail(&error))?;
    let pager = Pager::of(&listed, &[]);
    let rows = listed.items.iter().filter_map(|entry| match entry {
        Entry::Custom(provider) => Some(row(provider)),
        Entry::OfFile(_) => None,
    });
    Ok(visit.page(&Providers { frame: visit.frame(Section::Providers), rows: rows.collect(), pager }))
}

/// The form of a new one.
pub(crate) async fn form(visit: Visit) -> Answer {
    visit.enter(Right::Develop)?;
    let start = Some(visit.query("start")).filter(|asked| STARTS.iter().any(|(word, _)| word == asked));
    let start = start.unwrap_or("api_key");
    let patterns = pretty(&example(start));
    Ok(visit.page(&ProviderForm { start: start.to_owned(), patterns, proxy: true, ..blank(&visit, None) }))
}

/// How people sign in, to begin with.
fn example(start: &str) -> Value {
    let field = |name: &str, label: &str| json!({"field_name": name, "label": label, "input_type": "password", "required": true});
    match start {
        "bearer" => {
            json!([{"type": "BEARER", "display_name": "Access token", "fields": [field("token", "Access token")]}])
        }
        "basic" => {
            let user = json!({"field_name": "username", "label": "User name", "required": true});
            json!([{"type": "BASIC", "display_name": "Name and password", "fields": [user, field("password", "Password")]}])
        }
        "oauth" => json!([{"type": "OAUTH", "display_name": "Sign in", "oauth_config": {
            "authorize_uri": "https://example.com/oauth/authorize", "token_uri": "https://example.com/oauth/token",
            "pkce_enabled": true, "available_scopes": [{"scope": "read", "display_name": "Read", "required": true}],
        }}]),
        _ => json!([{"type": "API_KEY", "display_name": "API key", "fields": [field("api_key", "API key")]}]),
    }
}

/// The fields of the form by the API's names for them, which its errors begin with.
const FIELDS: [(&str, &str); 4] =
    [("display_name", "name"), ("description", "description"), ("proxy_url", "url"), ("auth_patterns", "patterns")];

/// A refusal as the form tells it: the field that it is about, empty for none, and the words. Only in JSON that somebody typed
/// are the API's names told.
fn told(error: &Error) -> (&'static str, String) {
    let words = error.message();
    let of = |(api, field): &(&str, &'static str)| {
        Some((*field, words.strip_prefix("provider.")?.strip_prefix(api)?)).map(|(field, rest)| match field {
            "patterns" => (field, format!("{api}{rest}")),
            _ => (field, format!("this{rest}")),
        })
    };
    match FIELDS.iter().find_map(of) {
        Some(told) => told,
        None if error.kind() == Kind::AlreadyExists => ("name", words.to_owned()),
        None => ("", words.to_owned()),
    }
}

/// The form as it was sent, with what was wrong and in which field.
fn again(visit: &Visit, sent: &Fields, of: Option<&Provider>, (at, wrong): (&'static str, String)) -> Response {
    visit.page(&ProviderForm {
        name: sent.text("name").to_owned(),
        description: sent.text("description").to_owned(),
        url: sent.text("url").to_owned(),
        proxy: sent.has("proxy"),
        patterns: sent.text("patterns").to_owned(),
        document: sent.text("document").to_owned(),
        at,
        wrong: Some(super::sentence::sentence(&wrong)),
        ..blank(visit, of)
    })
}

fn patterns(sent: &Fields) -> Result<Value, Error> {
    super::schema_form::json(sent.text("patterns"))
        .map_err(|wrong| Error::invalid(format!("provider.auth_patterns cannot be read: {wrong}")))
}

/// Where its API is. What the rules of the API's wire say of it, a form has to be told too.
fn url(sent: &Fields) -> Result<String, Error> {
    let url = sent.text("url");
    if !url.starts_with("https://") || url.len() > 2048 {
        return Err(Error::invalid("provider.proxy_url has to begin with https:// and has 2,048 characters at most"));
    }
    Ok(url.to_owned())
}

fn is_the_forms(error: &Error) -> bool {
    matches!(error.kind(), Kind::InvalidArgument | Kind::AlreadyExists | Kind::FailedPrecondition | Kind::Aborted)
}

/// Makes it; with a document, what that would bring comes next.
pub(crate) async fn create(WithDocument { visit, form }: WithDocument) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    match created(&visit, &ctx, &form).await {
        Ok(provider) if form.has("document") => {
            let document = form.text("document").to_owned();
            imports::looked_at(&visit, &ctx, &provider, document, Picked::Usual, &Effects::new()).await
        }
        Ok(provider) => Ok(visit.go(&format!("/providers/{}", provider.slug), "provider-created")),
        Err(error) if is_the_forms(&error) => Ok(again(&visit, &form, None, told(&error))),
        Err(error) => Err(visit.fail(&error)),
    }
}

async fn created(visit: &Visit, ctx: &Ctx, sent: &Fields) -> Result<Provider, Error> {
    let new = New {
        display_name: sent.text("name").to_owned(),
        description: sent.text("description").to_owned(),
        icon_src: String::new(),
        proxy_url: url(sent)?,
        proxy_enabled: sent.has("proxy"),
        auth_patterns: patterns(sent)?,
        metadata: BTreeMap::new(),
    };
    providers::create(&visit.web.app, ctx, new).await
}

/// The form of one that is there.
pub(crate) async fn show(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let provider = find(&visit, &ctx, &named).await?;
    match imports::of(&visit, &ctx, &provider).await {
        Ok((tools, source)) => Ok(visit.page(&ProviderForm { tools, source, ..blank(&visit, Some(&provider)) })),
        // Importing again mends it, and the way there is on this page.
        Err(error) if error.kind() == Kind::Aborted => {
            let wrong = Some(super::sentence::sentence(error.message()));
            Ok(visit.page(&ProviderForm { wrong, ..blank(&visit, Some(&provider)) }))
        }
        Err(error) => Err(visit.fail(&error)),
    }
}

/// Saves it, unless somebody else has changed it since the form was shown.
pub(crate) async fn save(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let before = find(&visit, &ctx, &named).await?;
    if form.text("seen") != before.revision.to_string() {
        let wrong = "this provider was changed elsewhere since the form was shown, and nothing was saved: look at what \
            you typed below, and save it again if it is what you want";
        return Ok(again(&visit, &form, Some(&before), ("", wrong.to_owned())));
    }
    match saved(&visit, &ctx, &before, &form).await {
        Ok(_) => Ok(visit.go(&format!("/providers/{}", before.slug), "provider-saved")),
        Err(error) if is_the_forms(&error) => Ok(again(&visit, &form, Some(&before), told(&error))),
        Err(error) => Err(visit.fail(&error)),
    }
}

async fn saved(visit: &Visit, ctx: &Ctx, before: &Provider, sent: &Fields) -> Result<Provider, Error> {
    let update = Update {
        display_name: sent.text("name").to_owned(),
        description: Some(sent.text("description").to_owned()),
        icon_src: None,
        proxy_url: url(sent)?,
        proxy_enabled: Some(sent.has("proxy")),
        auth_patterns: Some(patterns(sent)?),
        metadata: before.metadata.clone(),
    };
    providers::update(&visit.web.app, ctx, &before.slug, update).await
}

/// Deletes it.
pub(crate) async fn delete(Path(named): Named, Posted { visit, .. }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let provider = find(&visit, &ctx, &named).await?;
    match providers::delete(&visit.web.app, &ctx, &provider.slug).await {
        Ok(()) => Ok(visit.go("/providers", "provider-deleted")),
        Err(error) if error.kind() == Kind::FailedPrecondition => {
            let wrong = Some(super::sentence::sentence(error.message()));
            Ok(visit.page(&ProviderForm { wrong, ..blank(&visit, Some(&provider)) }))
        }
        Err(error) => Err(visit.fail(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_app::connections::Connector;

    /// What the form begins with can be saved as it is.
    #[test]
    fn every_example_is_one_that_the_server_takes() {
        for (start, _) in STARTS {
            let made = Connector::custom(valetkey_connectors::CustomProvider {
                slug: "acme:1",
                display_name: "Acme",
                proxy_url: "https://api.acme.example/v1",
                proxy_enabled: true,
                auth_patterns: &example(start),
                tools_digest: "",
            });
            assert!(made.is_ok(), "{start}: {:?}", made.err());
        }
    }
}
