//! Tools for a custom provider, from an OpenAPI document: sent, looked at, chosen from. The document goes along with each form,
//! for nothing of it is kept before something is chosen.

use super::frame::Section;
use super::pages::{ProviderForm, ProviderImport, ProviderReview, ToolRow};
use super::provider_forms::{Named, blank, find, pretty, row};
use super::sentence::sentence;
use super::visit::{Answer, Fields, Posted, Visit, WithDocument};
use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;
use std::collections::BTreeSet;
use valetkey_app::Error;
use valetkey_app::connections::imports::{self, Choice, Effects, MAX_TOOLS, Offer, OfferState, Review, Taken};
use valetkey_domain::invisible::shown;
use valetkey_domain::member::Right;
use valetkey_domain::provider::Provider;
use valetkey_domain::tool::Effect;
use valetkey_domain::{Ctx, Kind};

/// How much of a description is shown where tools are chosen, in characters.
const WORDS: usize = 240;

/// The form of a document.
pub(crate) async fn form(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let provider = find(&visit, &ctx, &named).await?;
    Ok(asked(&visit, Some(&provider), "", NOTHING))
}

/// The form of a document that a new provider is made of.
pub(crate) async fn form_of_new(visit: Visit) -> Answer {
    visit.enter(Right::Develop)?;
    Ok(asked(&visit, None, "", NOTHING))
}

/// Nothing is wrong yet.
const NOTHING: (&str, Option<String>) = ("", None);

/// What is wrong with a document, beside its text.
fn with_the_text(error: &Error) -> (&'static str, Option<String>) {
    ("document", Some(sentence(error.message())))
}

fn asked(visit: &Visit, of: Option<&Provider>, typed: &str, (at, wrong): (&'static str, Option<String>)) -> Response {
    visit.page(&ProviderImport {
        frame: visit.frame(Section::Providers),
        row: of.map(row),
        document: typed.to_owned(),
        at,
        wrong,
    })
}

/// The document that a form holds: the file that was chosen, else what was pasted.
pub(super) fn document(sent: &Fields) -> Result<String, Error> {
    match sent.file("file") {
        Some(bytes) => String::from_utf8(bytes.to_vec())
            .map_err(|_| Error::invalid("the file is no text in UTF-8: an OpenAPI document is JSON or YAML")),
        None => Ok(sent.text("document").to_owned()),
    }
}

/// The form again after a file that is no text; what was pasted stays.
fn unread(visit: &Visit, of: Option<&Provider>, sent: &Fields, error: &Error) -> Response {
    asked(visit, of, sent.text("document"), ("file", Some(sentence(error.message()))))
}

/// What is wrong with a document, and not with the request.
pub(super) fn is_the_documents(error: &Error) -> bool {
    matches!(error.kind(), Kind::InvalidArgument | Kind::FailedPrecondition | Kind::Aborted | Kind::ResourceExhausted)
}

/// The form of a new provider, as far as a document says what it is.
pub(crate) async fn begin(WithDocument { visit, form }: WithDocument) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let made = async {
        let document = document(&form)?;
        let suggested = imports::suggested(&visit.web.app, &ctx, document.clone()).await?;
        Ok::<_, Error>((document, suggested))
    };
    match made.await {
        Ok((document, suggested)) => Ok(visit.page(&ProviderForm {
            name: suggested.name,
            url: suggested.url,
            patterns: pretty(&suggested.patterns),
            proxy: true,
            document,
            ..blank(&visit, None)
        })),
        Err(error) if is_the_documents(&error) => Ok(match document(&form) {
            Ok(typed) => asked(&visit, None, &typed, with_the_text(&error)),
            Err(_) => unread(&visit, None, &form, &error),
        }),
        Err(error) => Err(visit.fail(&error)),
    }
}

/// What a document would bring.
pub(crate) async fn look(Path(named): Named, WithDocument { visit, form }: WithDocument) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let provider = find(&visit, &ctx, &named).await?;
    match document(&form) {
        Ok(document) => {
            looked_at(&visit, &ctx, &provider, document, Picked::of(form.text("pick")), &effects(&form)).await
        }
        Err(error) => Ok(unread(&visit, Some(&provider), &form, &error)),
    }
}

/// What somebody says that calling tools does.
fn effects(form: &Fields) -> Effects {
    let said = |(name, word): &(String, String)| Some((name.strip_prefix("effect:")?.to_owned(), Effect::parse(word)?));
    form.pairs().iter().filter_map(said).collect()
}

/// The page of a document that may be chosen from; the form again if it can't be read.
pub(super) async fn looked_at(
    visit: &Visit,
    ctx: &Ctx,
    provider: &Provider,
    document: String,
    picked: Picked,
    effects: &Effects,
) -> Answer {
    match imports::review(&visit.web.app, ctx, &provider.slug, document.clone(), effects).await {
        Ok(review) => Ok(visit.page(&page(visit, &review, document, &picked, None))),
        Err(error) if is_the_documents(&error) => Ok(asked(visit, Some(provider), &document, with_the_text(&error))),
        Err(error) => Err(visit.fail(&error)),
    }
}

