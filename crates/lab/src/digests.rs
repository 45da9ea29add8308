//! What is known of the APIs that are played.

use crate::Error;
use valetkey_vendor::Digest;

/// The digests that are packed with the lab.
pub(crate) fn packed() -> Result<Vec<Digest>, Error> {
    let texts = [
        include_str!("../../../catalogue/digests/gmail.v1.json"),
        include_str!("../../../catalogue/digests/people.v1.json"),
        include_str!("../../../catalogue/digests/calendar.v3.json"),
        include_str!("../../../catalogue/digests/drive.v3.json"),
        include_str!("../../../catalogue/digests/driveactivity.v2.json"),
        include_str!("../../../catalogue/digests/oauth2.v2.json"),
        include_str!("../../../catalogue/digests/github.json"),
    ];
    texts.iter().map(|text| Digest::read(text).map_err(|error| Error::Packed(error.to_string()))).collect()
}
