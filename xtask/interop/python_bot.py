"""A bot on the official Python SDK: answers each text with an echo, and tells on its output what it does.

Usage: python python_bot.py GATEWAY_URL APP_ID, with the bot's key in MEZON_APP_KEY. One JSON object a line.
"""

import asyncio
import json
import os
import sys
from urllib.parse import urlsplit

from mezon import MezonClient
from mezon.models import ChannelMessageContent


def tell(event, **details):
    print(json.dumps({"event": event, **details}), flush=True)


async def main():
    gateway = urlsplit(sys.argv[1])
    client = MezonClient(
        client_id=sys.argv[2],
        api_key=os.environ["MEZON_APP_KEY"],
        host=gateway.hostname,
        port=str(gateway.port),
        use_ssl=False,
    )

    async def echo(message):
        if str(message.sender_id) == sys.argv[2]:
            return
        text = message.content["t"] if isinstance(message.content, dict) else message.content.t
        tell("message", text=text, sender_id=str(message.sender_id), message_id=str(message.id))
        channel = await client.channels.fetch(message.channel_id)
        ack = await channel.send(ChannelMessageContent(t=f"you said: {text}"))
        tell("sent", message_id=str(ack.message_id))

    async def join(added):
        channel = added.channel_desc
        socket = client.socket_manager.get_socket()
        await socket.join_chat(clan_id=0, channel_id=channel.channel_id, channel_type=channel.type, is_public=False)
        tell("joined", channel_id=str(channel.channel_id))

    client.on_channel_message(echo)
    # The SDK joins too, and does not say when it has.
    client.on_user_channel_added(join)
    # All of `login` but the proof of who is there, which only the real service gives.
    session = await client.get_session()
    await client.initialize_managers(session)
    tell("ready", user_id=str(session.user_id), ws_url=session.ws_url)
    await asyncio.Event().wait()


asyncio.run(main())
