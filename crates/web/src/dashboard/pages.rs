//! What the dashboard's pages show, each with its template and samples.

mod accounts;
mod branding;
mod calls;
mod configs;
mod connections;
mod entrance;
mod events;
mod framed;
mod instances;
mod logs;
mod overview;
mod playground;
mod providers;
mod server;
mod settings;
mod versions;
mod webhooks;
mod why;

pub(crate) use accounts::{AccountPage, AccountRow, Accounts};
pub(crate) use branding::Branding;
pub(crate) use calls::{CallFilter, CallPage, CallRow, Calls};
pub(crate) use configs::{ConfigForm, ConfigPage, ConfigRow, Configs, Exposed, Pick, Preview, ShownTools, ToolPick};
pub(crate) use connections::{
    Asks, Catalog, ConnectionForm, ConnectionPage, ConnectionRow, Connections, ConnectorCard, ScopeChoice,
};
pub(crate) use entrance::{Failure, Login, SignIn, Unsent};
pub(crate) use events::{EventPage, EventRow, Events, FateRow};
pub(crate) use instances::{ConnectionLine, InstancePage, InstanceRow, Instances};
pub(crate) use logs::{Logs, Record};
pub(crate) use overview::{Attention, CallCharts, Count, Overview, Step};
pub(crate) use playground::{CallOutcome, FieldKind, Playground, SchemaField, ToolForm};
pub(crate) use providers::{ProviderForm, ProviderImport, ProviderReview, ProviderRow, Providers, ToolRow};
pub(crate) use server::{KeyRow, Keys, LimitRow, Limits};
pub(crate) use settings::{
    ClientRow, MemberRow, NewClient, NewLink, NewMember, NewSecret, SessionRow, Settings, SettingsForm, Verification,
};
pub(crate) use versions::{ChangedRow, VersionPage, VersionRow, Versions};
pub(crate) use webhooks::{
    ArrivalRow, LetterRow, WaitingRow, WebhookFields, WebhookForm, WebhookPage, WebhookRow, Webhooks,
};
pub(crate) use why::{LinkForm, MendRow, StepRow, WhyPage};

use crate::Language;
use crate::pages::page::Page;
use crate::pages::{Error, Pages};

/// Every sample of every page: a name and the HTML.
pub(crate) fn samples() -> Result<Vec<(String, String)>, Error> {
    fn of<P: Page>(pages: &Pages) -> Result<Vec<(String, String)>, Error> {
        let render = |(name, page): (String, P)| Ok((name, pages.render(&page, Language::English)?));
        P::samples().into_iter().map(render).collect()
    }
    let pages = &Pages::read("")?;
    let all = [
        of::<Login>(pages)?,
        of::<SignIn>(pages)?,
        of::<Unsent>(pages)?,
        of::<Failure>(pages)?,
        of::<Overview>(pages)?,
        of::<Connections>(pages)?,
        of::<Catalog>(pages)?,
        of::<ConnectionForm>(pages)?,
        of::<ConnectionPage>(pages)?,
        of::<Accounts>(pages)?,
        of::<AccountPage>(pages)?,
        of::<Configs>(pages)?,
        of::<ConfigForm>(pages)?,
        of::<ConfigPage>(pages)?,
        of::<Instances>(pages)?,
        of::<InstancePage>(pages)?,
        of::<Calls>(pages)?,
        of::<CallPage>(pages)?,
        of::<Logs>(pages)?,
        of::<Settings>(pages)?,
        of::<Versions>(pages)?,
        of::<VersionPage>(pages)?,
        of::<WhyPage>(pages)?,
        of::<Playground>(pages)?,
        of::<Branding>(pages)?,
        of::<Events>(pages)?,
        of::<EventPage>(pages)?,
        of::<Webhooks>(pages)?,
        of::<WebhookForm>(pages)?,
        of::<WebhookPage>(pages)?,
        of::<Providers>(pages)?,
        of::<ProviderForm>(pages)?,
        of::<ProviderImport>(pages)?,
        of::<ProviderReview>(pages)?,
        of::<Limits>(pages)?,
        of::<Keys>(pages)?,
    ];
    Ok(all.into_iter().flatten().collect())
}
