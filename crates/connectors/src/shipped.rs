//! The connector files that are part of the binary, with the digests that they were checked against.

use valetkey_vendor::Digest;

/// One shipped connector.
#[derive(Debug)]
pub(crate) struct Shipped {
    /// Its name, which the file repeats: known without reading it.
    pub(crate) slug: &'static str,
    /// The file's name, for errors.
    pub(crate) file_name: &'static str,
    /// The file.
    pub(crate) text: &'static str,
    /// The digests of the APIs that it names, in its order.
    pub(crate) digests: &'static [&'static str],
}

impl Shipped {
    /// Its digests, read.
    pub(crate) fn described(&self) -> Result<Vec<Digest>, valetkey_vendor::Error> {
        self.digests.iter().map(|text| Digest::read(text)).collect()
    }
}

/// All of them, in the order in which they are shown.
pub(crate) const SHIPPED: &[Shipped] = &[
    Shipped {
        slug: "gmail",
        file_name: "gmail.yaml",
        text: include_str!("../../../catalogue/gmail.yaml"),
        digests: &[
            include_str!("../../../catalogue/digests/gmail.v1.json"),
            include_str!("../../../catalogue/digests/people.v1.json"),
        ],
    },
    Shipped {
        slug: "googlecalendar",
        file_name: "googlecalendar.yaml",
        text: include_str!("../../../catalogue/googlecalendar.yaml"),
        digests: &[include_str!("../../../catalogue/digests/calendar.v3.json")],
    },
    Shipped {
        slug: "googledrive",
        file_name: "googledrive.yaml",
        text: include_str!("../../../catalogue/googledrive.yaml"),
        digests: &[
            include_str!("../../../catalogue/digests/drive.v3.json"),
            include_str!("../../../catalogue/digests/driveactivity.v2.json"),
        ],
    },
    Shipped {
        slug: "github",
        file_name: "github.yaml",
        text: include_str!("../../../catalogue/github.yaml"),
        digests: &[include_str!("../../../catalogue/digests/github.json")],
    },
    Shipped {
        slug: "slack",
        file_name: "slack.yaml",
        text: include_str!("../../../catalogue/slack.yaml"),
        digests: &[include_str!("../../../catalogue/digests/slack.json")],
    },
    Shipped {
        slug: "notion",
        file_name: "notion.yaml",
        text: include_str!("../../../catalogue/notion.yaml"),
        digests: &[include_str!("../../../catalogue/digests/notion.json")],
    },
    Shipped {
        slug: "linear",
        file_name: "linear.yaml",
        text: include_str!("../../../catalogue/linear.yaml"),
        digests: &[include_str!("../../../catalogue/digests/linear.json")],
    },
];
