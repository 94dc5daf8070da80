# shellcheck shell=bash
# stages.sh – runs the stages of Scripts/test one after the other, counts what they tell, prints the table at the end.
# Sourced, never run.
#
# shellcheck disable=SC2154 # root is lib.sh's

# A stage is a function, run in a process group of its own with its output in a log and stdin closed. It ends with 0
# (passed), 75 (nothing to do here: a line "skipped: why" says why) or anything else (failed). Running several checks,
# it calls `count PASSED FAILED SKIPPED`; else it counts as one. Whatever it leaves running is ended.

logs=$root/.build/test-logs
export EVS_TEST_RUN=$$
table=()
passed=0
failed=0
skipped=0
running=
sleeper=

# count PASSED FAILED SKIPPED: adds to what the stage has done.
count() { printf '%s %s %s\n' "$@" >>"$counts"; }

# Ends a stage that has nothing to do.
skip() {
    printf 'skipped: %s\n' "$*"
    exit 75
}

# run_stage NAME SECONDS FUNCTION [ARGUMENT...]
run_stage() {
    local name=$1 limit=$2 started=$SECONDS status=0 ended
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
    wait -n -p ended "$running" "$sleeper" || status=$?
    if [[ ${ended-} == "$sleeper" ]]; then
        printf 'error: not done after %s s\n' "$limit" >>"$log"
        status=124
    fi
    end_group "$sleeper"
    end_group "$running"
    running='' sleeper=''
    settle "$name" "$status" "$((SECONDS - started))" "$log" "$counts"
}

# Ends the process group of a background job, if there is anything left of it.
end_group() {
    local try
    kill -TERM -- "-$1" 2>/dev/null || true
    for try in {1..50}; do
        kill -0 -- "-$1" 2>/dev/null || break
        ((try < 50)) || kill -KILL -- "-$1" 2>/dev/null || true
        sleep 0.1
    done
    wait "$1" 2>/dev/null || true
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
    local told='error:|ERROR|[Ff]atal error|✘|↳|not ok|FAILED'
    local noise='↳ (Testing|Target)|: Issue recorded$|with [0-9]+ issue'
    grep -E "$told" "$1" | grep -vE "$noise" | cut -c 1-400 | head -n 80 | grep . || tail -n 40 "$1" | cut -c 1-400
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

# Processes that the tests began and that are still there, also those that left their stage's process group: they
# carry this run's mark in their environment.
processes_left() {
    local path
    for path in /proc/[0-9]*; do
        if grep -qszx "EVS_TEST_RUN=$EVS_TEST_RUN" "$path/environ" 2>/dev/null; then
            printf 'process %s: %s\n' "${path#/proc/}" "$(tr '\0' ' ' <"$path/cmdline" 2>/dev/null | cut -c 1-200)"
        fi
    done
}

# leftovers STATE: fails when the machine is not as it was when STATE was taken.
leftovers() {
    local log=$logs/leftovers.log counts=$logs/leftovers.counts status=0
    printf '%-24s' leftovers
    : >"$counts"
    comm -13 <(sort <<<"$1") <(machine_state | sort) >"$log"
    processes_left >>"$log"
    if [[ -s $log ]]; then
        sed -i 's/^/error: left behind: /' "$log"
        status=1
    fi
    settle leftovers "$status" 0 "$log" "$counts"
}
