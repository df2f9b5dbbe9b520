//! `mez clans`: the clans that the user is in.

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::table::{Column, Table};

pub(crate) async fn run(account: &Account, output: Output) -> Result<(), Failure> {
    let clans = account.resume()?.client().clans().list().await?;
    if clans.is_empty() {
        output.status("no clans yet").await?;
    }
    let mut table = Table::new([Column::whole("ID"), Column::text("NAME"), Column::text("ABOUT")]);
    for clan in &clans {
        table.row([clan.id.to_string(), clan.name.clone(), clan.about.clone()]);
    }
    output.list(&clans, &table).await
}
