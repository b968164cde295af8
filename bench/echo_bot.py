"""A bot that says what it is told: python-telegram-bot as its documentation shows it, to compare with.

    python bench/echo_bot.py API polling|webhook default|aiohttp

Its webhook is the one of its "custom webhook" example: an own route that puts each update in the queue.
"""

from __future__ import annotations

import asyncio
import logging
import sys

import uvicorn
from bot_api import TOKEN
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Update
from telegram.ext import Application, CallbackQueryHandler, MessageHandler, filters

from safetybot.channels.telegram.request import AiohttpRequest


async def say(update: Update, _: object) -> None:
    """A message comes back."""
    assert update.message is not None
    await update.message.reply_text(update.message.text or "")


async def press(update: Update, _: object) -> None:
    """What a button stands for comes back."""
    query = update.callback_query
    assert query is not None
    await query.answer()
    await query.get_bot().send_message(query.from_user.id, query.data or "")


def made(api: str, client: str, *, polling: bool) -> Application:  # type: ignore[type-arg]
    """The bot. ``client``: ``default`` for python-telegram-bot's own, ``aiohttp`` for ours."""
    builder = Application.builder().token(TOKEN).base_url(f"{api}/bot")
    if client == "aiohttp":
        request = AiohttpRequest()
        builder = builder.request(request).get_updates_request(request)
    if not polling:
        builder = builder.updater(None)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, say))
    application.add_handler(CallbackQueryHandler(press))
    return application


async def serve(api: str, client: str) -> None:
    """Answers what is posted."""
    application = made(api, client, polling=False)

    async def take(request: Request) -> Response:
        await application.update_queue.put(Update.de_json(await request.json(), application.bot))
        return Response()

    config = uvicorn.Config(Starlette(routes=[Route("/hook", take, methods=["POST"])]), port=0, log_level="error")
    server = uvicorn.Server(config)
    async with application:
        await application.start()
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        await application.bot.set_webhook(f"http://127.0.0.1:{port}/hook")
        print("answering", flush=True)
        await serving
        await application.stop()


def main() -> None:
    """Answers until a signal."""
    api, way, client = sys.argv[1:]
    logging.basicConfig(level=logging.ERROR)
    if way == "webhook":
        asyncio.run(serve(api, client))
    else:
        print("answering", flush=True)
        made(api, client, polling=True).run_polling(poll_interval=0.0, bootstrap_retries=-1)


if __name__ == "__main__":
    main()
