//! Buttons and select boxes of messages, and who may use them.

use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{DropdownBoxSelected, MessageButtonClicked};
use serde_json::Value;

use super::messages::Stored;
use super::{Act, Audience, Done, Town};
use crate::failure::Failure;

/// `type` of a button.
const BUTTON: i64 = 1;
/// `type` of a select box.
const SELECT: i64 = 2;
/// `type` of a select box that offers texts; others offer people, roles or channels.
const TEXTS: i64 = 1;

/// Presses a button: the author of its message hears of it. Whoever sees the message may press.
pub(crate) fn press(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, MessageButtonClicked),
) -> Result<Done<()>, Failure> {
    let offer = town.offer(act, request.channel_id, request.message_id, stored)?;
    offer.check_author(request.sender_id)?;
    let button = offer.component(BUTTON, &request.button_id).ok_or_else(|| Failure::not_found("button not found"))?;
    // The official builders have written it both ways.
    if is_on(button, "/component/disable") || is_on(button, "/component/disabled") {
        return Err(Failure::invalid("the button is disabled"));
    }
    if !request.extra_data.is_empty() && serde_json::from_str::<Value>(&request.extra_data).is_err() {
        return Err(Failure::invalid("extra_data is no JSON"));
    }
    let event = MessageButtonClicked { sender_id: offer.author, user_id: act.by, ..request };
    Ok(Done::new(()).push(Audience::Users(vec![offer.author]), Message::MessageButtonClicked(event)))
}

