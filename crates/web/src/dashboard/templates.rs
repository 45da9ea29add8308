//! The dashboard's templates by name.

/// All of them; `parts.html` has the parts that they are made of.
pub(crate) const TEMPLATES: [(&str, &str); 23] = [
    ("parts.html", include_str!("../../templates/dashboard/parts.html")),
    ("dashboard.html", include_str!("../../templates/dashboard/base.html")),
    ("dashboard/login.html", include_str!("../../templates/dashboard/login.html")),
    ("dashboard/sign_in.html", include_str!("../../templates/dashboard/sign_in.html")),
    ("dashboard/overview.html", include_str!("../../templates/dashboard/overview.html")),
    ("dashboard/failure.html", include_str!("../../templates/dashboard/failure.html")),
    ("dashboard/connections.html", include_str!("../../templates/dashboard/connections.html")),
    ("dashboard/catalog.html", include_str!("../../templates/dashboard/catalog.html")),
    ("dashboard/connection_form.html", include_str!("../../templates/dashboard/connection_form.html")),
    ("dashboard/connection.html", include_str!("../../templates/dashboard/connection.html")),
    ("dashboard/accounts.html", include_str!("../../templates/dashboard/accounts.html")),
    ("dashboard/account.html", include_str!("../../templates/dashboard/account.html")),
    ("dashboard/configs.html", include_str!("../../templates/dashboard/configs.html")),
    ("dashboard/config_form.html", include_str!("../../templates/dashboard/config_form.html")),
    ("dashboard/config.html", include_str!("../../templates/dashboard/config.html")),
    ("dashboard/instances.html", include_str!("../../templates/dashboard/instances.html")),
    ("dashboard/instance.html", include_str!("../../templates/dashboard/instance.html")),
    ("dashboard/settings.html", include_str!("../../templates/dashboard/settings.html")),
    ("dashboard/playground.html", include_str!("../../templates/dashboard/playground.html")),
    ("dashboard/versions.html", include_str!("../../templates/dashboard/versions.html")),
    ("dashboard/version.html", include_str!("../../templates/dashboard/version.html")),
    ("dashboard/why.html", include_str!("../../templates/dashboard/why.html")),
    ("dashboard/logs.html", include_str!("../../templates/dashboard/logs.html")),
];
