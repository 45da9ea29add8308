//! Reads a connector file that has everything, and notes which keys the format asks for.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use valetkey_connectors::file::File;

/// Every key of the format: `auth[].revoke.method`, `tools.*.input.*.enum`.
pub(crate) fn keys() -> BTreeSet<String> {
    keys_of::<File>()
}

/// Every key of a form of file.
pub(crate) fn keys_of<T: DeserializeOwned>() -> BTreeSet<String> {
    let noted = RefCell::new(BTreeSet::new());
    T::deserialize(Probe { at: String::new(), noted: &noted }).unwrap();
    noted.into_inner()
}

#[derive(Clone)]
struct Probe<'a> {
    at: String,
    noted: &'a RefCell<BTreeSet<String>>,
}

impl Probe<'_> {
    fn below(&self, more: &str) -> Self {
        Self { at: format!("{}{more}", self.at), ..self.clone() }
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str("x")
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(true)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Once(Some(self.below("[]"))))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Pairs { probe: self, names: vec!["x"], value: ".*".to_owned(), of_struct: false })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        for field in fields {
            self.noted.borrow_mut().insert(self.below(&format!(".{field}")).at.trim_start_matches('.').to_owned());
        }
        visitor.visit_map(Pairs { probe: self, names: fields.to_vec(), value: String::new(), of_struct: true })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let first: StrDeserializer<'_, Error> = variants[0].into_deserializer();
        visitor.visit_enum(first)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct identifier ignored_any
    }
}

/// A list of one.
struct Once<'a>(Option<Probe<'a>>);

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.take().map(|probe| seed.deserialize(probe)).transpose()
    }
}

/// All fields of a struct, or one member of a map.
struct Pairs<'a> {
    probe: Probe<'a>,
    /// Those that are left, from the front.
    names: Vec<&'static str>,
    /// Where the value is.
    value: String,
    of_struct: bool,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.names.is_empty() {
            return Ok(None);
        }
        let name = self.names.remove(0);
        if self.of_struct {
            self.value = format!(".{name}");
        }
        let key: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.probe.below(&self.value))
    }
}
