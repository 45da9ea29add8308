//! Whether something exists in tests alone.

use syn::{Attribute, Meta, Token, punctuated::Punctuated};

/// Whether one of these attributes leaves it out wherever it isn't tests that are built.
pub(crate) fn only_in_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_a_test = attribute.path().segments.last().is_some_and(|last| last.ident == "test");
        is_a_test
            || attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| holds(&meta) == Some(false))
    })
}

/// What a condition comes to when no test is built; nothing where it hangs on something else.
fn holds(condition: &Meta) -> Option<bool> {
    match condition {
        Meta::Path(path) if path.is_ident("test") => Some(false),
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            let parts: Vec<Option<bool>> = parts.iter().map(holds).collect();
            if list.path.is_ident("not") {
                parts.first().copied().flatten().map(|held| !held)
            } else if list.path.is_ident("all") {
                whole(&parts, false)
            } else if list.path.is_ident("any") {
                whole(&parts, true)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// `any` is decided by one that holds, `all` by one that does not.
fn whole(parts: &[Option<bool>], decides: bool) -> Option<bool> {
    if parts.contains(&Some(decides)) {
        return Some(decides);
    }
    parts.iter().all(Option::is_some).then_some(!decides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_in_tests_alone_is_told_from_what_may_be_in_a_release() {
        for (condition, only) in [
            ("#[cfg(test)]", true),
            ("#[cfg(all(unix, test))]", true),
            ("#[cfg(all(any(test), unix))]", true),
            ("#[cfg(not(not(test)))]", true),
            ("#[test]", true),
            ("#[tokio::test(start_paused = true)]", true),
            ("#[cfg(not(test))]", false),
            ("#[cfg(any(test, unix))]", false),
            ("#[cfg(any(test, debug_assertions))]", false),
            ("#[cfg(unix)]", false),
            ("#[doc(test)]", false),
        ] {
            let item: syn::ItemFn = syn::parse_str(&format!("{condition} fn f() {{}}")).unwrap();
            assert_eq!(only_in_tests(&item.attrs), only, "{condition}");
        }
    }
}
