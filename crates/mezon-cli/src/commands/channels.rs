//! `mez channels`: direct and group conversations.

use crate::channel;
use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::table::{Column, Table};

pub(crate) async fn run(account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let channels = channel::all(&client).await?;
    if channels.is_empty() {
        output.status("no channels yet: `mez dm USER` opens one").await?;
    }
    let mut table = Table::new([Column::whole("ID"), Column::whole("TYPE"), Column::text("NAME")]);
    for channel in &channels {
        table.row([channel.id().to_string(), channel::kind(channel), channel::title(channel)]);
    }
    output.list(&channels, &table).await
}
