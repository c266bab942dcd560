"""Listening sockets for the commands that serve, so that a port in use is said in one line and before anything else."""

import socket

from medagentbenchv2.errors import ArgumentError


def listen(host: str, port: int, option: str = "port") -> socket.socket:
    """A socket that listens already. Raises ArgumentError, naming the option, where host or port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)  # whoever reads that it serves may call at once
    except (OSError, OverflowError) as error:
        listener.close()
        raise ArgumentError(
            f"{option}: cannot listen on {host}, port {port} ({error}); give another with --{option}"
        ) from None
    return listener