/// Chooses from a select box: the author of its message hears of it.
pub(crate) fn select(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, DropdownBoxSelected),
) -> Result<Done<()>, Failure> {
    let offer = town.offer(act, request.channel_id, request.message_id, stored)?;
    offer.check_author(request.sender_id)?;
    let found = offer.component(SELECT, &request.selectbox_id);
    let select = found.ok_or_else(|| Failure::not_found("select box not found"))?;
    if is_on(select, "/component/disabled") {
        return Err(Failure::invalid("the select box is disabled"));
    }
    let options = select.pointer("/component/options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let offered = |value: &String| options.iter().any(|option| option.get("value").is_some_and(|of| of == value));
    let kind = select.pointer("/component/type").and_then(Value::as_i64).unwrap_or(TEXTS);
    if kind == TEXTS && !request.values.iter().all(offered) {
        return Err(Failure::invalid("the select box offers no such option"));
    }
    let event = DropdownBoxSelected { sender_id: offer.author, user_id: act.by, ..request };
    Ok(Done::new(()).push(Audience::Users(vec![offer.author]), Message::DropdownBoxSelected(event)))
}

/// A message, as far as its components are concerned.
struct Offer {
    author: i64,
    content: Value,
}

impl Offer {
    /// Clients name the author as well; 0 says nothing.
    fn check_author(&self, claimed: i64) -> Result<(), Failure> {
        if [0, self.author].contains(&claimed) {
            Ok(())
        } else {
            Err(Failure::invalid("sender_id is not the author of the message"))
        }
    }

    fn component(&self, kind: i64, id: &str) -> Option<&Value> {
        find(&self.content, kind, id)
    }
}

impl Town {
    /// A message that the caller sees: one that was whispered to them, or a stored one.
    fn offer(&self, act: &Act<'_>, channel: i64, id: i64, stored: Stored) -> Result<Offer, Failure> {
        let (author, content) = match self.whispers.get(id).filter(|whisper| whisper.channel == channel) {
            Some(whisper) if whisper.receivers.contains(&act.by) => (whisper.sender, whisper.content.clone()),
            Some(_) => return Err(Failure::not_found("message not found")),
            None => {
                let message = self.message_for(act, channel, stored)?;
                (message.sender_id, message.content)
            }
        };
        Ok(Offer { author, content: serde_json::from_str(&content).unwrap_or_default() })
    }
}

fn is_on(component: &Value, flag: &str) -> bool {
    component.pointer(flag).is_some_and(|flag| *flag == true)
}

/// A component of this type and id, however deep it is: in rows, in flat lists, in the fields of embeds.
fn find<'a>(value: &'a Value, kind: i64, id: &str) -> Option<&'a Value> {
    match value {
        Value::Object(object)
            if object.get("type").is_some_and(|of| *of == kind)
                && object.get("id").is_some_and(|of| of == id)
                && object.contains_key("component") =>
        {
            Some(value)
        }
        Value::Object(object) => object.values().find_map(|inner| find(inner, kind, id)),
        Value::Array(items) => items.iter().find_map(|inner| find(inner, kind, id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use mezon_proto::api;
    use mezon_proto::realtime::{ChannelMessageSend, EphemeralMessageSend};
    use serde_json::json;

    use super::*;
    use crate::town::testing::Place;
    use crate::town::whispers;

    fn content() -> String {
        let select =
            json!({ "type": 2, "id": "food", "component": { "options": [{ "label": "Pho", "value": "pho" }] } });
        let off = json!({ "type": 1, "id": "off", "component": { "disable": true } });
        json!({
            "t": "?", "components": [{ "components": [{ "type": 1, "id": "yes", "component": { "label": "Yes" } }, off] }],
            "embed": [{ "fields": [{ "name": "food", "inputs": select }] }],
        })
        .to_string()
    }

    fn message(channel: i64) -> Stored {
        Some(api::ChannelMessage {
            channel_id: channel,
            message_id: 7,
            sender_id: 9,
            content: content(),
            ..Default::default()
        })
    }

    fn click(channel_id: i64, button: &str) -> MessageButtonClicked {
        MessageButtonClicked {
            message_id: 7,
            channel_id,
            button_id: button.to_owned(),
            sender_id: 9,
            ..Default::default()
        }
    }

    #[test]
    fn the_author_hears_who_pressed_what() {
        let mut place = Place::default();
        let dm = place.dm(1, 9);
        let forged = MessageButtonClicked { user_id: 5, extra_data: "{}".to_owned(), ..click(dm, "yes") };
        let done = place.done(1, press, (message(dm), forged));
        assert_eq!(done.pushes[0].to, Audience::Users(vec![9]));
        let Message::MessageButtonClicked(event) = &done.pushes[0].message else { panic!("{done:?}") };
        assert_eq!((event.user_id, event.sender_id, event.extra_data.as_str()), (1, 9, "{}"));
    }

    #[test]
    fn what_is_not_there_cannot_be_pressed() {
        let mut place = Place::default();
        let dm = place.dm(1, 9);
        place.refused(1, press, (message(dm), click(dm, "no")), "button not found");
        place.refused(1, press, (message(dm), click(dm, "food")), "button not found");
        place.refused(1, press, (message(dm), click(dm, "off")), "the button is disabled");
        place.refused(1, press, (None, click(dm, "yes")), "message not found");
        place.refused(2, press, (message(dm), click(dm, "yes")), "channel permission denied");
        let wrong = MessageButtonClicked { sender_id: 2, ..click(dm, "yes") };
        place.refused(1, press, (message(dm), wrong), "sender_id is not the author of the message");
        let scribble = MessageButtonClicked { extra_data: "{".to_owned(), ..click(dm, "yes") };
        place.refused(1, press, (message(dm), scribble), "extra_data is no JSON");
    }

    #[test]
    fn only_what_a_select_box_offers_is_chosen() {
        let mut place = Place::default();
        let dm = place.dm(1, 9);
        let choice = |id: &str, values: &[&str]| DropdownBoxSelected {
            message_id: 7,
            channel_id: dm,
            selectbox_id: id.to_owned(),
            values: values.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        let done = place.done(1, select, (message(dm), choice("food", &["pho"])));
        let Message::DropdownBoxSelected(event) = &done.pushes[0].message else { panic!("{done:?}") };
        assert_eq!((event.user_id, event.sender_id, event.values.as_slice()), (1, 9, ["pho".to_owned()].as_slice()));
        place.refused(1, select, (message(dm), choice("food", &["bun"])), "the select box offers no such option");
        place.refused(1, select, (message(dm), choice("yes", &[])), "select box not found");
    }

    #[test]
    fn the_buttons_of_an_ephemeral_message_are_for_its_receivers() {
        let mut place = Place::default();
        let group = place.group(9, &[1, 2]);
        let send = ChannelMessageSend { channel_id: group, content: content(), code: 12, ..Default::default() };
        let request = EphemeralMessageSend { message: Some(send), receiver_ids: vec![1] };
        let id = place.done(9, whispers::send, request).answer.message_id;
        let click = || MessageButtonClicked { message_id: id, ..click(group, "yes") };
        place.done(1, press, (None, click()));
        place.refused(2, press, (None, click()), "message not found");
    }
}
