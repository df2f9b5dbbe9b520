//! `mez login`: signs in and keeps the session.

use std::path::PathBuf;

use clap::Args;
use mezon_light::{AppLogin, AuthenticateConfig, LightClient, Secret, UserId};

use crate::client::Account;
use crate::commands::session::{self, Described};
use crate::exit::Failure;
use crate::output::Output;
use crate::secret_input::SecretInput;

#[derive(Debug, Args)]
#[command(after_help = "\
The ID token comes from --id-token-file, from MEZON_ID_TOKEN, or from a hidden prompt.
A bot's key comes from --api-key-file, from MEZON_API_KEY, or from a hidden prompt.

Examples:
  mez login --user-id 1001 --username an
  mez login --user-id 1001 --username an --id-token-file - < token.txt
  MEZON_API_KEY=... mez login --bot 2001 --session bot.json")]
pub(crate) struct Arguments {
    /// Whose ID token it is
    #[arg(long, value_name = "ID", required_unless_present = "bot")]
    user_id: Option<UserId>,
    /// The user's name
    #[arg(long, value_name = "NAME", required_unless_present = "bot")]
    username: Option<String>,
    /// Read the ID token from this file (- is stdin)
    #[arg(long, value_name = "FILE")]
    id_token_file: Option<PathBuf>,
    /// Sign in as the bot of this application
    #[arg(long, value_name = "APP_ID", conflicts_with_all = ["user_id", "username", "id_token_file"])]
    bot: Option<String>,
    /// Read the bot's key from this file (- is stdin)
    #[arg(long, value_name = "FILE", requires = "bot")]
    api_key_file: Option<PathBuf>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    // Wrong settings are reported before anybody is asked for a secret.
    let builder = account.builder();
    let client: LightClient = match (&arguments.bot, arguments.user_id, &arguments.username) {
        (Some(app_id), _, _) => {
            let key = ask("bot's API key", arguments.api_key_file.clone(), "--api-key-file", "MEZON_API_KEY").await?;
            builder.authenticate_bot(AppLogin::new(app_id, key)).await?
        }
        (None, Some(user_id), Some(username)) => {
            let token = ask("ID token", arguments.id_token_file.clone(), "--id-token-file", "MEZON_ID_TOKEN").await?;
            builder.authenticate(AuthenticateConfig::new(token, user_id, username)).await?
        }
        // clap has checked this already.
        _ => return Err(Failure::usage("give --user-id and --username, or --bot")),
    };
    let session = client.session();
    output
        .print(
            &Described::new("signed_in", &session),
            format_args!("signed in as {}\nsession saved in {}", session::who(&session), account.path().display()),
        )
        .await
}

async fn ask(
    name: &'static str,
    file: Option<PathBuf>,
    file_flag: &'static str,
    variable: &'static str,
) -> Result<Secret, Failure> {
    SecretInput { name, file, file_flag, variable }.require().await
}
