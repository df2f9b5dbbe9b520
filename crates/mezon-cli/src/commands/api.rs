//! `mez api`: any method of the protocol, with JSON in and out.

mod input;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use mezon_light::ApiErrorKind;
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde::Serialize;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::protocol::{Field, Protocol, Repeated, Rpc, Shown, fields, read, short_name};
use crate::table::{Column, Table};

#[derive(Debug, Args)]
#[command(
    override_usage = "mez api METHOD [JSON|-] [-f FIELD=VALUE]...",
    after_help = "\
Ids are text or numbers, and text in the answer. Credentials are not shown.

Examples:
  mez api ListRoles -f clan_id=1796 -f limit=5
  mez api AddFriends '{\"ids\": [\"1002\"]}' --dry-run
  mez api ListRoles --schema"
)]
pub(crate) struct Arguments {
    /// The method, in capital or small letters
    #[arg(required_unless_present = "list")]
    method: Option<String>,
    /// The request: a JSON object; - reads it from stdin
    #[arg(value_name = "JSON")]
    request: Option<String>,
    /// Read the request from this file
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    input: Option<PathBuf>,
    /// Set a field; again for each element of a list
    #[arg(long, short, value_name = "FIELD=VALUE", value_parser = input::assignment)]
    field: Vec<(String, String)>,
    /// Print the request and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the fields, and send nothing
    #[arg(long)]
    schema: bool,
    /// List the methods, or those with PATTERN in them
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["method", "input", "field", "dry_run", "schema"])]
    list: Option<String>,
}

/// Prints what can be told without an account. Else gives back what is to be called.
pub(crate) async fn tell(arguments: &Arguments, output: Output) -> Result<Option<Call>, Failure> {
    let protocol = Protocol::load()?;
    let Some(name) = &arguments.method else {
        let pattern = arguments.list.as_deref().unwrap_or_default();
        return list(&protocol, pattern, output).await.map(|()| None);
    };
    let rpc = protocol.find(name)?;
    if arguments.schema {
        return schema(&rpc, output).await.map(|()| None);
    }
    let json = input::request(arguments, &rpc.request()).await?;
    let request = read(&rpc.request(), &json)?;
    if arguments.dry_run {
        return print(&Shown::set(&request), output).await.map(|()| None);
    }
    // These change the login that the session file keeps.
    if let Some(command) = match rpc.name() {
        "SessionRefresh" => Some("mez session refresh"),
        "SessionLogout" => Some("mez session logout"),
        _ => None,
    } {
        let problem = format!("{} would leave the session file behind", rpc.name());
        return Err(Failure::input("session_method", problem).hint(format!("use `{command}`")));
    }
    Ok(Some(Call { rpc, request }))
}

/// A method and its request.
pub(crate) struct Call {
    rpc: Rpc,
    request: DynamicMessage,
}

pub(crate) async fn run(call: &Call, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let Call { rpc, request } = call;
    let body = client.api().call_untyped(rpc.method(), request.encode_to_vec().into()).await;
    let body = body.map_err(mezon_light::LightError::from)?;
    let answer = DynamicMessage::decode(rpc.response(), body).map_err(|error| {
        let problem = ApiErrorKind::Decode { what: rpc.name() }.to_string();
        // It was done, and what came of it is not known.
        let failure =
            if rpc.repeated() == Repeated::No { Failure::unknown("decode", problem) } else { Failure::other(problem) };
        failure.because(&error)
    })?;
    print(&Shown::all(&answer), output).await
}

/// Prints JSON: indented for people, on a line for programs.
async fn print(shown: &Shown<'_>, output: Output) -> Result<(), Failure> {
    let indented = !output.is_json() && io::stdout().is_terminal();
    let text = if indented { serde_json::to_string_pretty(shown) } else { serde_json::to_string(shown) };
    let text = text.map_err(|error| Failure::other("cannot write the answer as JSON").because(&error))?;
    output.text(text).await
}

#[derive(Serialize)]
struct Listed {
    method: &'static str,
    subject: String,
    request: String,
    response: String,
    repeated: &'static str,
    about: String,
}

async fn list(protocol: &Protocol, pattern: &str, output: Output) -> Result<(), Failure> {
    let pattern = pattern.to_lowercase();
    let mut subjects = protocol.subjects().into_iter().peekable();
    let mut subject = String::new();
    let mut listed = Vec::new();
    for rpc in protocol.methods() {
        if let Some((next, _)) = subjects.next_if(|(_, first)| first == rpc.name()) {
            subject = next;
        }
        let entry = Listed {
            method: rpc.name(),
            subject: subject.clone(),
            request: short_name(&rpc.request()).to_owned(),
            response: short_name(&rpc.response()).to_owned(),
            repeated: rpc.repeated().name(),
            about: rpc.about(),
        };
        let searched = [entry.method, &entry.subject, &entry.request, &entry.response];
        if searched.iter().any(|text| text.to_lowercase().contains(&pattern)) {
            listed.push(entry);
        }
    }
    if listed.is_empty() {
        return Err(Failure::input("unknown_method", format!("no method has {pattern:?} in it"))
            .hint("`mez api --list` has all of them"));
    }
    let mut table =
        Table::new([Column::whole("METHOD"), Column::text("REQUEST"), Column::text("ANSWER"), Column::text("ABOUT")]);
    for Listed { method, request, response, about, .. } in &listed {
        table.row([(*method).to_owned(), request.clone(), response.clone(), about.clone()]);
    }
    output.list(&listed, &table).await
}

#[derive(Serialize)]
struct Schema {
    method: &'static str,
    about: String,
    repeated: &'static str,
    request: Shape,
    response: Shape,
}

#[derive(Serialize)]
struct Shape {
    #[serde(rename = "type")]
    kind: String,
    fields: Vec<Field>,
}

impl Shape {
    fn of(message: &MessageDescriptor) -> Self {
        Self { kind: short_name(message).to_owned(), fields: fields(message) }
    }

    fn table(&self, heading: &'static str) -> Table {
        let mut table = Table::new([Column::whole(heading), Column::text(""), Column::text("")]);
        for Field { path, kind, about } in &self.fields {
            table.row([format!("  {path}"), kind.clone(), about.clone()]);
        }
        if self.fields.is_empty() {
            table.row([format!("  {}", self.kind), String::new(), String::new()]);
        }
        table
    }
}

async fn schema(rpc: &Rpc, output: Output) -> Result<(), Failure> {
    let schema = Schema {
        method: rpc.name(),
        about: rpc.about(),
        repeated: rpc.repeated().name(),
        request: Shape::of(&rpc.request()),
        response: Shape::of(&rpc.response()),
    };
    if output.lists_json() {
        return output.list(std::slice::from_ref(&schema), &Table::new([])).await;
    }
    let width = crate::table::terminal_width();
    let (request, response) = (schema.request.table("request"), schema.response.table("answer"));
    let head = format!("{}: {}", schema.method, schema.about);
    output.text(format!("{head}\n\n{}\n\n{}", request.render(width), response.render(width))).await
}
