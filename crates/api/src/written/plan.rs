//! How messages look in JSON, made ready once for each type: then a message's bytes become JSON (`written.rs`) without a message
//! in between, which for a page of thirty things would be three quarters of the work.

use crate::options::BadContract;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use std::collections::HashMap;

/// How messages of one type are written, and those in them.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What a message of the type itself is.
    pub(super) whole: Form,
    /// The members of each type.
    pub(super) messages: Vec<Vec<Field>>,
    /// Where the fields of each lie, by the name of its type.
    pub(super) places: HashMap<String, usize>,
}

/// One member. They lie by their numbers, and are written in that order.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    /// Its name in quotes, with the colon.
    pub(super) name: String,
    pub(super) shape: Shape,
    /// Whether it is written also where the wire says nothing of it.
    pub(super) always: bool,
}

/// How often a member's value is there.
#[derive(Debug)]
pub(super) enum Shape {
    One(Form),
    List(Form),
    /// Its keys are texts.
    Map(Form),
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Form {
    Bool,
    Int32,
    Int64,
    Uint32,
    Double,
    Text,
    /// The names in quotes, each with its number.
    Enum(Vec<(i32, String)>),
    /// A message whose fields lie at this place.
    Message(usize),
    /// A message that is written as the value in it.
    Wrapper(Box<Form>),
    Timestamp,
    Duration,
    Struct,
    ListValue,
    /// A message that says of what type it is, which has to be one of the plan's.
    Any,
}

impl Plan {
    /// For answers of this type. Scalars, enums, lists and maps are always there, so that a client finds every member it may
    /// rely on; members that track presence (messages, wrappers, `optional`) only when they are set.
    ///
    /// # Errors
    /// There is a type in it that no answer had before: its form has to be added here.
    pub(crate) fn of(message: &MessageDescriptor) -> Result<Self, BadContract> {
        Planning::new(true).plan(message, None)
    }

    /// For errors, in which absent members say nothing and are left out: their envelope, and what it carries.
    ///
    /// # Errors
    /// As for answers.
    pub(crate) fn of_errors(envelope: &MessageDescriptor, carried: &MessageDescriptor) -> Result<Self, BadContract> {
        Planning::new(false).plan(envelope, Some(carried))
    }
}

struct Planning {
    messages: Vec<Vec<Field>>,
    places: HashMap<String, usize>,
    /// Whether members without presence are always written.
    always: bool,
}

impl Planning {
    fn new(always: bool) -> Self {
        Self { messages: Vec::new(), places: HashMap::new(), always }
    }

    fn plan(mut self, message: &MessageDescriptor, carried: Option<&MessageDescriptor>) -> Result<Plan, BadContract> {
        let whole = self.of(message)?.ok_or_else(|| unknown(message.full_name()))?;
        carried.map(|carried| self.message(carried)).transpose()?;
        Ok(Plan { whole, messages: self.messages, places: self.places })
    }

    /// The place of a message's fields, which may have a message of the same type in them.
    fn message(&mut self, message: &MessageDescriptor) -> Result<usize, BadContract> {
        if let Some(place) = self.places.get(message.full_name()) {
            return Ok(*place);
        }
        let place = self.messages.len();
        self.places.insert(message.full_name().to_owned(), place);
        self.messages.push(Vec::new());
        let mut fields = message.fields().map(|field| self.field(&field)).collect::<Result<Vec<_>, _>>()?;
        fields.sort_by_key(|field| field.number);
        if let Some(planned) = self.messages.get_mut(place) {
            *planned = fields;
        }
        Ok(place)
    }

    fn field(&mut self, field: &FieldDescriptor) -> Result<Field, BadContract> {
        let shape = match field.kind() {
            Kind::Message(entry) if field.is_map() => match entry.map_entry_key_field().kind() {
                Kind::String => Shape::Map(self.form(&entry.map_entry_value_field())?),
                _ => return Err(unknown(field.full_name())),
            },
            _ if field.is_list() => match self.form(field)? {
                form if field.is_packed() && !matches!(form, Form::Enum(_)) => return Err(unknown(field.full_name())),
                form => Shape::List(form),
            },
            _ => Shape::One(self.form(field)?),
        };
        let always = self.always && !field.supports_presence();
        Ok(Field { number: field.number(), name: format!("\"{}\":", field.name()), shape, always })
    }

    fn form(&mut self, field: &FieldDescriptor) -> Result<Form, BadContract> {
        Ok(match field.kind() {
            Kind::Bool => Form::Bool,
            Kind::Int32 => Form::Int32,
            Kind::Int64 => Form::Int64,
            Kind::Uint32 => Form::Uint32,
            Kind::Double => Form::Double,
            Kind::String => Form::Text,
            Kind::Enum(of) => {
                Form::Enum(of.values().map(|value| (value.number(), format!("\"{}\"", value.name()))).collect())
            }
            Kind::Message(message) => self.of(&message)?.ok_or_else(|| unknown(field.full_name()))?,
            _ => return Err(unknown(field.full_name())),
        })
    }

    /// How messages of a type are written; none where it is one of the protocol's own that no answer had before.
    fn of(&mut self, message: &MessageDescriptor) -> Result<Option<Form>, BadContract> {
        Ok(Some(match message.full_name() {
            "google.protobuf.Timestamp" => Form::Timestamp,
            "google.protobuf.Duration" => Form::Duration,
            "google.protobuf.Struct" => Form::Struct,
            "google.protobuf.ListValue" => Form::ListValue,
            "google.protobuf.Any" => Form::Any,
            "google.protobuf.BoolValue" => Form::Wrapper(Box::new(Form::Bool)),
            "google.protobuf.StringValue" => Form::Wrapper(Box::new(Form::Text)),
            "google.protobuf.UInt32Value" => Form::Wrapper(Box::new(Form::Uint32)),
            name if name.starts_with("google.protobuf.") && name != "google.protobuf.Empty" => return Ok(None),
            _ => Form::Message(self.message(message)?),
        }))
    }
}

fn unknown(of: &str) -> BadContract {
    BadContract::new(format!("'{of}' is of a type that answers have no JSON form for yet"))
}
