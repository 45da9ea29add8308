//! What all pages inside the frame have in common.

/// Implements [`Page`](crate::pages::page::Page) for a page inside the frame: its template and its samples.
macro_rules! framed {
    ($page:ty, $template:literal, $samples:expr) => {
        impl crate::pages::page::Page for $page {
            const TEMPLATE: &'static str = $template;
            const TRANSLATED: bool = false;

            fn samples() -> Vec<(String, Self)> {
                let samples: Vec<(&str, Self)> = $samples;
                samples.into_iter().map(|(name, page)| (name.to_owned(), page)).collect()
            }

            fn has_form(&self) -> bool {
                true
            }

            fn has_script(&self) -> bool {
                true
            }

            fn again(&self) -> Option<&crate::pages::page::Again> {
                self.frame.again.as_ref()
            }
        }
    };
}

pub(super) use framed;
