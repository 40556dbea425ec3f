"""Sends numbers by `graphyte`, one after the other, and again what it could not send. After each steady run of them it goes on until
one is refused, as often as it is told."""

import sys
import time

import graphyte

host, port, times = sys.argv[1:4]
sender = graphyte.Sender(host, port=int(port), prefix="py", raise_send_errors=True)
begin = int(time.time()) - 80_000
number = 0


def send():
    """Sends the next number; whether it was refused at first."""
    global number
    refused = False
    while True:
        try:
            sender.send("line", number, timestamp=begin + number)
        except OSError:
            refused = True
            time.sleep(0.02)
        else:
            number += 1
            # Who looks at what has arrived is not to be outrun.
            time.sleep(0.002)
            return refused


for time_left in reversed(range(int(times) + 1)):
    for _ in range(300):
        send()
    print(number, flush=True)
    if time_left:
        while not send():
            pass
        print(number - 1, flush=True)
