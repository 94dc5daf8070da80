#!/usr/bin/env bash
# service.sh – installs evs under a systemd of its own, as Scripts/install does, and treats it as an operator and fate
# would: start, reload, kill, freeze, stop, a wrong configuration.
# Usage: Tests/Smoke/service.sh
#   EVS_BINARY   the evs to install (default: the release build)
#
# Needs root, systemd and overlay file systems; else it is skipped (exit code 75). That systemd has namespaces of its
# own and sees this machine's files through an overlay: nothing is changed here, and all of it ends with this script.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail
here=$(readlink -f -- "${BASH_SOURCE[0]}")
root=$(dirname -- "$(dirname -- "$(dirname -- "$here")")")
binary=$(readlink -f -- "${EVS_BINARY:-$root/.build/release/evs}")

skip() {
    printf 'skipped: evs.service: %s\n' "$*"
    exit 75
}

# Run as the first process of the new namespaces: makes a machine of them, and becomes its systemd.
become_systemd() {
    local area=$1 name
    mount -t tmpfs -o mode=0755 tmpfs "$area"
    mkdir "$area"/{upper,work,root}
    mount -t overlay -o "lowerdir=/,upperdir=$area/upper,workdir=$area/work" overlay "$area/root"
    cd "$area/root"
    # What is to be installed may lie on a file system of its own.
    mkdir -p given/Scripts
    cp "$root"/Scripts/{install,lib.sh,evs.service} given/Scripts/
    cp "$binary" given/evs
    mount -t proc proc proc
    # It is this machine's kernel: not to be tuned.
    mount --bind proc/sys proc/sys
    mount -o remount,ro,bind proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=0755 tmpfs run
    mount -t tmpfs -o mode=1777 tmpfs tmp
    mount -t tmpfs -o mode=0755 tmpfs var/log
    mkdir "$area/dev"
    mount -t tmpfs -o mode=0755 tmpfs "$area/dev"
    mkdir "$area"/dev/{shm,pts,net}
    for name in null zero full random urandom tty net/tun; do
        [[ -e /dev/$name ]] || continue
        : >"$area/dev/$name"
        mount --bind "/dev/$name" "$area/dev/$name"
    done
    mount --rbind "$area/dev" dev
    # The machine's own services are not wanted, nor what manages hardware.
    printf '[Unit]\nRequires=basic.target\n' >etc/systemd/system/test.target
    mkdir -p given/old
    pivot_root . given/old
    umount -l given/old
    exec env -i container=other PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin TERM=dumb \
        /lib/systemd/systemd --system --unit=test.target --show-status=no
}

if [[ ${1-} == --become-systemd ]]; then become_systemd "$2"; fi

((EUID == 0)) || skip "a systemd of its own needs root"
[[ -x /lib/systemd/systemd && -n $(type -P systemctl unshare nsenter useradd) ]] || skip "systemd is not installed"
grep -qw overlay /proc/filesystems || skip "the kernel has no overlay file systems"
groups=$(findmnt -t cgroup2 -n -o TARGET | head -n 1)
[[ -n $groups ]] || skip "the kernel has no cgroup2 hierarchy"
[[ -x $binary ]] || { echo "error: no $binary: build it first, with Scripts/evs --version" && exit 1; }

area=$(mktemp -d)
group=$groups/evs-service-test-$$
holder=
finish() {
    [[ -z $holder ]] || { kill -KILL "$holder" && wait "$holder"; } 2>/dev/null || :
    # Its processes are going; their groups can be removed when they have gone.
    local end=$((SECONDS + 5))
    until find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || ((SECONDS > end)); do sleep 0.1; done
    rm -rf "$area"
}
trap finish EXIT

mkdir "$group" 2>/dev/null || skip "no control group can be made in $groups"
mkdir "$area/machine"
(
    echo "$BASHPID" >"$group/cgroup.procs"
    exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup --propagation private \
        "$here" --become-systemd "$area/machine"
) >"$area/systemd.log" 2>&1 &
holder=$!

