//! No credential in a log, a `Debug` output or an error, over all operations and their ways to fail.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use mezon_api::{
    ApiClient, AppLogin, Gateway, IdTokenLogin, ListChannelsOptions, ListMessagesOptions, UploadRequest, methods,
};
use mezon_emulator::Emulator;
use mezon_model::{ChannelId, MessageId, UserId};
use mezon_proto::api;
use mezon_session::{MemoryStore, SessionUpdate, TokenSource as _};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Peer, Reply, answer, message, session, token};

/// Everything that a reader of logs and errors could see.
#[derive(Clone, Default)]
struct Visible(Arc<Mutex<Vec<u8>>>);

impl Visible {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn result<T: std::fmt::Debug, E: std::error::Error>(&self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => {
                self.note(&format!("{value:?}\n"));
                Some(value)
            }
            Err(error) => {
                self.note(&format!("{error} {error:#} {error:?} {error:#?}\n"));
                let mut source = error.source();
                while let Some(error) = source {
                    self.note(&format!("{error} {error:?}\n"));
                    source = error.source();
                }
                None
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Visible {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Visible {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A second subscriber. While there is one alone, `tracing` asks that of the thread which comes by a log line first; of a
/// test that watches nothing that is none, and the line is off for all.
static SECOND: LazyLock<tracing::Dispatch> = LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::registry()));

/// Runs `work` with everything of our crates logged, and answers with all that could be seen.
fn watched(work: impl AsyncFnOnce(&Visible)) -> String {
    LazyLock::force(&SECOND);
    let visible = Visible::default();
    let filter = "trace,mezon_emulator=off";
    let subscriber =
        tracing_subscriber::fmt().with_writer(visible.clone()).with_env_filter(filter).with_ansi(false).finish();
    tracing::subscriber::with_default(subscriber, || {
        // One thread, so that tasks log here too.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work(&visible));
    });
    visible.text()
}

fn assert_absent(text: &str, secrets: &[&str]) {
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        for form in [(*secret).to_owned(), BASE64.encode(secret.as_bytes()), BASE64URL_NOPAD.encode(secret.as_bytes())]
        {
            let found = text.find(&form).map(|at| &text[at.saturating_sub(200)..(at + 20).min(text.len())]);
            assert!(found.is_none(), "a secret is visible: {found:?}");
        }
    }
}

/// Every operation of a client.
async fn everything(client: &ApiClient, visible: &Visible) {
    visible.note(&format!("{client:?} {:?} {:?}", client.session(), client.gateway()));
    visible.result(client.call(methods::GET_ACCOUNT, &()).await);
    visible.result(client.create_dm(UserId::new(2)).await);
    visible.result(client.create_group_dm(&[UserId::new(2)]).await);
    visible.result(client.list_channels(&ListChannelsOptions::default()).await);
    visible.result(client.list_messages(ChannelId::new(404), &ListMessagesOptions::latest()).await);
    visible.result(client.catch_up(ChannelId::new(404), MessageId::new(1)).await);
    visible.result(client.request_upload(&UploadRequest::new("a.txt", 5)).await);
    visible.result(client.upload_bytes("a.txt", "", "hello", |_, _| {}).await);
    visible.result(client.upload_file("no such file", |_, _| {}).await);
    visible.result(client.ws_endpoint());
    visible.result(client.credentials().await);
    visible.result(client.refused(client.session()).await);
    let pushed = SessionUpdate { session_id: Some("c4nary-session-id".into()), ..Default::default() };
    visible.result(client.pushed(pushed).await);
    visible.result(client.refresh_session().await);
    visible.result(client.logout().await);
}

#[test]
fn nothing_is_given_away_on_good_days_and_bad_ones() {
    let mut tokens = Vec::new();
    let text = watched(async |visible| {
        let emulator =
            Emulator::builder().server_key("c4nary-server-key").app(42, "c4nary-app-key", "b").start().await.unwrap();
        let builder = Gateway::builder().gateway_url(emulator.url()).server_key("c4nary-server-key");
        let builder = builder.store(Arc::new(MemoryStore::default()));
        visible.note(&format!("{builder:?}"));
        let gateway = builder.build().unwrap();
        let login = IdTokenLogin::new("c4nary-id-token", 1, "linh");
        let app = AppLogin::new("42", "c4nary-app-key");
        visible.note(&format!("{login:?} {app:?}"));
        let wrong = Gateway::builder().gateway_url(emulator.url()).server_key("c4nary-wrong-key").build().unwrap();
        visible.result(wrong.authenticate(&login).await);
        visible.result(gateway.authenticate_app(&AppLogin::new("42", "c4nary-wrong-app-key")).await);
        let clients = [gateway.authenticate(&login).await.unwrap(), gateway.authenticate_app(&app).await.unwrap()];
        for client in &clients {
            let mut note = |session: &mezon_session::Session| {
                tokens.push(session.token().expose().to_owned());
                tokens.extend(session.refresh_token().map(|token| token.expose().to_owned()));
            };
            note(&client.session());
            everything(client, visible).await;
            note(&client.session());
            emulator.faults().refuse_uploads(403);
            emulator.faults().expire_tokens();
            everything(client, visible).await;
            note(&client.session());
            emulator.faults().clear();
            visible.result(client.logout().await);
            everything(client, visible).await;
        }
    });
    assert!(text.contains("SessionRefresh") && text.contains("CreateChannelDesc"), "logs were watched");
    assert!(tokens.len() >= 6);
    assert_absent(&text, &tokens.iter().map(String::as_str).collect::<Vec<_>>());
    assert_absent(&text, &["X-Amz-Signature"]);
    assert!(!text.contains("c4nary"), "{}", &text[text.find("c4nary").unwrap_or(0)..]);
}

#[test]
fn a_server_that_repeats_credentials_does_not_get_them_printed() {
    let access = token("c4nary-access", 3_600);
    let basic = BASE64.encode(b"c4nary-server-key:");
    let echo = |status: u16| {
        let body = format!("you sent {access}, refresh-c4nary, c4nary-id-token, c4nary-server-key and Basic {basic}");
        answer(status, "Location: http://evil.example/?c4nary\r\n", body)
    };
    for reply in [echo(400), echo(401), echo(403), echo(404), echo(429), echo(500), echo(302), echo(200), Reply::Close]
    {
        let text = watched(async |visible| {
            let peer = Peer::start([reply.clone()]).await;
            let gateway = peer.gateway().server_key("c4nary-server-key").build().unwrap();
            visible.result(gateway.authenticate(&IdTokenLogin::new("c4nary-id-token", 1, "linh")).await.map(drop));
        });
        // The request's own credentials are taken out; what else a server makes up is its own.
        assert_absent(&text, &["c4nary-id-token", "c4nary-server-key", &basic]);
        let text = watched(async |visible| {
            let peer = Peer::start([reply.clone()]).await;
            let refresh_token = Some("refresh-c4nary".into());
            let update = SessionUpdate { token: Some(access.clone().into()), refresh_token, ..Default::default() };
            let session = session("1", 3_600).merged(&update).unwrap();
            everything(&peer.gateway().build().unwrap().resume(session).unwrap(), visible).await;
        });
        assert_absent(&text, &[&access, "refresh-c4nary"]);
    }
}

#[test]
fn a_presigned_address_is_not_printed_however_the_upload_ends() {
    let text = watched(async |visible| {
        for reply in
            [answer(403, "", "<Error><Code>X</Code>sig=c4nary</Error>"), answer(500, "", "c4nary"), Reply::Close]
        {
            let store = Peer::start([reply]).await;
            for url in [
                format!("{}/a?sig=c4nary", store.url()),
                "http://localhost:1/a?sig=c4nary".into(),
                "not an address c4nary".into(),
            ] {
                let peer = Peer::start([message(&api::UploadAttachment { filename: "a".into(), url })]).await;
                visible.result(peer.client().upload_bytes("a.txt", "", "hello", |_, _| {}).await);
                visible.result(peer.client().request_upload(&UploadRequest::new("a.txt", 5)).await);
            }
        }
    });
    assert!(text.contains("UploadAttachmentFile"), "logs were watched");
    assert!(!text.contains("c4nary"), "{text}");
}
