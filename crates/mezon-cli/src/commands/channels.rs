//! `mez channels`: direct and group conversations.

use crate::channel;
use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;

pub(crate) async fn run(account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let channels = channel::all(&client).await?;
    if channels.is_empty() {
        output.status("no channels yet: `mez dm USER` opens one").await?;
    }
    for channel in &channels {
        let text = format!("{:<20}  {:<6}  {}", channel.id(), channel::kind(channel), channel::title(channel));
        output.print(channel, text).await?;
    }
    Ok(())
}
