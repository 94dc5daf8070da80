"""One guest under QEMU, and what it says on its console."""
import re
import subprocess
import threading
import time


class Guest:
    """Pings `peer` and transfers the blob from it, for ever, if there is one.

    `listens`: QEMU makes the socket and evs connects; else QEMU connects, again and again.
    """

    def __init__(self, name, socket, address, image, listens, is_packed, peer=""):
        self.name = name
        self.socket, self.address, self.image = socket, address, image
        self.listens, self.is_packed, self.peer = listens, is_packed, peer
        self.process = None
        self.lines = []
        # Every line of the console with the moment at which it came.
        self.change = threading.Condition()

    def arguments(self):
        kernel, initramfs = self.image
        direction = "server=on,wait=off" if self.listens else "reconnect=1"
        number = int(self.address.rsplit(".", 1)[1])
        return [
            "qemu-system-x86_64", "-name", self.name,
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "q35,memory-backend=memory,hpet=off", "-accel", "tcg", "-cpu", "qemu64", "-m", "192M",
            "-object", "memory-backend-memfd,id=memory,size=192M,share=on",
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-chardev", "socket,id=switch,path=%s,%s" % (self.socket, direction),
            "-netdev", "vhost-user,id=net,chardev=switch",
            "-device", "virtio-net-pci,netdev=net,mac=52:54:00:00:00:%02x,vectors=0,packed=%s,disable-legacy=on,"
            "romfile="
            % (number, "on" if self.is_packed else "off"),
            "-kernel", kernel, "-initrd", initramfs,
            "-append", "console=ttyS0 quiet panic=1 mitigations=off nokaslr no_timer_check tsc=reliable "
            "cryptomgr.notests guest_ip=%s guest_peer=%s" % (self.address, self.peer),
        ]

    def start(self):
        self.process = subprocess.Popen(
            self.arguments(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True).start()

    def read(self, console):
        for line in console:
            with self.change:
                self.lines.append((time.monotonic(), line.decode(errors="replace").strip()))
                self.change.notify_all()

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def matches(self, pattern, since=0.0):
        """The lines that have come since then and match: their moments and matches."""
        with self.change:
            lines = [line for line in self.lines if line[0] >= since]
        found = [(moment, re.search(pattern, text)) for moment, text in lines]
        return [pair for pair in found if pair[1]]

    def wait(self, pattern, count, seconds, since=0.0):
        """Waits for so many matching lines and returns them; None if they don't come in time."""
        end = time.monotonic() + seconds
        while True:
            found = self.matches(pattern, since)
            if len(found) >= count:
                return found
            left = end - time.monotonic()
            if left <= 0 or not self.is_alive():
                return None
            with self.change:
                self.change.wait(min(left, 0.5))

    def last_words(self):
        with self.change:
            return "\n".join("    %s: %s" % (self.name, text) for _, text in self.lines[-15:])
