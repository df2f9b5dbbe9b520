//! No secret in any log of our crates at any level, in any `Debug`, in any error: every operation, error paths included.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use mezon_emulator::Emulator;
use mezon_light::{
    AppLogin, AuthenticateConfig, ClientInitConfig, Event, LightClient, LightSocket, SendMessagePayload,
    SocketConnectOptions, UploadRequest,
};
use support::network::Network;
use support::{LINH, MINH, next_event, next_message};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

const ID_TOKEN: &str = "canary-id-token";
const SERVER_KEY: &str = "canary-server-key";
const APP_KEY: &str = "canary-app-key";

/// Everything that was printed, and everything that must not be in it.
#[derive(Clone, Default)]
struct Watch {
    printed: Arc<Mutex<Vec<u8>>>,
    secrets: Arc<Mutex<Vec<String>>>,
}

impl Watch {
    fn secret(&self, text: &str) {
        self.secrets.lock().unwrap().push(text.to_owned());
    }

    fn print(&self, thing: impl std::fmt::Debug) {
        let mut text = String::new();
        write!(text, "{thing:?} {thing:#?}").unwrap();
        self.printed.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn error(&self, error: impl std::error::Error) {
        let mut text = format!("{error} {error:#} {error:?}");
        let mut next = error.source();
        while let Some(source) = next {
            write!(text, " {source} {source:#} {source:?}").unwrap();
            next = source.source();
        }
        self.printed.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    /// The secrets that were printed, in any of the forms they take on the wire.
    fn leaks(&self) -> Vec<String> {
        let printed = String::from_utf8_lossy(&self.printed.lock().unwrap()).into_owned();
        assert!(printed.len() > 1_000, "nothing was captured, so nothing is shown");
        let mut leaks = Vec::new();
        for secret in self.secrets.lock().unwrap().iter() {
            let forms = [
                secret.clone(),
                BASE64.encode(secret.as_bytes()),
                BASE64.encode(format!("{secret}:").as_bytes()),
                BASE64URL_NOPAD.encode(secret.as_bytes()),
                secret.replace('.', "%2E"),
            ];
            leaks.extend(forms.into_iter().filter(|form| printed.contains(form.as_str())));
            // The part of a JWT that makes it one: enough of it to be worth stealing.
            leaks.extend(
                secret
                    .rsplit_once('.')
                    .map(|(_, signature)| signature.to_owned())
                    .filter(|part| printed.contains(part)),
            );
        }
        leaks
    }
}

impl io::Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.printed.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_printed_by_any_operation() {
    let watch = Watch::default();
    let writer = watch.clone();
    let ours = [
        "mezon_api",
        "mezon_emulator",
        "mezon_light",
        "mezon_model",
        "mezon_proto",
        "mezon_realtime",
        "mezon_session",
        "mezon_tls",
    ];
    let ours = Targets::new().with_targets(ours.map(|target| (target, LevelFilter::TRACE)));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(ours).with(layer)).unwrap();
    for secret in [ID_TOKEN, SERVER_KEY, APP_KEY] {
        watch.secret(secret);
    }

    let emulator = Emulator::builder().server_key(SERVER_KEY).app(77, APP_KEY, "helper").start().await.unwrap();
    let network = Network::to(emulator.addr()).await;
    let url = network.url();
    let config = |key: &str| AuthenticateConfig::new(ID_TOKEN, LINH, "linh").server_key(key).gateway_url(&url);
    watch.print(config(SERVER_KEY));

    // Signing in, well and badly.
    let client = LightClient::authenticate(config(SERVER_KEY)).await.unwrap();
    let remember = |client: &LightClient| {
        watch.secret(client.token().expose());
        if let Some(token) = client.refresh_token() {
            watch.secret(token.expose());
        }
    };
    remember(&client);
    watch.error(LightClient::authenticate(config("canary-wrong-key")).await.unwrap_err());
    watch.secret("canary-wrong-key");
    let sign_in = |key: &str| LightClient::builder().gateway_url(&url).authenticate_bot(AppLogin::new("77", key));
    let bot = sign_in(APP_KEY).await.unwrap();
    remember(&bot);
    watch.print((&client, &bot, client.session(), AppLogin::new("77", APP_KEY)));
    watch.error(sign_in("canary-other-key").await.unwrap_err());
    watch.secret("canary-other-key");

    let builder = LightClient::builder().server_key(SERVER_KEY).gateway_url("https://u:canary-pass@gw.mezon.ai");
    watch.secret("canary-pass");
    watch.print((builder, SocketConnectOptions::new(), LightSocket::new(&client)));

    // Sessions.
    client.refresh_session().await.unwrap();
    remember(&client);
    let init = ClientInitConfig::from_export(&client.export_session()).unwrap();
    watch.print(&init);
    watch.secret("canary-broken\ntoken");
    let broken = ClientInitConfig::new("canary-broken\ntoken", "canary-refresh-token", &url, LINH);
    watch.secret("canary-refresh-token");
    watch.error(LightClient::init_client(broken).unwrap_err());
    watch.error(ClientInitConfig::from_export(&client.export_session()[..80]).unwrap_err());

    // The socket: talk, be cut, come back, be refused, be pushed new credentials.
    let socket = LightSocket::new(&client);
    let (mut inbox, mut events) = (socket.messages(), socket.events());
    socket.connect(SocketConnectOptions::new().verbose(true)).await.unwrap();
    let dm = client.create_dm(MINH).await.unwrap();
    socket.join_dm_channel(dm.id()).await.unwrap();
    socket.send_dm(SendMessagePayload::new(dm.id(), "canary-message-text")).await.unwrap();
    watch.secret("canary-message-text");
    assert_eq!(next_message(&mut inbox).await.text(), "canary-message-text");
    emulator.rotate_session(LINH.get()).await.unwrap();
    watch.print(next_event(&mut events, |event| matches!(event, Event::SessionRefreshed)).await);
    remember(&client);
    emulator.faults().refuse_upgrades(1, 401);
    network.cut();
    watch.print(next_event(&mut events, |event| matches!(event, Event::Disconnected { .. })).await);
    watch.error(socket.send_dm(SendMessagePayload::new(dm.id(), "canary-message-text")).await.unwrap_err());
    watch.error(client.create_dm(MINH).await.unwrap_err());
    network.mend();
    watch.print(next_event(&mut events, |event| matches!(event, Event::Ready { .. })).await);
    remember(&client);

    // Uploads: the query of the address is a credential.
    let ticket = client.upload_attachment(&UploadRequest::new("a.txt", 3)).await.unwrap();
    watch.secret(ticket.presigned_url().expose().split_once('?').unwrap().1);
    watch.print(&ticket);
    client.upload_bytes("a.txt", "text/plain", "abc", |_, _| {}).await.unwrap();
    emulator.faults().refuse_uploads(403);
    watch.error(client.upload_bytes("a.txt", "text/plain", "abc", |_, _| {}).await.unwrap_err());

    // Refusals, and the end.
    for status in [401, 403, 404, 500] {
        emulator.faults().fail_next_on("ListChannelDescs", 8, status);
        if let Err(error) = client.list_channels(&mezon_light::ListChannelsOptions::default()).await {
            watch.error(error);
        }
        emulator.faults().clear();
        remember(&client);
    }
    socket.disconnect().await;
    emulator.faults().expire_tokens();
    emulator.faults().expire_refresh_tokens();
    let late = LightClient::init_client(init).unwrap();
    watch.error(late.create_dm(MINH).await.unwrap_err());
    watch.error(late.create_socket().connect(SocketConnectOptions::new()).await.unwrap_err());
    let _ = client.logout().await.map_err(|error| watch.error(error));

    assert_eq!(watch.leaks(), Vec::<String>::new());
}
