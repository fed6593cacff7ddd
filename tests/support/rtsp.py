"""A camera on loopback that speaks RTSP: an MPEG transport stream over RTP, within the connection (RFC 2326)."""

from __future__ import annotations

import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=toy\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track1\r\n"
PACKETS = 7  # of 188 bytes, in an RTP packet


@contextmanager
def camera(data: bytes, pause: float = 0.002) -> Iterator[str]:
    """Serve a transport stream to each client that plays it, and close the connection at its end. Gives the address."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while request := self._request():
                method, fields = request
                answer = {"CSeq": fields["cseq"], "Session": "1"}
                body = ""
                if method == "OPTIONS":
                    answer["Public"] = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"
                elif method == "DESCRIBE":
                    body = SDP
                    answer |= {"Content-Type": "application/sdp", "Content-Length": str(len(SDP))}
                elif method == "SETUP":
                    answer["Transport"] = "RTP/AVP/TCP;unicast;interleaved=0-1"
                lines = "".join(f"{name}: {value}\r\n" for name, value in answer.items())
                self.wfile.write(f"RTSP/1.0 200 OK\r\n{lines}\r\n{body}".encode())
                if method == "PLAY":
                    self._play()
                    return

        def _request(self) -> tuple[str, dict[str, str]] | None:
            first = self.rfile.readline().decode()
            fields = {}
            while line := self.rfile.readline().decode().strip():
                name, _, value = line.partition(":")
                fields[name.lower()] = value.strip()
            return (first.split()[0], fields) if first.strip() else None

        def _play(self) -> None:
            size = 188 * PACKETS
            for number, start in enumerate(range(0, len(data), size)):
                head = struct.pack(">BBHII", 0x80, 33, number & 0xFFFF, number * 900, 1)
                packet = head + data[start : start + size]
                try:
                    self.wfile.write(b"$\0" + struct.pack(">H", len(packet)) + packet)
                except OSError:
                    return
                time.sleep(pause)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"rtsp://127.0.0.1:{server.server_address[1]}/live"
        finally:
            server.shutdown()
