//! What a message says: its text, its files, its embeds. All that can be wrong with them is found before anything is sent.

use std::path::PathBuf;

use clap::Args;
use mezon_client::mezon_model::interactive::Embed;
use mezon_light::{Attachment, ChannelId, Draft, DraftError, LightClient, MessageContent, SendMessagePayload};

use crate::exit::Failure;
use crate::output::Output;
use crate::progress;
use crate::text_input::read_text;

/// Far more than a message may have: a longer text is refused by the content limit.
const LIMIT: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Words {
    /// What to say; - reads it from stdin. Files and embeds need no text
    #[arg(allow_hyphen_values = true, required_unless_present_any = ["attach", "embed"])]
    text: Option<String>,
    /// A file to upload and send along. May be repeated
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// An embed, as JSON in a file: {"title": …, "description": …}
    #[arg(long, value_name = "FILE")]
    embed: Vec<PathBuf>,
    /// Do not mark web addresses in the text as links
    #[arg(long)]
    hide_link: bool,
    /// Ask for attention at once
    #[arg(long)]
    buzz: bool,
}

impl Words {
    /// The message, without its files.
    pub(crate) async fn draft(&self) -> Result<Draft, Failure> {
        let text = match self.text.as_deref() {
            Some(text) => said(text).await?,
            None => String::new(),
        };
        if text.is_empty() && self.attach.is_empty() && self.embed.is_empty() {
            return Err(Failure::usage("the message is empty").hint("give a text, or files with --attach"));
        }
        let mut draft = if self.embed.is_empty() {
            // Where it goes is said when it is sent.
            SendMessagePayload::new(ChannelId::default(), text).hide_link(self.hide_link).into_draft()
        } else {
            let mut builder = MessageContent::builder().text(&text);
            for path in &self.embed {
                builder = builder.embed(embed(path.clone()).await?);
            }
            SendMessagePayload::new(ChannelId::default(), builder.build()).hide_link(self.hide_link).into_draft()
        };
        if self.buzz {
            draft = draft.buzz();
        }
        check(&draft)?;
        let (count, limit) = (self.attach.len(), Attachment::MAX_COUNT);
        if count > limit {
            let error = DraftError::TooManyAttachments { count, limit };
            return Err(Failure::input("too_many_attachments", error.to_string()).hint("nothing was sent"));
        }
        for file in &self.attach {
            progress::check_file(file)?;
        }
        Ok(draft)
    }

    /// Uploads the files and attaches them.
    pub(crate) async fn attach(
        &self,
        mut draft: Draft,
        client: &LightClient,
        output: Output,
    ) -> Result<Draft, Failure> {
        for file in &self.attach {
            draft = draft.attach(progress::upload(client, file, output).await?);
        }
        Ok(draft)
    }
}

/// Whether the server would take it.
pub(crate) fn check(draft: &Draft) -> Result<(), Failure> {
    let kind = |error: &DraftError| match error {
        DraftError::ContentTooLong { .. } => "content_too_long",
        _ => "invalid_message",
    };
    let failure = |error: DraftError| Failure::input(kind(&error), error.to_string()).hint("nothing was sent");
    draft.check().map(drop).map_err(failure)
}

/// The text of an argument; `-` is stdin, without the mark and the ends of lines that editors and shells add.
pub(crate) async fn said(argument: &str) -> Result<String, Failure> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let text = read_text(PathBuf::from("-"), LIMIT).await;
    let text = text.map_err(|error| Failure::input("stdin", "cannot read the message from stdin").because(&error))?;
    Ok(text.trim_end().replace("\r\n", "\n"))
}

async fn embed(path: PathBuf) -> Result<Embed, Failure> {
    let name = path.display().to_string();
    let text = read_text(path, LIMIT).await;
    let text = text.map_err(|error| Failure::input("file", format!("cannot read the embed {name}")).because(&error))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::input("invalid_json", format!("{name} is no embed")).because(&error).hint("nothing was sent")
    })
}
