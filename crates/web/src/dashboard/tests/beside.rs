//! What is wrong with a form stands beside the field that it is about.

use super::{OWN, ask, signed_in};
use crate::tests::harness::site_at;
use http::{Method, StatusCode};
use valetkey_domain::config::MAX_DESCRIPTION;
use valetkey_domain::member::Role;

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    for (path, form, beside) in [
        ("/connections/create/gmail", "name=my_gmail", "id=\"name\""),
        ("/connections/create/gmail", "name=not+a+name%00", "id=\"name\""),
        ("/connections/create/typeddwd", "name=KEY&client_secret=hunter2", "id=\"client_secret\""),
        ("/configs/create", "name=Not+A+Name&connection=MY_GMAIL&which:MY_GMAIL=all", "id=\"name\""),
        ("/configs/create", "name=x&connection=MY_GMAIL&which:MY_GMAIL=some", "<legend>Connections and tools"),
        ("/webhooks/create", "url=ftp://nowhere&which=all", "id=\"url\""),
        ("/webhooks/create", "url=https://example.com/hook&which=these", "<legend>Events"),
        ("/settings/branding", "colour=yellow", "id=\"colour\""),
        ("/settings/branding", "display_name=%E2%80%AEevil&colour=%230b5d4e", "id=\"display_name\""),
        ("/settings/verification", "mode=b2b&url=nowhere", "id=\"verification\""),
        ("/settings/clients", "name=%E2%80%AEevil", "id=\"credentials\""),
    ] {
        let whole = format!("/dashboard/development{path}");
        let seen = ask(&site, Method::POST, &whole, Some(&cookie), Some(format!("token={token}&{form}"))).await;
        assert_eq!(seen.status, StatusCode::OK, "{path} with {form}: {}", seen.text);
        assert_eq!(seen.text.matches("id=\"wrong\"").count(), 1, "{path} with {form}");
        let field = seen.text.split(beside).nth(1).unwrap();
        // Up to the next label: what stands there is about this one.
        let own = field.split("<label").next().unwrap();
        let card = beside == "id=\"verification\"" || beside == "id=\"credentials\"";
        let own = if card { field.split("</section>").next().unwrap() } else { own };
        assert!(own.contains("id=\"wrong\""), "{path} with {form}: {}", seen.text);
        let told = card || beside.starts_with("<legend") || own.contains("aria-describedby=\"wrong");
        assert!(told, "{path} with {form}: the field does not say so");
    }
}

#[tokio::test]
async fn a_config_form_takes_as_long_a_description_as_the_use_case_does() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let path = "/dashboard/development/configs/create";
    let post = async |name: &str, length: usize| {
        let words = "x".repeat(length);
        let form = format!("token={token}&name={name}&description={words}&connection=MY_GMAIL&which:MY_GMAIL=all");
        ask(&site, Method::POST, path, Some(&cookie), Some(form)).await
    };
    assert_eq!(post("whole", MAX_DESCRIPTION).await.status, StatusCode::SEE_OTHER);
    let seen = post("longer", MAX_DESCRIPTION + 1).await.text;
    let field = seen.split("id=\"description\"").nth(1).unwrap().split("<label").next().unwrap().to_owned();
    assert!(field.contains(&format!("maxlength=\"{MAX_DESCRIPTION}\"")), "{field}");
    assert!(field.contains("id=\"wrong\"") && field.contains(&"x".repeat(MAX_DESCRIPTION + 1)), "{field}");
}
