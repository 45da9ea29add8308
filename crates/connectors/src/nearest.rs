//! The known name that a wrong one was probably meant to be.

/// The nearest of the known names, if one is near enough to be worth saying.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(&wrong, &name.to_ascii_lowercase()), name));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.75).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let known = ["gmail_fetch_mails", "gmail_send_message", "max_results"];
        assert_eq!(nearest("gmail_fetch_mail", known), Some("gmail_fetch_mails"));
        assert_eq!(nearest("maxResults", known), Some("max_results"));
        assert_eq!(nearest("zzz", known), None);
    }
}
