//! `mezon channels`: direct and group conversations.

use crate::channel;
use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;

pub(crate) async fn run(account: &Account<'_>, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let channels = channel::all(&client).await?;
    if channels.is_empty() {
        output.text("no channels yet: `mezon dm USER` opens one")?;
    }
    for channel in &channels {
        output.print(
            channel,
            format_args!("{:<20}  {:<6}  {}", channel.id(), channel::kind(channel), channel::title(channel)),
        )?;
    }
    Ok(())
}
