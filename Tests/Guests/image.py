"""What guests boot: a kernel of Debian's, and an initramfs that holds busybox, drivers and the guest's program."""
import glob
import hashlib
import lzma
import os
import re
import shutil
import stat
import subprocess

# In the order in which they are loaded.
MODULES = ("virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "failover",
           "net_failover", "virtio_net")
# Transferred between guests: nothing in it repeats, so that a wrong or missing piece shows.
BLOB = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(1 << 15))
BLOB_SUM = hashlib.md5(BLOB).hexdigest()

INIT = b"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in /modules/*; do insmod $module; done
ip link set lo up
while ! ip link set eth0 up 2>/dev/null; do usleep 20000; done
ip addr add $guest_ip/24 dev eth0
httpd -p 80 -h /www
echo "guest: up"
[ -z "$guest_peer" ] || ping -i 0.1 $guest_peer &
while :; do
    # One that waits for a guest that has been killed would wait for ever.
    if [ -n "$guest_peer" ] && timeout 10 wget -q -O - http://$guest_peer/blob >/blob; then
        echo "guest: transfer $(md5sum </blob)"
    fi
    sleep 0.2
done
"""


class Unavailable(Exception):
    """This machine lacks something that guests need."""


def command(*arguments, folder=None):
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable("%s: %s" % (" ".join(arguments[:2]), (done.stderr.strip().splitlines() or ["failed"])[-1]))
    return done.stdout


def fetch_kernel(cache):
    """Leaves `vmlinuz` and the folder `modules` in the cache."""
    if os.path.exists(os.path.join(cache, "complete")):
        return
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if not shutil.which(tool):
            raise Unavailable("no kernel for guests: there is no " + tool)
    shutil.rmtree(cache, ignore_errors=True)
    os.makedirs(os.path.join(cache, "modules"))
    package = re.search(r"Depends: (linux-image-\S+)", command("apt-cache", "depends", "linux-image-cloud-amd64"))
    if not package:
        raise Unavailable("no kernel for guests: apt knows no linux-image-cloud-amd64")
    command("apt-get", "download", package[1], folder=cache)
    archive, tree = glob.glob(os.path.join(cache, "*.deb"))[0], os.path.join(cache, "tree")
    command("dpkg-deb", "--extract", archive, tree)
    shutil.copy(glob.glob(os.path.join(tree, "boot", "vmlinuz-*"))[0], os.path.join(cache, "vmlinuz"))
    for place, name in enumerate(MODULES):
        found = glob.glob(os.path.join(tree, "**", name + ".ko*"), recursive=True)
        if not found:
            continue
        contents = open(found[0], "rb").read()
        if found[0].endswith(".xz"):
            contents = lzma.decompress(contents)
        with open(os.path.join(cache, "modules", "%d-%s.ko" % (place, name)), "wb") as file:
            file.write(contents)
    shutil.rmtree(tree)
    os.unlink(archive)
    open(os.path.join(cache, "complete"), "w").close()


def entry(name, mode, contents=b"", device=(0, 0)):
    """One member of a cpio archive in the format "newc"."""
    path = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(contents), 0, 0, *device, len(path), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + path
    return head + b"\0" * (-len(head) % 4) + contents + b"\0" * (-len(contents) % 4)


def write_initramfs(path, cache):
    busybox = shutil.which("busybox")
    if not busybox or b"/lib64/ld-linux" in open(busybox, "rb").read():
        raise Unavailable("busybox-static is not installed")
    parts = [entry(name, stat.S_IFDIR | 0o755) for name in ("bin", "dev", "proc", "sys", "modules", "www")]
    parts.append(entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)))
    parts.append(entry("bin/busybox", stat.S_IFREG | 0o755, open(busybox, "rb").read()))
    parts.append(entry("init", stat.S_IFREG | 0o755, INIT))
    parts.append(entry("www/blob", stat.S_IFREG | 0o644, BLOB))
    for module in sorted(os.listdir(os.path.join(cache, "modules"))):
        contents = open(os.path.join(cache, "modules", module), "rb").read()
        parts.append(entry("modules/" + module, stat.S_IFREG | 0o644, contents))
    parts.append(entry("TRAILER!!!", 0))
    with open(path, "wb") as file:
        file.write(b"".join(parts))
