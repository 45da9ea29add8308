//! The connector files that are part of the binary, with the digests that they were checked against.

/// One shipped connector.
#[derive(Debug)]
pub(crate) struct Shipped {
    /// Its name, which the file repeats: known without reading it.
    pub(crate) slug: &'static str,
    /// The file's name, for errors.
    pub(crate) file_name: &'static str,
    /// The file.
    pub(crate) text: &'static str,
    /// The digest of the API that it names.
    pub(crate) digest: &'static str,
}

/// All of them, in the order in which they are shown.
pub(crate) const SHIPPED: &[Shipped] = &[
    Shipped {
        slug: "gmail",
        file_name: "gmail.yaml",
        text: include_str!("../../../catalogue/gmail.yaml"),
        digest: include_str!("../../../catalogue/digests/gmail.v1.json"),
    },
    Shipped {
        slug: "googlecalendar",
        file_name: "googlecalendar.yaml",
        text: include_str!("../../../catalogue/googlecalendar.yaml"),
        digest: include_str!("../../../catalogue/digests/calendar.v3.json"),
    },
    Shipped {
        slug: "github",
        file_name: "github.yaml",
        text: include_str!("../../../catalogue/github.yaml"),
        digest: include_str!("../../../catalogue/digests/github.json"),
    },
];
