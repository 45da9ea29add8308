//! The playground: a tool's form, and what a call of it came to.

use super::configs::Exposed;
use super::framed::framed;
use super::why::StepRow;
use crate::dashboard::frame::{Frame, Section};
use serde::Serialize;

/// The playground, as far as one has got.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Playground {
    /// The frame.
    pub(crate) frame: Frame,
    /// The connection.
    pub(crate) connection: String,
    /// Names to choose from; there may be more.
    pub(crate) connections: Vec<String>,
    /// The user.
    pub(crate) user: String,
    /// Users with an account on the connection; there may be more.
    pub(crate) users: Vec<String>,
    /// What tools were searched for.
    pub(crate) query: String,
    /// The tools that fit.
    pub(crate) tools: Vec<Exposed>,
    /// The one that was chosen.
    pub(crate) tool: Option<ToolForm>,
    /// What became of the call.
    pub(crate) outcome: Option<CallOutcome>,
    /// The field of the choice that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

/// A tool to fill in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ToolForm {
    /// The tool.
    pub(crate) exposed: Exposed,
    /// Its fields.
    pub(crate) fields: Vec<SchemaField>,
    /// All arguments as JSON, which come before the fields.
    pub(crate) whole: String,
    /// What is wrong with that.
    pub(crate) whole_wrong: Option<String>,
}

/// How a call ended.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallOutcome {
    /// Whether it was done.
    pub(crate) done: bool,
    /// Its arguments.
    pub(crate) request: String,
    /// What the tool answered; empty if it did not.
    pub(crate) answer: String,
    /// Whether that is only its beginning.
    pub(crate) cut: bool,
    /// What went wrong.
    pub(crate) words: String,
    /// A link for the user, if that mends it.
    pub(crate) link: Option<String>,
    /// Its name in the journal.
    pub(crate) execution: String,
    /// How long it took, in milliseconds.
    pub(crate) took: i64,
    /// What it stood on, where it went wrong.
    pub(crate) steps: Vec<StepRow>,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldKind {
    /// A line.
    Text,
    /// Several lines.
    Long,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes, no, or not said.
    Boolean,
    /// One of a few.
    Choice,
    /// One in each line.
    Lines,
    /// JSON.
    Json,
}

/// One field.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SchemaField {
    /// The argument.
    pub(crate) name: String,
    /// The form's name for it.
    pub(crate) field: String,
    /// What it takes.
    pub(crate) kind: FieldKind,
    /// What it is for.
    pub(crate) description: String,
    /// Whether it has to be there.
    pub(crate) required: bool,
    /// What it may be, of a choice.
    pub(crate) options: Vec<String>,
    /// What is taken if it is left empty.
    pub(crate) default: String,
    /// What was typed.
    pub(crate) value: String,
    /// What is wrong with that.
    pub(crate) wrong: Option<String>,
}

fn field(name: &str, kind: FieldKind, required: bool) -> SchemaField {
    SchemaField {
        name: name.into(),
        field: format!("arg:{name}"),
        kind,
        description: "What it is for, <b>in words</b>.".into(),
        required,
        options: vec!["one".into(), "two".into()],
        default: "10".into(),
        value: String::new(),
        wrong: None,
    }
}

framed!(Playground, "dashboard/playground.html", {
    let first = Self {
        frame: Frame::sample(Section::Playground),
        connection: String::new(),
        connections: vec![],
        user: String::new(),
        users: vec![],
        query: String::new(),
        tools: vec![],
        tool: None,
        outcome: None,
        at: "",
        wrong: None,
    };
    let exposed = Exposed::sample("gmail_fetch_mails", "read");
    let chosen = Self {
        connection: "MY_GMAIL".into(),
        connections: vec!["MY_GMAIL".into()],
        user: "john-doe".into(),
        users: vec!["john-doe".into(), "<b>".into()],
        tools: vec![exposed, Exposed::sample("gmail_trash", "destructive")],
        ..first.clone()
    };
    let kinds = [
        ("query", FieldKind::Text),
        ("body", FieldKind::Long),
        ("limit", FieldKind::Integer),
        ("ratio", FieldKind::Number),
        ("loud", FieldKind::Boolean),
        ("level", FieldKind::Choice),
        ("cc", FieldKind::Lines),
        ("when", FieldKind::Json),
    ];
    let mut fields: Vec<_> = kinds.map(|(name, kind)| field(name, kind, name == "query")).into();
    fields.push(SchemaField {
        value: "\"><script>".into(),
        wrong: Some("“\"><script>” is no whole number.".into()),
        ..field("page", FieldKind::Integer, false)
    });
    let exposed = Exposed::sample("gmail_trash", "destructive");
    let form = Some(ToolForm { exposed, fields, whole: String::new(), whole_wrong: None });
    let filling = Self { tool: form, tools: vec![], ..chosen.clone() };
    let outcome = CallOutcome {
        done: true,
        request: "{\n  \"query\": \"<b>\"\n}".into(),
        answer: "{\n  \"messages\": []\n}".into(),
        cut: true,
        words: String::new(),
        link: None,
        execution: "exec_1".into(),
        took: 120,
        steps: vec![],
    };
    let failed = CallOutcome {
        done: false,
        answer: String::new(),
        words: "Gmail is not connected for this user yet.".into(),
        link: Some("http://localhost:8080/connect/link".into()),
        steps: StepRow::samples(),
        ..outcome.clone()
    };
    let done = Self { outcome: Some(outcome), ..filling.clone() };
    let refused = Self { outcome: Some(failed), wrong: Some("Tick that you mean it.".into()), ..filling.clone() };
    vec![
        ("playground", first),
        ("playground-tools", chosen),
        ("playground-form", filling),
        ("playground-done", done),
        ("playground-failed", refused),
    ]
});
