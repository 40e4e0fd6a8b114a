"""The HTTP face: loopback only, a token on every route, bodies of bounded size, one schema a route."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

from .engine import Engine
from .errors import EngineError, invalid
from .protocol import ChatRequest, CheckpointsRequest, LogprobsRequest, UpdateRequest
from .stream import streamed

LARGEST_BODY = 256 * 1024 * 1024
T = TypeVar("T")


def refusal(code: str, message: str, status: int) -> JSONResponse:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return JSONResponse({"error": {"code": code, "message": message, "type": kind}}, status)


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(str(part) for part in e['loc']) or 'body'}: {e['msg']}" for e in error.errors()[:5])


async def _body(request: Request, schema: TypeAdapter[T]) -> T:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            raise EngineError("body.too_large", 413, f"a request may have {LARGEST_BODY} bytes at most")
    try:
        return schema.validate_json(bytes(raw))
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors()):
            raise invalid("the body is not JSON") from error
        raise invalid(_problems(error)) from error


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _while_there(request: Request, job: Coroutine[object, object, T]) -> T:
    """The job's result; a client that leaves cancels its job, whose body was read before."""
    work, gone = asyncio.ensure_future(job), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise EngineError("request.cancelled", 499, "the client left before the answer was there")
        return work.result()
    finally:
        work.cancel()
        gone.cancel()


def make_app(engine: Engine, token: str) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    wanted = f"Bearer {token}".encode()
    chat_schema = TypeAdapter(ChatRequest)
    logprobs_schema = TypeAdapter(LogprobsRequest)
    update_schema = TypeAdapter(UpdateRequest)
    checkpoints_schema: TypeAdapter[CheckpointsRequest] = TypeAdapter(CheckpointsRequest)

    @app.middleware("http")
    async def check_token(request: Request, follow: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, wanted):
            return refusal("token.wrong", "this engine needs its bearer token", 401)
        return await follow(request)

    @app.exception_handler(EngineError)
    async def refused(_: Request, error: EngineError) -> JSONResponse:
        return refusal(error.code, error.message, error.status)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> JSONResponse:
        what = f"no route {request.method} {request.url.path}"
        return refusal("route.unknown", what, error.status_code)

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        logging.getLogger("baton").error("a call failed", exc_info=error)
        return refusal("engine.failed", str(error) or type(error).__name__, 500)

    @app.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse(engine.health())

    @app.get("/v1/models")
    async def models() -> JSONResponse:
        return JSONResponse(engine.models())

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        asked = await _body(request, chat_schema)
        reply = await _while_there(request, engine.chat(asked))
        if not asked.stream:
            return JSONResponse(reply)
        usage = asked.stream_options is not None and asked.stream_options.include_usage is True
        return Response(streamed(reply, usage), media_type="text/event-stream")

    @app.post("/baton/v1/logprobs")
    async def logprobs(request: Request) -> JSONResponse:
        return JSONResponse(await engine.logprobs(await _body(request, logprobs_schema)))

    @app.post("/baton/v1/update")
    async def update(request: Request) -> JSONResponse:
        return JSONResponse((await engine.update(await _body(request, update_schema))).model_dump())

    @app.post("/baton/v1/checkpoints")
    async def checkpoints(request: Request) -> JSONResponse:
        found = await engine.checkpoints(await _body(request, checkpoints_schema))
        return JSONResponse({"checkpoints": [c.model_dump() for c in found]})

    return app
