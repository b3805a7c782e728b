"""Queue Storage, or Azurite: hints for the worker, base64 as the Functions host reads them.

Sending repeats by itself where the answer is lost. That may leave two messages, which is harmless:
a message is a hint.
"""

from contextlib import suppress

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.queue import LinearRetry, QueueClient, TextBase64EncodePolicy

from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_errors import error_code, translated
from shared.adapters.storage_session import REPEAT_BRIEFLY
from shared.domain import limits


class AzureQueue:
    """Queues of an account; safe to share between threads. They come to be by their first use."""

    def __init__(self, account: StorageAccount) -> None:
        self._account = account
        self._clients: dict[str, QueueClient] = {}

    def send(self, queue: str, text: str, *, delay: int = 0) -> None:
        """Puts a message that becomes visible after `delay` seconds. Raises Unavailable."""
        limits.check_message(text, delay)
        client = self._client(queue)
        with translated(f"sending to {queue}"):
            try:
                client.send_message(text, visibility_timeout=delay)
            except AzureError as error:
                if error_code(error) != "QueueNotFound":
                    raise
                with suppress(ResourceExistsError):  # somebody was quicker
                    client.create_queue()
                client.send_message(text, visibility_timeout=delay)

    def _client(self, queue: str) -> QueueClient:
        client = self._clients.get(queue)
        if client is None:
            limits.check_queue(queue)
            client = self._clients[queue] = QueueClient(
                self._account.queue_url,
                queue,
                credential=self._account.credential,
                transport=self._account.transport,
                message_encode_policy=TextBase64EncodePolicy(),
                retry_policy=LinearRetry(**REPEAT_BRIEFLY),
            )
        return client
