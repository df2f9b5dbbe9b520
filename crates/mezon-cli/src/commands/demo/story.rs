//! The steps of the demo.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mezon_emulator::Emulator;
use mezon_light::{
    Attachment, Channel, ChannelType, ErrorClass, LightError, ListChannelsOptions, MessageId, SendMessagePayload,
    Target,
};

use super::person::Person;
use super::transcript::Transcript;
use crate::exit::Failure;

/// The people's user ids.
pub(super) const AN: i64 = 1001;
pub(super) const BINH: i64 = 1002;
pub(super) const CHI: i64 = 1003;

/// Size of the file that is sent, in bytes: large enough to go in several pieces.
const FILE_SIZE: usize = 256 * 1024;

/// How often a cut is tried. Once in a thousand runs both are back in the same instant, and nothing was missed.
const CUTS: usize = 5;

/// Tells the story on one emulator.
pub(super) struct Story<'a> {
    emulator: &'a Emulator,
    transcript: &'a mut Transcript,
}

impl<'a> Story<'a> {
    pub(super) fn new(emulator: &'a Emulator, transcript: &'a mut Transcript) -> Self {
        Self { emulator, transcript }
    }

    /// Everything, in order. Ends early at the first check that does not hold.
    pub(super) async fn tell(mut self) -> Result<(), Failure> {
        let url = self.emulator.url();
        self.transcript.step("A gateway, emulated on this machine").await?;
        self.transcript
            .check(self.emulator.addr().ip().is_loopback(), format_args!("listening on {url}, loopback only"))
            .await?;

        let (mut an, mut binh) = self.two_people().await?;
        let dm = self.direct_messages(&mut an, &mut binh).await?;
        self.group(&mut an, &mut binh).await?;
        self.file(&an, &mut binh, &dm).await?;
        self.lost_connection(&mut an, &mut binh, &dm).await?;
        self.refreshed_session(&an, &mut binh, &dm).await?;
        self.goodbye(an, binh).await
    }

    async fn two_people(&mut self) -> Result<(Person, Person), Failure> {
        self.transcript.step("Two people sign in with ID tokens and connect").await?;
        let mut an = Person::sign_in(self.emulator, AN, "an").await?;
        let mut binh = Person::sign_in(self.emulator, BINH, "binh").await?;
        for (person, id) in [(&mut an, AN), (&mut binh, BINH)] {
            let session = person.client.session();
            let named = session.user_id().get() == id && session.username() == Some(person.name);
            self.transcript
                .check(named, format_args!("{} is signed in as user {id}, with tokens that expire", person.name))
                .await?;
            person.connect().await?;
            self.transcript
                .check(person.socket.is_connected(), format_args!("{}'s WebSocket is up", person.name))
                .await?;
        }
        Ok((an, binh))
    }

    async fn direct_messages(&mut self, an: &mut Person, binh: &mut Person) -> Result<Channel, Failure> {
        self.transcript.step("A direct channel, and text both ways").await?;
        let dm = an.client.create_dm(binh.client.user_id()).await?;
        let same = binh.client.create_dm(an.client.user_id()).await?;
        self.transcript
            .check(dm.id() == same.id(), format_args!("both open it, and it is the same channel: {}", dm.id()))
            .await?;
        for person in [&*an, &*binh] {
            person.socket.join_dm_channel(dm.id()).await?;
        }
        self.say(an, binh, &dm.target(), "chào Bình, bạn khoẻ không? 👋").await?;
        self.say(binh, an, &dm.target(), "khoẻ, see https://mezon.ai").await?;
        Ok(dm)
    }

    async fn group(&mut self, an: &mut Person, binh: &mut Person) -> Result<(), Failure> {
        self.transcript.step("A group of three").await?;
        let mut chi = Person::sign_in(self.emulator, CHI, "chi").await?;
        chi.connect().await?;
        let group = an.client.create_group_dm(&[binh.client.user_id(), chi.client.user_id()]).await?;
        for person in [&*an, &*binh, &chi] {
            person.socket.join_group_channel(group.id()).await?;
        }
        let of_three = group.kind() == ChannelType::Group && self.emulator.stats().joins == 5;
        self.transcript
            .check(of_three, format_args!("an opens group {} with binh and chi, and all three join", group.id()))
            .await?;
        let text = "cà phê lúc 3 giờ?";
        let ack = binh.socket.send_group(SendMessagePayload::new(group.id(), text)).await?;
        for person in [an, &mut chi] {
            let heard = person.hear(ack.message_id).await?;
            self.transcript
                .check(heard.text() == text, format_args!("{} reads binh's \"{text}\"", person.name))
                .await?;
        }
        chi.socket.disconnect().await;
        Ok(chi.client.logout().await?)
    }