# soon COMMAND...: whether it succeeds within 30 seconds.
soon() {
    local end=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

fail() {
    printf 'error: %s\n' "$*"
    tail -n 20 "$area/systemd.log"
    inside journalctl --no-pager -n 40 -o short-precise -u evs 2>&1 || :
    inside systemctl status --no-pager evs 2>&1 || :
    exit 1
}

has_child() { { read -r init _ <"/proc/$holder/task/$holder/children" || :; } && [[ -n $init ]]; }
inside() { nsenter --target "$init" --all --root --wd=/ env -i PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin "$@"; }
is_booted() { inside systemctl is-active test.target; }
state() { inside systemctl show evs --property="$1" --value; }
is_in() { [[ $(state ActiveState) == "$1" ]]; }
# Whether a process other than $1 is ready.
is_anew() {
    local now
    now=$(inside systemctl show evs --property=ActiveState,MainPID)
    grep -qx ActiveState=active <<<"$now" && ! grep -qx "MainPID=$1" <<<"$now"
}
journal_has() { inside journalctl --no-pager -u evs | grep -qF -- "$1"; }
ok() { printf 'ok: %s\n' "$*"; }

init=
soon has_child || skip "no namespaces can be made here: $(tail -n 1 "$area/systemd.log")"
soon is_booted || skip "systemd does not start here: $(tail -n 1 "$area/systemd.log")"
ok "a systemd runs"

configure() { printf '%s\n' "$@" | inside tee /etc/evs/evs.yaml >/dev/null; }
inside env EVS_BINARY=/given/evs /given/Scripts/install 2>/dev/null || fail "Scripts/install does not install"
inside systemd-analyze verify /etc/systemd/system/evs.service || fail "systemd-analyze verify has objections"
ok "installed; $(inside systemd-analyze security --no-pager evs | sed -n 's/^.*Overall/overall/p' | tr -d '→')"

# A guest's socket of either direction, and an interface of the kernel's.
ports=('bridges:' '  - name: br0' '    ports:' '      - {name: vm1, type: vhost-user, path: /run/vhost/vm1.sock}'
    '      - {name: vm2, type: vhost-user-client, path: /run/vhost/vm2.sock}' '      - {name: host0, type: internal}')
configure "${ports[@]}"
inside systemctl start evs || fail "it does not start"
is_in active || fail "it is $(state ActiveState) after systemctl start"
process=$(state MainPID)
[[ $(inside ps -o user= -p "$process") == evs ]] || fail "it does not run as user evs"
inside test -S /run/vhost/vm1.sock || fail "a guest's socket is missing"
inside test -d /sys/class/net/host0 || fail "the internal port's interface is missing"
inside evs show --json | grep -q '"bridges"' || fail "evs show does not find it"
ok "active as an unprivileged user, with a guest's socket and an interface; status: $(state StatusText)"

configure "${ports[@]}" '      - {name: sink, type: "null"}'
inside systemctl reload evs || fail "a reload fails"
inside evs port show br0 sink >/dev/null || fail "a reload does not add the port"
configure 'bridges: [{nme: br0}]'
! inside systemctl reload evs 2>/dev/null || fail "a wrong file is reloaded without complaint"
journal_has "unknown key 'nme'" || fail "the journal does not say what is wrong with the file"
inside evs port show br0 sink >/dev/null || fail "a wrong file changed something"
[[ $(state MainPID) == "$process" ]] || fail "a reload is no restart"
ok "reloads; a wrong file changes nothing and says why"
configure "${ports[@]}"

for round in 1 2 3 4 5 6 7; do
    process=$(state MainPID)
    inside kill -KILL "$process"
    soon is_anew "$process" || fail "killed $round times, it is not there again"
done
process=$(state MainPID)
inside kill -SEGV "$process"
soon is_anew "$process" || fail "crashed, it is not there again"
inside test -S /run/vhost/vm1.sock || fail "killed, it did not make the guest's socket anew"
ok "killed seven times in a row and crashed, it is there again"

inside mkdir -p /run/systemd/system/evs.service.d
printf '[Service]\nWatchdogSec=2s\n' | inside tee /run/systemd/system/evs.service.d/watchdog.conf >/dev/null
inside systemctl daemon-reload
inside systemctl restart evs || fail "it does not restart"
process=$(state MainPID)
inside kill -STOP "$process"
soon is_anew "$process" || fail "frozen, it is not started again"
journal_has "Watchdog timeout" || fail "it was not the watchdog that ended the frozen one"
ok "frozen, the watchdog has it started again"

inside systemctl stop evs || fail "it does not stop"
[[ $(state Result) == success && $(state ExecMainStatus) == 0 ]] || fail "its end is a $(state Result)"
for path in /run/vhost/vm1.sock /run/evs /sys/class/net/host0; do
    ! inside test -e "$path" || fail "stopped, it leaves $path"
done
ok "stops in order and leaves nothing"

configure 'bridges:' '  - name: br0' '    ports: [{name: a, type: nul}]'
! inside systemctl start evs 2>/dev/null || fail "it starts with a wrong configuration"
[[ $(state ActiveState) == failed && $(state Result) == exit-code && $(state ExecMainStatus) == 1 ]] \
    || fail "a wrong configuration makes it $(state ActiveState), $(state Result)"
[[ $(state NRestarts) == 0 ]] || fail "a wrong configuration is tried again and again"
[[ $(state StatusText) == *"'nul' is no type of port"* ]] || fail "its status does not say what is wrong"
ok "a wrong configuration fails at once; status: $(state StatusText)"
configure "${ports[@]}"
inside systemctl start evs || fail "mended, it does not start"
inside systemctl stop evs || fail "it does not stop again"
ok "mended, it starts"
