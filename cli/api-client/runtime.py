from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any

Job = Any
File = Any
RunInputs = Any
JobResult = Any

# What follows is every client's; above it stand, in a client, the types of its endpoint.


class EndpointError(Exception):
    """The endpoint said no, or a job did not complete."""

    def __init__(self, message: str, code: str, status: int | None = None) -> None:
        super().__init__(message)
        #: The endpoint's word for it, such as ``validation_error``.
        self.code = code
        #: Status of the answer; None when it is a job that failed.
        self.status = status


class EndpointClient:
    """One endpoint; ``url`` is its address, ``api_key`` a key of it."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url.rstrip("/")
        self._api_key = api_key

    def run(self, inputs: RunInputs, **options: Any) -> JobResult:
        """Run the workflow, and give what it made; media are ids of files."""
        return self.result(self.start(inputs, **options))

    def start(
        self,
        inputs: RunInputs,
        idempotency_key: str | None = None,
        priority: int | None = None,
        webhook: str | None = None,
    ) -> str:
        """Queue a run, and give the id of its job."""
        given = {"priority": priority, "webhook": webhook}
        query = urllib.parse.urlencode({name: value for name, value in given.items() if value is not None})
        headers = {
            "content-type": "application/json",
            "idempotency-key": idempotency_key or str(uuid.uuid4()),
        }
        body = json.dumps(inputs).encode()
        return str(json.loads(self._send("POST", f"/run?{query}", body, headers))["job_id"])

    def result(self, job_id: str) -> JobResult:
        """Wait for a job's end, and give what it made."""
        while True:
            job = self.job(job_id, 60)
            output = job["output"]
            if output is not None:
                return output["result"]
            if job["state"] in ("failed", "canceled"):
                error = job["error"] or job["state"]
                raise EndpointError(f"job {job_id} {job['state']}: {error}", error)

    def job(self, job_id: str, wait_seconds: int = 0) -> Job:
        """Tell how far a job is; the answer is held until it has ended, at most ``wait_seconds`` (90)."""
        return json.loads(self._send("GET", f"/jobs/{urllib.parse.quote(job_id)}?wait={wait_seconds}"))

    def cancel(self, job_id: str) -> None:
        self._send("POST", f"/jobs/{urllib.parse.quote(job_id)}/cancel", b"")

    def upload(self, content: bytes, media_type: str, name: str = "file") -> File:
        """Store a file, for media inputs to name by its ``file_id``."""
        # Headers hold bytes; names are text in UTF-8.
        headers = {"content-type": media_type, "x-file-name": name.encode().decode("latin-1")}
        return json.loads(self._send("POST", "/files", content, headers))

    def download(self, file_id: str) -> bytes:
        return self._send("GET", f"/files/{urllib.parse.quote(file_id)}/download")

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        all_headers = {"x-api-key": self._api_key, "user-agent": "comfy-endpoints-client", **(headers or {})}
        request = urllib.request.Request(self._url + path, data=body, headers=all_headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            try:
                said = json.loads(error.read())
            except ValueError:
                said = {}
            code = said.get("error", "unknown")
            message = f"{method} {path} answered {error.code}: {said.get('detail', code)}"
            raise EndpointError(message, code, error.code) from error