    async fn file(&mut self, an: &Person, binh: &mut Person, dm: &Channel) -> Result<(), Failure> {
        self.transcript.step("A file, uploaded with progress and downloaded again").await?;
        // A pattern that no slip of one piece or one byte survives.
        let bytes: Vec<u8> = (0..FILE_SIZE).map(|i| (i.wrapping_mul(i) >> 7).to_le_bytes()[0]).collect();
        let sent = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&sent);
        let uploaded: Attachment = an
            .client
            .upload_bytes("ảnh.bin", "application/octet-stream", bytes.clone(), move |sent, _| {
                told.store(sent, Ordering::Relaxed);
            })
            .await?;
        let sent = sent.load(Ordering::Relaxed);
        self.transcript
            .check(
                sent == FILE_SIZE as u64 && !uploaded.url.contains('?'),
                format_args!("an uploads {}, the progress ends at {sent} bytes", uploaded.filename),
            )
            .await?;
        let payload = SendMessagePayload::new(dm.id(), "ảnh hôm qua").attachment(uploaded.clone());
        let ack = an.socket.send_dm(payload).await?;
        let heard = binh.hear(ack.message_id).await?;
        let attached = heard.attachments();
        self.transcript.check(attached == [uploaded], "binh gets the message with the attachment").await?;
        let url = attached.first().map(|file| file.url.clone()).unwrap_or_default();
        let downloaded = binh.client.download(&url).await?.bytes(FILE_SIZE).await.map_err(LightError::from)?;
        self.transcript.check(downloaded == bytes, format_args!("binh downloads it: {FILE_SIZE} equal bytes")).await
    }

    async fn lost_connection(&mut self, an: &mut Person, binh: &mut Person, dm: &Channel) -> Result<(), Failure> {
        self.transcript.step("The connection is cut, and binh misses messages").await?;
        let texts = ["bạn còn đó không?", "alo?", "thôi, chút nữa nhé"];
        let mut missed: Vec<MessageId> = Vec::new();
        for _ in 0..CUTS {
            self.keep_out(an, binh).await?;
            missed.clear();
            for text in texts {
                missed.push(an.socket.send_dm(SendMessagePayload::new(dm.id(), text)).await?.message_id);
            }
            if !binh.socket.is_connected() {
                break;
            }
            binh.recover().await?;
        }
        self.transcript
            .check(!binh.socket.is_connected(), "both lost their sockets; an is back first, binh is refused once")
            .await?;
        let count = missed.len();
        self.transcript
            .check(
                missed.iter().all(|id| binh.times_heard(*id) == 0),
                format_args!("an sends {count} messages that binh cannot hear"),
            )
            .await?;
        binh.recover().await?;
        self.transcript
            .check(binh.socket.is_connected(), "binh is back by himself, with his channels joined again")
            .await?;
        // The next message comes after everything that was missed.
        self.say(an, binh, &dm.target(), "chào mừng trở lại").await?;
        let once = missed.iter().all(|id| binh.times_heard(*id) == 1);
        self.transcript.check(once, format_args!("all {count} missed messages were caught up, each exactly once")).await
    }

    /// Cuts both connections, and lets `first` back while `second` has to wait for another attempt.
    async fn keep_out(&mut self, first: &mut Person, second: &mut Person) -> Result<(), Failure> {
        let refused = self.emulator.stats().upgrades_refused;
        self.emulator.faults().refuse_upgrades(1, 503);
        self.emulator.faults().cut_connections();
        second.lose_connection().await?;
        second.socket.socket()?.network_changed();
        self.emulator.wait_for(|stats| stats.upgrades_refused > refused).await;
        first.lose_connection().await?;
        first.socket.socket()?.network_changed();
        first.recover().await
    }

    async fn refreshed_session(&mut self, an: &Person, binh: &mut Person, dm: &Channel) -> Result<(), Failure> {
        self.transcript.step("The session is refreshed").await?;
        let before = an.client.session();
        an.client.refresh_session().await?;
        let after = an.client.session();
        let rotated = before.token() != after.token() && before.refresh_token() != after.refresh_token();
        self.transcript.check(rotated, "an has a new access token and a new refresh token").await?;
        let channels = an.client.list_channels(&ListChannelsOptions::default()).await?;
        let works = channels.iter().any(|channel| channel.id() == dm.id());
        self.transcript.check(works, "the new token works for calls").await?;
        self.say(an, binh, &dm.target(), "vẫn kết nối").await
    }

    async fn goodbye(&mut self, an: Person, binh: Person) -> Result<(), Failure> {
        self.transcript.step("Everybody leaves").await?;
        for person in [an, binh] {
            person.socket.disconnect().await;
            person.client.logout().await?;
            let refused = person.client.list_channels(&ListChannelsOptions::default()).await;
            let over = refused.is_err_and(|error| error.class() == ErrorClass::Auth);
            self.transcript
                .check(over, format_args!("{} is logged out, and the tokens are worth nothing", person.name))
                .await?;
        }
        let stats = self.emulator.wait_for(|stats| stats.open_sockets == 0).await;
        self.transcript
            .check(
                stats.sends_received == stats.messages,
                format_args!(
                    "the gateway saw {} sends and stored {} messages: none twice",
                    stats.sends_received, stats.messages
                ),
            )
            .await
    }

    /// `from` sends `text`, and `to` hears exactly that.
    async fn say(&mut self, from: &Person, to: &mut Person, target: &Target, text: &str) -> Result<(), Failure> {
        let ack = from.socket.send(target, text).await?;
        let heard = to.hear(ack.message_id).await?;
        self.transcript
            .check(
                heard.text() == text && heard.sender_id() == from.client.user_id(),
                format_args!("{} reads {}'s \"{text}\"", to.name, from.name),
            )
            .await
    }
}
