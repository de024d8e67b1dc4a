"""The fan-out in processes of its own: each holds clients of the live stream and serves them.

``pool`` starts, watches and stops the processes, chooses one for each client and sums up what they
count; ``process`` is one of them as the main process sees it, ``worker`` what runs in it. They talk
over two sockets: ``link`` carries the messages of ``wire``, ``passing`` the clients' connections.
docs/architecture.md shows how they fit together.
"""
