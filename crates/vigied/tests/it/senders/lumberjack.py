"""A sender to port 9095, written to the description of the protocol and to nothing else: it logs in, sends windows, and sends again on
a new connection what was not acknowledged. Each window that was acknowledged is printed."""

import socket
import ssl
import struct
import sys
import time

port, space, token, count, authority = sys.argv[1:6]
count = int(count)
begin = int(time.time()) - 86400
lines = [f"{space}.py.line {at} {begin + at}\r\n".encode() for at in range(count)]
done = 0


def connect():
    while True:
        try:
            plain = socket.create_connection(("127.0.0.1", int(port)), timeout=20)
            if authority == "-":
                return plain
            return ssl.create_default_context(cafile=authority).wrap_socket(plain, server_hostname="localhost")
        except OSError:
            time.sleep(0.05)


def read(stream):
    answer = b""
    while len(answer) < 6:
        more = stream.recv(6 - len(answer))
        if not more:
            raise OSError("closed")
        answer += more
    return answer


while done < count:
    stream = connect()
    try:
        host = b"127.0.0.1"
        stream.sendall(b"1I" + bytes([len(host)]) + host)
        tenant, password = space.encode(), token.encode()
        stream.sendall(b"2T" + bytes([len(tenant)]) + tenant + bytes([len(password)]) + password)
        if read(stream) != b"1A\0\0\0\0":
            sys.exit("the login was refused")
        first, number = done, 0
        while done < count:
            window = lines[done:done + 20]
            frames = [b"1W" + struct.pack(">I", len(window))]
            for line in window:
                number += 1
                frames.append(b"1M" + struct.pack(">II", number, len(line)) + line)
            stream.sendall(b"".join(frames))
            answer = read(stream)
            if answer[:2] != b"1A":
                sys.exit(f"not an acknowledgement: {answer!r}")
            (acknowledged,) = struct.unpack(">I", answer[2:])
            done = first + acknowledged
            print(done, flush=True)
    except OSError:
        pass
    finally:
        stream.close()
