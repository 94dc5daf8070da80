# shellcheck shell=bash
# lib.sh – what the scripts share: where things are, how they speak, how they build. Sourced, never run.

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")

# One line to the person, on stderr: stdout belongs to the command that is run.
say() { printf 'evs: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# Stops with a clear message when there is no usable Swift.
require_swift() {
    command -v swift >/dev/null \
        || fail "no Swift toolchain on PATH: evs is built with Swift 6.3 or later (https://www.swift.org/install)"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    [[ $(printf '%s\n' 6.3 "${version:-0}" | sort -V | head -n 1) == 6.3 ]] \
        || fail "Swift ${version:-of an unknown version} is too old: evs is built with Swift 6.3 or later"
}

# Runs `swift build ARGUMENT...` in the project. Says nothing but progress, and that only on a terminal; when the
# build fails, what the compiler said.
quiet_build() {
    local log=$root/.build/build-$$.log status=0
    mkdir -p "$root/.build"
    (cd "$root" && swift build "$@") </dev/null 2>&1 | tee "$log" | show_progress || status=$?
    if ((status != 0)); then
        # Each error once, with the source lines that the compiler shows; progress lines left out.
        grep -vE '^\[[0-9]+/[0-9]+\]|^Building for' "$log" | awk '!/error:|warning:/ || !seen[$0]++' >&2
        say "the build failed"
    fi
    rm -f "$log"
    return "$status"
}

# Turns the build's "[12/40] Compiling …" lines into one line that changes in place.
show_progress() {
    local line shown=
    while IFS= read -r line; do
        if [[ -t 2 && $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            printf '\revs: building %s of %s \033[K' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
            shown=yes
        fi
    done
    [[ -z $shown ]] || printf '\r\033[K' >&2
}

release_binary=$root/.build/release/evs
release_stamp=$root/.build/evs-release.stamp

# What the release build depends on besides files.
release_key() { printf 'march=%s swift=%s' "${EVS_MARCH-}" "$(type -P swift)"; }

# Whether the release build is newer than everything it is made of. Costs a few milliseconds.
release_is_current() {
    [[ -x $release_binary && -f $release_stamp && $(<"$release_stamp") == "$(release_key)" ]] || return 1
    local parts=("$root/Package.swift" "$root/Sources" "$root/Scripts/evs" "$root/Scripts/setup" "$root/Scripts/lib.sh")
    # Folders count too: their time changes when a file is taken away.
    [[ -z $(find "${parts[@]}" -newer "$release_stamp" -print -quit) ]]
}

# Builds evs in release unless nothing has changed since the last time.
build_release() {
    release_is_current && return
    require_swift
    mkdir -p "$root/.build"
    # The time is taken before the build, so that a file saved while it runs is built next time.
    local stamp=$release_stamp.$$
    release_key >"$stamp"
    if quiet_build -c release --product evs; then
        mv -f "$stamp" "$release_stamp"
    else
        rm -f "$stamp"
        return 1
    fi
}
