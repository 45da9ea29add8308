//! How the environment's app looks where its users consent: looked at before it is saved.

use super::forms::is_the_forms;
use super::frame::Section;
use super::pages::Branding;
use super::visit::{Answer, Fields, Posted, Visit};
use crate::pages::Look;
use valetkey_app::Error;
use valetkey_app::tenancy::branding::{self, Change, Logo};
use valetkey_domain::Kind;
use valetkey_domain::brand::{Brand, Colour, LogoKind};
use valetkey_domain::member::Right;

/// The form with what is saved.
pub(crate) async fn show(visit: Visit) -> Answer {
    visit.enter(Right::See)?;
    Ok(visit.page(&saved(&visit)))
}

fn saved(visit: &Visit) -> Branding {
    let brand = &visit.environment.brand;
    Branding {
        frame: visit.frame(Section::Settings),
        name: visit.environment.display_name.clone().unwrap_or_default(),
        colour: brand.colour.map(|colour| colour.to_string()).unwrap_or_default(),
        brand: Look::from(brand),
        unsaved: false,
        logo_again: false,
        seen: branding::fingerprint(&visit.environment),
        at: "",
        wrong: None,
    }
}

/// What was typed. A file is not: a browser gives it once.
fn typed(visit: &Visit, form: &Fields) -> Branding {
    Branding {
        name: form.text("display_name").to_owned(),
        colour: form.text("colour").to_owned(),
        logo_again: form.file("logo").is_some(),
        seen: form.text("seen").to_owned(),
        ..saved(visit)
    }
}

/// Saves it, or shows how it would look.
pub(crate) async fn save(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let change = Change {
        display_name: Some(form.text("display_name").to_owned()),
        colour: Some(form.text("colour").to_owned()),
        logo: match form.file("logo") {
            Some(bytes) => Logo::Put(bytes.to_vec()),
            None if form.has("no_logo") => Logo::Remove,
            None => Logo::Keep,
        },
        seen: Some(form.text("seen").to_owned()),
    };
    let done = if form.has("preview") {
        preview(&visit, &form, &change).map(|page| visit.page(&page))
    } else {
        branding::change(&visit.web.app, &ctx, change).await.map(|()| visit.go("/settings/branding", "brand-saved"))
    };
    match done {
        Ok(answer) => Ok(answer),
        Err(error) if is_the_forms(&error) => {
            let wrong = Some(super::sentence::sentence(error.message()));
            let typed = typed(&visit, &form);
            // What was changed elsewhere is seen with these words.
            let seen = if error.kind() == Kind::Aborted { saved(&visit).seen } else { typed.seen.clone() };
            Ok(visit.page(&Branding { wrong, at: at(&error, &form), seen, ..typed }))
        }
        Err(error) => Err(visit.fail(&error)),
    }
}

/// The field that an error is about; empty if it is about none.
fn at(error: &Error, form: &Fields) -> &'static str {
    let colour = form.text("colour");
    match form.file("logo") {
        _ if error.kind() != Kind::InvalidArgument => "",
        _ if !colour.is_empty() && Colour::parse(colour).is_err() => "colour",
        Some(bytes) if LogoKind::of(bytes).is_err() => "logo",
        _ => "display_name",
    }
}

/// How it would look. A logo is seen once it is saved: until then there is no address that it is served from.
fn preview(visit: &Visit, form: &Fields, wanted: &Change) -> Result<Branding, Error> {
    let wrong = |why: String| Error::invalid(why);
    let colour = Some(form.text("colour")).filter(|text| !text.is_empty()).map(Colour::parse).transpose();
    let colour = colour.map_err(|error| wrong(error.to_string()))?;
    let logo = match &wanted.logo {
        Logo::Keep => visit.environment.brand.logo.clone(),
        Logo::Remove => None,
        Logo::Put(bytes) => {
            LogoKind::of(bytes).map_err(|error| wrong(error.to_string()))?;
            visit.environment.brand.logo.clone()
        }
    };
    Ok(Branding { brand: Look::from(&Brand { colour, logo }), unsaved: true, ..typed(visit, form) })
}
