//! What a link opens where there is no sign-in at the provider: fields for a key or a password, and one button.

use super::consent::CustomHosts;
use super::look::Look;
use super::page::Page;
use http::StatusCode;
use serde::Serialize;
use valetkey_domain::Timestamp;

/// The page with the fields.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Form {
    /// The kind of app to connect, as people call it.
    pub(crate) connector: String,
    /// Who asks: the environment's display name.
    pub(crate) app: String,
    /// How the app looks.
    pub(crate) brand: Look,
    /// The connection's name.
    pub(crate) connection: String,
    /// The app's name for the user.
    pub(crate) identifier: String,
    /// What is to be typed; nothing where the app asks for no credential.
    pub(crate) fields: Vec<Field>,
    /// What came of an earlier try: `form-faults`, `form-refused` or `form-unclear`, as its text is called.
    pub(crate) told: Option<&'static str>,
    /// The app's own words about that.
    pub(crate) theirs: Option<String>,
    /// Where what is typed goes that is not the vendor's own.
    pub(crate) custom_hosts: Option<CustomHosts>,
    /// Until when the link opens.
    pub(crate) until: Timestamp,
    /// The form token.
    pub(crate) token: String,
}

/// One field.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Field {
    /// Its name in what is sent.
    pub(crate) name: String,
    /// What it is called, in the connector file's words, which are English.
    pub(crate) label: String,
    /// Where its value is found, in the same words.
    pub(crate) hint: Option<String>,
    /// Whether it is hidden while it is typed.
    pub(crate) secret: bool,
    /// Whether its value has several lines.
    pub(crate) lines: bool,
    /// Whether it may not be left out.
    pub(crate) required: bool,
    /// The only values that it can have.
    pub(crate) options: Vec<String>,
    /// What stands in it; never a secret.
    pub(crate) value: String,
    /// What is wrong with it, as its text is called.
    pub(crate) fault: Option<&'static str>,
}

impl Page for Form {
    const TEMPLATE: &'static str = "form.html";

    fn samples() -> Vec<(String, Self)> {
        let plain = Self {
            connector: "Freshdesk".into(),
            app: "Acme Assistant".into(),
            brand: Look::default(),
            connection: "MY_FRESHDESK".into(),
            identifier: "user_123".into(),
            fields: vec![
                field("domain", "Domain", Some("The part before .freshdesk.com in your address"), false),
                field("api_key", "API key", Some("In your profile settings, below your picture"), true),
            ],
            told: None,
            theirs: None,
            custom_hosts: None,
            until: Timestamp::from_second(1_795_363_680).unwrap_or(Timestamp::UNIX_EPOCH),
            token: "0000".into(),
        };
        let mut faults = Self { told: Some("form-faults"), ..plain.clone() };
        let wrong = ["fault-form", "fault-missing"];
        for (field, fault) in faults.fields.iter_mut().zip(wrong) {
            field.fault = Some(fault);
        }
        if let Some(first) = faults.fields.first_mut() {
            first.value = "acme.freshdesk.com/".into();
        }
        let words = Some("You have to be logged in to perform this action. <b>Sign in</b>".to_owned());
        let refused = Self { told: Some("form-refused"), theirs: words, ..plain.clone() };
        let region = Field {
            options: vec!["eu".into(), "us".into()],
            required: false,
            value: "us".into(),
            ..field("region", "Region", None, false)
        };
        let mut unclear = Self { told: Some("form-unclear"), ..plain.clone() };
        unclear.fields = std::iter::once(region).chain(keys()).collect();
        let elsewhere = |here| Some(CustomHosts { hosts: "127.0.0.1:8090".into(), here });
        [
            ("form-bare", Self { fields: Vec::new(), custom_hosts: elsewhere(true), ..plain.clone() }),
            ("form-elsewhere", Self { custom_hosts: elsewhere(false), ..plain.clone() }),
            ("form", plain),
            ("form-faults", faults),
            ("form-refused", refused),
            ("form-unclear", unclear),
        ]
        .map(|(name, page)| (name.to_owned(), page))
        .into()
    }

    fn status(&self) -> StatusCode {
        if self.told.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }

    fn has_form(&self) -> bool {
        true
    }
}

/// A field that nobody has filled in.
fn field(name: &str, label: &str, hint: Option<&str>, secret: bool) -> Field {
    Field {
        name: name.into(),
        label: label.into(),
        hint: hint.map(Into::into),
        secret,
        lines: false,
        required: true,
        options: Vec::new(),
        value: String::new(),
        fault: None,
    }
}

/// Fields for keys that have several lines, good ones and refused ones.
fn keys() -> [Field; 4] {
    let key_file =
        Field { lines: true, ..field("service_account_json", "Key file", Some("The whole JSON file"), true) };
    let long = Field { fault: Some("fault-long"), ..field("note", "Note", None, false) };
    let no_key = Field { fault: Some("fault-key-file"), ..key_file.clone() };
    let pem = field("private_key", "Private key", None, true);
    [key_file, long, no_key, Field { lines: true, fault: Some("fault-private-key"), ..pem }]
}