/// Which tools are ticked.
pub(super) enum Picked {
    /// Those that the provider has; all that there are where it has none yet.
    Usual,
    /// All.
    All,
    /// None.
    None,
    /// Those that only read.
    Reading,
    /// Those of these names.
    These(BTreeSet<String>),
}

impl Picked {
    fn of(word: &str) -> Self {
        match word {
            "all" => Self::All,
            "none" => Self::None,
            "reading" => Self::Reading,
            _ => Self::Usual,
        }
    }

    fn has(&self, offer: &Offer, review: &Review) -> bool {
        match self {
            Self::Usual if review.before.is_none() => review.offers.len() <= MAX_TOOLS,
            Self::Usual => offer.state != OfferState::New,
            Self::All => true,
            Self::None => false,
            Self::Reading => offer.candidate.effect.read_only(),
            Self::These(names) => names.contains(&offer.candidate.name),
        }
    }
}

fn page(visit: &Visit, review: &Review, document: String, picked: &Picked, wrong: Option<String>) -> ProviderReview {
    let first = review.before.is_none();
    let tool = |offer: &Offer| {
        let candidate = &offer.candidate;
        ToolRow {
            name: candidate.name.clone(),
            title: candidate.title.clone(),
            effect: candidate.effect.as_str(),
            request: candidate.request.clone(),
            description: shown(&candidate.description, WORDS),
            state: if first { "" } else { offer.state.word() },
            left_out: candidate.left_out.clone(),
            chosen: picked.has(offer, review),
        }
    };
    let count = |state| review.offers.iter().filter(|offer| offer.state == state).count();
    ProviderReview {
        frame: visit.frame(Section::Providers),
        row: row(&review.provider),
        seen: review.provider.revision,
        title: review.source.title.clone(),
        version: review.source.version.clone(),
        before: review.before.as_ref().map(|before| before.version.clone()),
        counts: (count(OfferState::New), count(OfferState::Changed), count(OfferState::Same)),
        most: MAX_TOOLS,
        effects: Effect::ALL.map(Effect::as_str),
        tools: review.offers.iter().map(tool).collect(),
        gone: review.gone.clone(),
        refused: review.refused.iter().map(|refused| (refused.at.clone(), refused.why.clone())).collect(),
        notes: review.notes.iter().map(|note| sentence(note)).collect(),
        document,
        wrong,
    }
}

/// Takes what was chosen.
pub(crate) async fn save(Path(named): Named, WithDocument { visit, form }: WithDocument) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let provider = find(&visit, &ctx, &named).await?;
    let document = form.text("document").to_owned();
    let chosen: Vec<String> = form.all("tool").map(ToOwned::to_owned).collect();
    let seen = form.text("seen").parse().unwrap_or(0);
    let effects = effects(&form);
    let choice = Choice { taken: Taken::Named(chosen.clone()), effects: effects.clone(), seen: Some(seen) };
    match imports::save(&visit.web.app, &ctx, &provider.slug, document.clone(), choice).await {
        Ok(_) => Ok(visit.go(&format!("/providers/{}", provider.slug), "tools-imported")),
        Err(error) if is_the_documents(&error) => {
            let picked = Picked::These(chosen.into_iter().collect());
            match imports::review(&visit.web.app, &ctx, &provider.slug, document.clone(), &effects).await {
                Ok(review) => {
                    Ok(visit.page(&page(&visit, &review, document, &picked, Some(sentence(error.message())))))
                }
                Err(_) => Ok(asked(&visit, Some(&provider), &document, with_the_text(&error))),
            }
        }
        Err(error) => Err(visit.fail(&error)),
    }
}

/// Takes all imported tools away.
pub(crate) async fn remove(Path(named): Named, Posted { visit, .. }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let provider = find(&visit, &ctx, &named).await?;
    match imports::clear(&visit.web.app, &ctx, &provider.slug).await {
        Ok(_) => Ok(visit.go(&format!("/providers/{}", provider.slug), "tools-removed")),
        Err(error) => Err(visit.fail(&error)),
    }
}

/// The tools that a provider has, and what they were made of.
///
/// # Errors
/// They are not as they were written, or can't be read.
pub(super) async fn of(visit: &Visit, ctx: &Ctx, provider: &Provider) -> Result<(Vec<ToolRow>, String), Error> {
    let kept = imports::kept(&visit.web.app, ctx, provider).await?;
    let row = |(name, tool): (&String, &Value)| {
        let word = |key: &str| tool.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        ToolRow {
            name: name.clone(),
            title: word("title"),
            effect: Effect::parse(&word("effect")).map_or("", Effect::as_str),
            request: imports::request_of(tool).unwrap_or_default(),
            description: word("description"),
            state: "",
            left_out: Vec::new(),
            chosen: true,
        }
    };
    let source = [kept.source.title.as_str(), kept.source.version.as_str()];
    Ok((kept.tools.iter().map(row).collect(), source.join(" ").trim().to_owned()))
}

#[cfg(test)]
mod tests;
