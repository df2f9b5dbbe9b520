//! `mez whoami`: whose login it is.

use mezon_light::UserId;
use serde::Serialize;

use crate::client::Account;
use crate::commands::session;
use crate::exit::Failure;
use crate::output::Output;

#[derive(Serialize)]
struct WhoAmI<'a> {
    event: &'static str,
    user_id: UserId,
    username: Option<&'a str>,
}

pub(crate) async fn run(account: &Account, output: Output) -> Result<(), Failure> {
    let session = account.session()?;
    let object = WhoAmI { event: "whoami", user_id: session.user_id(), username: session.username() };
    output.print(&object, session::who(&session)).await
}
