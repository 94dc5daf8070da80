# shellcheck shell=bash
# stages.sh – runs the stages of Scripts/test one after the other, counts what they tell, prints the table at the end.
# Sourced, never run.
#
# shellcheck disable=SC2154 # root is lib.sh's

# A stage is a function, run in the background with its output in a log and stdin closed. It ends with 0 (passed), 75
# (nothing to do here: a line "skipped: why" says why) or anything else (failed). Running several checks, it calls
# `count PASSED FAILED SKIPPED`; else it counts as one. What it leaves running is ended, and makes it fail.

logs=${EVS_TEST_LOGS:-$root/.build/test-logs}
# Every process of this run carries this in its environment, wherever it went: `swift test` and daemons leave the
# process group that they were started in.
export EVS_TEST_RUN=$$-$EPOCHSECONDS
table=()
passed=0
failed=0
skipped=0
running=

# count PASSED FAILED SKIPPED: adds to what the stage has done.
count() { printf '%s %s %s\n' "$@" >>"$counts"; }

# Ends a stage that has nothing to do.
skip() {
    printf 'skipped: %s\n' "$*"
    exit 75
}

# run_stage NAME SECONDS FUNCTION [ARGUMENT...]
run_stage() {
    local name=$1 limit=$2 started=$SECONDS status=0 ended='' sleeper line
    shift 2
    local log=$logs/$name.log counts=$logs/$name.counts
    printf '%-24s' "$name"
    : >"$counts"
    set -m # a process group for each of the two
    (
        set +m
        set -euo pipefail
        "$@"
    ) >"$log" 2>&1 </dev/null &
    running=$!
    sleep "$limit" &
    sleeper=$!
    set +m
    wait -n -p ended "$running" "$sleeper" 2>/dev/null || status=$?
    if [[ $ended == "$sleeper" ]]; then
        printf 'error: not done after %s s\n' "$limit" >>"$log"
        status=124
    elif ((status > 128)); then
        printf 'error: ended by signal %s\n' "$((status - 128))" >>"$log"
    fi
    # Not TERM, which bash loses between fork and exec. What bash says of killed jobs is nobody's concern.
    { kill -KILL "$sleeper" && wait "$sleeper"; } 2>/dev/null || true
    if ((status != 124)) && ! soon processes_gone; then
        processes_left | while read -r line; do printf 'error: left behind: %s\n' "$line"; done >>"$log"
        status=1
    fi
    end_stage
    settle "$name" "$status" "$((SECONDS - started))" "$log" "$counts"
}

# Ends all that belongs to the running stage: asks first, insists after two seconds.
end_stage() {
    signal_stage TERM
    soon processes_gone || signal_stage KILL
    running=''
}

signal_stage() {
    local pids
    mapfile -t pids < <(processes_left)
    pids=("${pids[@]%% *}")
    [[ -z $running ]] || pids+=("-$running")
    ((${#pids[@]} == 0)) || kill "-$1" -- "${pids[@]}" 2>/dev/null || true
}

# soon COMMAND: whether it succeeds within two seconds.
soon() {
    local try
    for try in {1..20}; do
        "$1" && return
        ((try == 20)) || sleep 0.1
    done
    return 1
}

processes_gone() { [[ -z $(processes_left) ]]; }

# The processes of this run: number and command line, one a line.
processes_left() {
    local path pid
    while IFS= read -r path; do
        pid=${path#/proc/}
        pid=${pid%/environ}
        printf '%s %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c 1-200)"
    done < <(
        # What searches doesn't carry the mark itself.
        mark=EVS_TEST_RUN=$EVS_TEST_RUN
        export -n EVS_TEST_RUN
        grep -lszx "$mark" /proc/[0-9]*/environ 2>/dev/null
    )
}

# settle NAME STATUS SECONDS LOG COUNTS: adds a stage to the table and says what went wrong or was left out.
settle() {
    local name=$1 status=$2 took=$3 log=$4 counts=$5 result good bad left
    read -r good bad left < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$counts")
    case $status in
        0) result=passed && ((good + bad + left > 0)) || good=1 ;;
        75) result=skipped && ((good + bad + left > 0)) || left=1 ;;
        # A stage that broke down before it could count a failure is one.
        *) result=FAILED && ((bad > 0)) || bad=1 ;;
    esac
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
    printf '%-8s %4d s   %s\n' "$result" "$took" "$(describe "$good" "$bad" "$left")"
    table+=("$(printf '%-24s%-8s %4d s   %s' "$name" "$result" "$took" "$(describe "$good" "$bad" "$left")")")
    # Nothing is left out silently.
    awk '/^skipped: / && !seen[$0]++ { print "    " $0 }' "$log"
    if [[ $result == FAILED ]]; then
        echo "---- $name: the whole log is $log"
        failure_lines "$log"
        echo "----"
    fi
}

describe() {
    local text="$1 passed"
    (($2 == 0)) || text+=", $2 FAILED"
    (($3 == 0)) || text+=", $3 skipped"
    printf '%s' "$text"
}

# The lines of a log that tell why; its end, if none does.
failure_lines() {
    local told='error:|ERROR|WARNING: ThreadSanitizer|SUMMARY:|[Ff]atal error|✘|↳|not ok|FAILED'
    local noise='↳ (Testing|Target|///)|: Issue recorded$|with [0-9]+ issue'
    grep -E "$told" "$1" | grep -vE "$noise" | cut -c 1-400 | awk '!seen[$0]++' | head -n 80 || :
    # What came before the end often says why.
    echo "..."
    tail -n 40 "$1" | cut -c 1-400
}

# Prints the table and the last line. Returns 1 if anything failed.
summarise() {
    printf '\n%s\n' "stage                   result      time   checks"
    printf '%s\n' "${table[@]}"
    printf '\n%d passed, %d failed' "$passed" "$failed"
    ((skipped == 0)) || printf ', %d skipped' "$skipped"
    printf '\n'
    ((failed == 0))
}

# What tests could leave behind in the machine: taps, namespaces, files and pages of huge memory.
machine_state() {
    local path
    for path in /sys/class/net/*/tun_flags; do [[ ! -e $path ]] || printf 'interface %s\n' "$(dirname "$path")"; done
    for path in /run/netns/*; do [[ ! -e $path ]] || printf 'namespace %s\n' "$path"; done
    for path in /dev/hugepages/*; do [[ ! -e $path ]] || printf 'huge file %s\n' "$path"; done
    for path in /sys/kernel/mm/hugepages/*/nr_hugepages; do
        [[ ! -e $path ]] || printf 'huge pages %s %s\n' "$path" "$(<"$path")"
    done
}

# leftovers STATE: fails when the machine is not as it was when STATE was taken. A machine that others use too may
# change for their reasons: there it is only told.
leftovers() {
    local log=$logs/leftovers.log counts=$logs/leftovers.counts status=0
    printf '%-24s' leftovers
    : >"$counts"
    comm -13 <(sort <<<"$1") <(machine_state | sort) >"$log"
    if [[ -s $log ]]; then
        sed -i 's/^/error: appeared while the tests ran: /' "$log"
        if [[ -n ${CI-} ]]; then status=1; else cat "$log"; fi
    fi
    settle leftovers "$status" 0 "$log" "$counts"
}
